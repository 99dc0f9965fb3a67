"""What goes to and comes from other systems: webhooks with what became of each message, and keys of machines."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.access.lifecycle import keys
from app.access.lifecycle.schemas import ApiKeyIn, ApiKeyMadeOut, Scope
from app.alerts.messages import service as messages
from app.alerts.messages.outbox import Topic
from app.alerts.messages.schemas import WebhookIn, WebhookOut
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.idempotency.service import Answer
from app.base.http.problems import Problem
from app.base.languages.speaking import say
from app.base.store.database import Database
from app.doors.pages.forms import checked
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import faults_of, taken
from app.work.clinic import service as clinics

ADDRESS = "/clinic/webhooks"
router = APIRouter(prefix=ADDRESS, route_class=PageRoute, include_in_schema=False)
PAGE = 50
STATES = ("waiting", "sent", "dead")


@router.get("")
async def machines_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    state: Annotated[str, Query(max_length=10)] = "",
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Webhooks, the newest messages, keys."""
    return await _show(database, visitor, now=now, state=state, cursor=cursor)


@router.post("")
async def add_webhook(
    request: Request, visitor: WriterDep, database: DatabaseDep, settings: SettingsDep, now: Now, once: SentOnceDep
) -> Response:
    """Adds a webhook; its secret is shown this once."""
    form = await request.form()
    made: list[Answer] = []

    async def step() -> None:
        topics = [str(one) for one in form.getlist("topics")]
        new = checked(WebhookIn, {"url": str(form.get("url", "")).strip(), "topics": topics or None})
        made.append(
            await messages.add_webhook(database, visitor.caller, settings=settings, new=new, once=once, now=now)
        )

    typed = {"url": str(form.get("url", "")), "topics": " ".join(str(one) for one in form.getlist("topics"))}
    answer = await _stepped(database, visitor, step(), now=now, typed=typed)
    if not made:
        return answer
    told = WebhookOut.model_validate(made[0].body)
    return _shown_once(
        visitor, "A webhook", what=say("Signs what is sent to {address}", address=told.shown), secret=told.secret or ""
    )


@router.post("/{address_id:uuid}/remove")
async def remove_webhook(address_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Takes a webhook away, with its deliveries."""
    step = messages.remove_webhook(database, visitor.caller, address_id=address_id, now=now)
    return await _stepped(database, visitor, step, now=now)


@router.post("/deliveries/{delivery_id:uuid}/replay")
async def replay(delivery_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Sends a dead letter again."""
    step = messages.replay_one(database, visitor.caller, delivery_id=delivery_id, now=now)
    return await _stepped(database, visitor, step, now=now)


@router.post("/keys")
async def make_key(
    request: Request, visitor: WriterDep, database: DatabaseDep, now: Now, once: SentOnceDep
) -> Response:
    """A key for a machine, shown this once."""
    form = await request.form()
    typed = {name: str(form.get(name, "")).strip() for name in ("name", "days", "account_id")}
    typed["scopes"] = " ".join(str(one) for one in form.getlist("scopes"))
    made: list[Answer] = []

    async def step() -> None:
        days: object = int(typed["days"]) if typed["days"].isdecimal() and len(typed["days"]) < 5 else typed["days"]
        body = {
            "name": typed["name"],
            "days": days,
            "scopes": [str(one) for one in form.getlist("scopes")],
            "account_id": typed["account_id"] or None,
        }
        made.append(await keys.make(database, visitor.caller, new=checked(ApiKeyIn, body), once=once, now=now))

    answer = await _stepped(database, visitor, step(), now=now, typed=typed)
    if not made:
        return answer
    told = ApiKeyMadeOut.model_validate(made[0].body)
    return _shown_once(
        visitor, "A key for a machine", what=say("Sent as a bearer token by {name}", name=told.name), secret=told.key
    )


@router.post("/keys/{key_id:uuid}/end")
async def end_key(key_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Ends a key at once."""
    return await _stepped(database, visitor, keys.end(database, visitor.caller, key_id=key_id, now=now), now=now)


def _shown_once(visitor: Visitor, title: str, *, what: str, secret: str) -> Response:
    return page("secret.html", visitor, title=title, what=what, secret=secret, back=ADDRESS)


async def _stepped(
    database: Database,
    visitor: Visitor,
    step: Awaitable[object],
    *,
    now: datetime,
    typed: dict[str, str] | None = None,
) -> Response:
    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, now=now, typed=typed, problem=problem)

    return await taken(step, ADDRESS, again)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    now: datetime,
    state: str = "",
    cursor: str | None = None,
    typed: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    caller = visitor.caller
    wanted = state if state in STATES else None
    found, older = await messages.list_deliveries(database, caller, state=wanted, limit=PAGE, cursor=cursor)
    staff = await clinics.list_colleagues(database, caller)
    return page(
        "machines.html",
        visitor,
        200 if problem is None else problem.status,
        webhooks=await messages.list_webhooks(database, caller),
        topics=get_args(Topic),
        deliveries=found,
        older=older,
        state=wanted or "",
        states=STATES,
        keys=await keys.list_all(database, caller, now),
        scopes=get_args(Scope),
        staff=staff,
        names={one.id: one.username for one in staff},
        zone=(await clinics.read(database, caller, now)).time_zone or "UTC",
        typed=typed or {},
        now=now,
        faults=faults_of(problem),
    )
