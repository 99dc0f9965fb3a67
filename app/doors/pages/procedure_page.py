"""One procedure on one screen, and its picture for the page."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import select

from app.access.accounts.permissions import RULES
from app.alerts.flags.conditions import MISSED_FOR
from app.answers.eligibility.clinic_policies import known
from app.answers.eligibility.schemas import DEFAULT
from app.answers.eligibility.service import find
from app.answers.follow_up.routes import make as make_report
from app.answers.follow_up.service import follow_up
from app.answers.follow_up.typeset import Paper
from app.answers.pictures.collect import seen_in
from app.answers.pictures.description import in_words
from app.answers.pictures.routes import SAFE
from app.answers.pictures.service import picture, tag_of
from app.answers.pictures.spec import spec
from app.answers.pictures.style import Theme
from app.answers.verdicts import context
from app.answers.verdicts.context import Background
from app.answers.verdicts.schemas import Definition
from app.answers.verdicts.service import Question, kept, look_up, outcome, same_verdict
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.service import Once
from app.base.http.wire import RecentDay
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.record.contacts.schemas import ContactIn, ContactName
from app.record.contacts.service import CONTACT
from app.record.facts import service as facts
from app.record.patients.service import today_of
from app.rules.levels import spoken
from app.rules.plan import WINDOWS, Contact, contacts
from app.rules.policies import policies

router = APIRouter(prefix="/clinic/procedures/{procedure_id:uuid}", route_class=PageRoute, include_in_schema=False)
TIMES = {"before": "before", "weeks_6_8": "6 to 8 weeks", "months_3": "3 months", "months_6": "6 months",
         "months_12": "12 months", "now": "now"}  # fmt: skip
KnownOn = Annotated[RecentDay | None, Query(description="show what was known at the end of that day")]
SHOWN = {"returned": "returned", "returning": "returning", "no_relief": "no_relief", "relief": "relief"}


async def _about(
    database: Database,
    visitor: Visitor,
    procedure_id: UUID,
    known_on: date | None,
    definition: Definition,
    now: datetime,
) -> tuple[Background, date, bool]:
    """The background, the patient's today, and whether an earlier day is shown."""
    async with database.read() as connection:
        row = await look_up(connection, visitor.caller, procedure_id, definition)
    today = today_of(row.time_zone, now)
    past = known_on is not None and known_on < today
    question = Question(None, None, definition)
    if past and known_on is not None:
        on = max(known_on, row.performed_on)
        end = datetime.combine(on + timedelta(days=1), time(0), ZoneInfo(row.time_zone)).astimezone(UTC)
        question = Question(on, end, definition)
    return await context.read(database, visitor.caller, procedure_id, question, now), today, past


@router.get("")
async def procedure_page(
    procedure_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    known_on: KnownOn = None,
    definition: Definition = "half",
    policy: Annotated[str, Query(max_length=60)] = DEFAULT,
) -> Response:
    """The answer in ten seconds, and what it rests on."""
    about, today, past = await _about(database, visitor, procedure_id, known_on, definition, now)
    named = find(policy, await known(database, visitor.caller.clinic_id))
    told = follow_up(about, named, None).model_dump(mode="json", by_alias=True)
    query = f"definition={definition}" + (f"&known_on={about.as_of}" if past else "")
    mine = {c["contact"]: date.fromisoformat(c["done_on"]) for c in about.found.contacts
            if str(c["procedure_id"]) == str(procedure_id)}  # fmt: skip
    planned = contacts(about.performed_on, mine, today)
    seen = seen_in(about)
    role = visitor.caller.role
    shown: dict[str, Any] = {
        "told": told, "person": about.person, "base": f"/clinic/procedures/{procedure_id}", "query": query,
        "levels": spoken(about.own.get("joints") or []) or about.own["region"], "badge": SHOWN.get(told["phase"], ""),
        "past": past, "as_of": about.as_of, "today": today.isoformat(), "words": in_words(seen),
        "first_day": about.performed_on.isoformat(), "days": (today - about.performed_on).days,
        "day": (about.as_of - about.performed_on).days, "height": 480, "times": TIMES, "windows": WINDOWS,
        "kinds": list(dict.fromkeys(kind for m in told["milestones"] for kind in m["function"])),
        "contacts": [_plain(c) for c in planned],
        "callable": [c.contact for c in planned if _is_callable(c, today)],
        "others": await _others(database, about, procedure_id),
        "may_record": (role, "change_procedure") in RULES, "may_contact": (role, "record_contact") in RULES,
        "may_review": (role, "work_review") in RULES}  # fmt: skip
    return page("procedure.html", visitor, **shown)


def _is_callable(contact: Contact, today: date) -> bool:
    """Whether a contact can still be made: its window has begun, and is not long over."""
    return contact.state != "done" and contact.first_on <= today <= contact.last_on + timedelta(days=MISSED_FOR)


def _plain(contact: Any) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date) else value for name, value in vars(contact).items()}


async def _others(database: Database, about: Background, procedure_id: UUID) -> list[Any]:
    """The patient's other procedures with what was said of each; those of the site first."""
    query = (
        select(outcome, kept.c.says)
        .join(kept, same_verdict())
        .where(
            outcome.c.clinic_id == about.person.clinic_id,
            outcome.c.patient_id == about.person.id,
            outcome.c.definition == "half",
            outcome.c.procedure_id != procedure_id,
        )
    )
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(outcome.c.performed_on.desc()))).all()
    return sorted(rows, key=lambda row: row.region != about.own["region"])


@router.get("/picture.svg")
async def page_picture(
    procedure_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    known_on: KnownOn = None,
    definition: Definition = "half",
    theme: Theme = "light",
) -> Response:
    """The picture as a drawing, for a page without script."""
    about, _, _ = await _about(database, visitor, procedure_id, known_on, definition, now)
    headers = {"ETag": tag_of(about.tag, "svg", theme), "Cache-Control": "private, no-cache", **SAFE}
    return Response(await picture(about, "svg", theme), media_type="image/svg+xml", headers=headers)


@router.get("/picture.json")
async def page_chart(
    procedure_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    known_on: KnownOn = None,
    definition: Definition = "half",
    theme: Theme = "light",
) -> Response:
    """The picture as a specification, for the page's own chart."""
    about, _, _ = await _about(database, visitor, procedure_id, known_on, definition, now)
    return JSONResponse(spec(seen_in(about), theme, interactive=True), headers={"Cache-Control": "private, no-cache"})


@router.get("/report.pdf")
async def page_report(
    procedure_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now, paper: Paper = "a4"
) -> Response:
    """The report, as the API gives it."""
    about, _, _ = await _about(database, visitor, procedure_id, None, "half", now)
    made = await make_report(about, policies()[DEFAULT], None, paper)
    return Response(
        made, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="report.pdf"'}
    )


@router.post("/contacts")
async def made_contact(
    procedure_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now, contact: Annotated[ContactName, Form()]
) -> Response:
    """Records that a follow-up contact was made today."""
    async with database.read() as connection:
        row = await look_up(connection, visitor.caller, procedure_id, "half")
    new = ContactIn(procedure_id=procedure_id, contact=contact, done_on=today_of(row.time_zone, now))
    await facts.create(database, visitor.caller, CONTACT, row.patient_id, new, Once(None, ""), now)
    return RedirectResponse(f"/clinic/procedures/{procedure_id}", 303)
