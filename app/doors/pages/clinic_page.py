"""The clinic as its admins set it up: its name and numbers, who is told when, its sites, red flags of its own."""

import json
from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from pydantic import JsonValue

from app.access.accounts.permissions import require
from app.alerts.flags import service as flags
from app.alerts.flags.schemas import RuleIn
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.languages.speaking import translated
from app.base.store.database import Database
from app.doors.pages.as_shown import ShownForm, require_as_shown
from app.doors.pages.entry_form import KINDS
from app.doors.pages.fields import Field, choice
from app.doors.pages.forms import checked, said_of
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, PageForm, Typed, faults_of, filled, taken
from app.record.patients import service as patients
from app.record.patients.sites import service as sites
from app.record.patients.sites.schemas import SiteChange, SiteIn
from app.work.clinic import service as clinics
from app.work.clinic.schemas import ClinicChange, ClinicOut, ColleagueOut

ADDRESS = "/clinic/settings"
router = APIRouter(prefix=ADDRESS, route_class=PageRoute, include_in_schema=False)
CHAIN = 3  # people to whom a flag is handed one after the other, as the form asks
NUMBERS = ("alarm_budget", "audit_days")
FLAGS = ("treating_teams",)


class SiteForm(ShownForm):
    """A site."""

    name: str | None = None
    address: str | None = None
    phone: str | None = None


class RuleForm(PageForm):
    """A red flag of the clinic's own."""

    kind: str | None = None
    least_severity: str | None = None
    advice: str | None = None


def fields_of(staff: list[ColleagueOut]) -> list[Field]:
    """What is set of a clinic."""
    people = [
        ("", translated("nobody")),
        *((str(one.id), f"{one.username}, {translated(one.role)}") for one in staff if not one.disabled),
    ]
    return [
        Field("name", "Name", required=True),
        Field("phone", "Phone", "tel", help="What patients are told to call when something frightens them."),
        Field("emergency_number", "Emergency number", help="Left empty: that of the country, else 112."),
        Field("jurisdiction", "Country, two letters", help="Such as CH. It decides which policy is asked by default."),
        Field("time_zone", "Time zone", help="Of the calendar. Such as Europe/Zurich; left empty: UTC."),
        Field("alarm_budget", "Flags that can wait, shown a week", "number", step="1", most="10000", help=BUDGET),
        *(
            Field(
                f"chain_{i}",
                ("Who gets a flag first", "Who gets a flag next", "Who gets a flag last")[i - 1],
                "select",
                choices=people,
                are_names=True,
            )
            for i in range(1, CHAIN + 1)
        ),
        choice("treating_teams", "Clinicians see only patients of their own team", values="no yes", default="no"),
        Field("audit_days", "Keep who saw what, days", "number", step="1", least="365", most="36500", help=KEPT),
    ]


BUDGET = "Left empty: no limit. What can't wait is never held back."
KEPT = "Left empty: for ever."


@router.get("")
async def clinic_page(visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """All of it."""
    return await _show(database, visitor, now=now)


@router.post("")
async def change(request: Request, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Changes what was changed on the page; what somebody else has changed meanwhile is not undone."""
    form = await request.form()
    typed = {name: str(value).strip() for name, value in form.items()}
    typed |= {name: typed[name].upper() for name in typed.keys() & {"jurisdiction"}}

    async def step() -> None:
        held = _typed_of(await clinics.read(database, visitor.caller, now))
        was = _read_back(typed.get("was", ""))
        changed = {name for name in held if typed.get(name, "") != was.get(name, held[name])}
        if any(held[name] != was.get(name, held[name]) for name in changed):
            raise Problem(412, "Somebody has changed this meanwhile. What you typed was not kept.")
        given = checked(ClinicChange, _body_of({name: typed.get(name, "") for name in held}, changed))
        await clinics.change(database, visitor.caller, given=given, now=now)

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, now=now, values=typed, problem=problem)

    return await taken(step(), ADDRESS, again)


def _typed_of(clinic: ClinicOut) -> dict[str, str]:
    """The clinic's settings as the form shows them."""
    names = ("name", "phone", "emergency_number", "jurisdiction", "time_zone", *NUMBERS)
    typed = {name: "" if getattr(clinic, name) is None else str(getattr(clinic, name)) for name in names}
    typed |= {name: "yes" if getattr(clinic, name) else "no" for name in FLAGS}
    chain = [str(one) for one in clinic.chain]
    return typed | {f"chain_{i + 1}": chain[i] if i < len(chain) else "" for i in range(CHAIN)}


def _read_back(text: str) -> dict[str, str]:
    """What the page was shown with, from its hidden field."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _body_of(typed: dict[str, str], changed: set[str]) -> dict[str, JsonValue]:
    body: dict[str, JsonValue] = {n: typed[n] or None for n in changed if not n.startswith("chain_")}
    body |= {name: int(typed[name]) for name in NUMBERS if name in changed and typed[name].isdecimal()}
    body |= {name: typed[name] == "yes" for name in FLAGS if name in changed}
    if any(name.startswith("chain_") for name in changed):
        named = [typed[f"chain_{i}"] for i in range(1, CHAIN + 1)]
        body["chain"] = cast("list[JsonValue]", [one for one in named if one])
    return body


@router.post("/sites")
async def add_site(
    form: Annotated[SiteForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now, once: SentOnceDep
) -> Response:
    """A new site."""

    async def step() -> None:
        await sites.add(database, visitor.caller, new=filled(SiteIn, form), once=once, now=now)

    return await _stepped(database, visitor, step(), now=now, typed=Typed("site", form))


@router.post("/sites/{site_id:uuid}")
async def change_site(
    site_id: UUID, form: Annotated[SiteForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Another name, address or number of a site."""

    async def step() -> None:
        await _check_site(database, visitor, form, site_id=site_id)
        given = SiteChange(name=form.name, address=form.address, phone=form.phone)
        await sites.change(database, visitor.caller, site_id=site_id, given=given, now=now)

    return await _stepped(database, visitor, step(), now=now, typed=Typed(f"site {site_id}", form))


@router.post("/sites/{site_id:uuid}/{what}")
async def close_site(
    site_id: UUID,
    what: str,
    form: Annotated[ShownForm, Form()],
    *,
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
) -> Response:
    """Closes a site, or opens it again."""
    if what not in ("close", "open"):
        raise Problem(404, "There is no such step.")

    async def step() -> None:
        await _check_site(database, visitor, form, site_id=site_id)
        given = SiteChange(closed=what == "close")
        await sites.change(database, visitor.caller, site_id=site_id, given=given, now=now)

    return await _stepped(database, visitor, step(), now=now)


async def _check_site(database: Database, visitor: Visitor, form: ShownForm, *, site_id: UUID) -> None:
    held = next((one for one in await sites.list_all(database, visitor.caller) if one.id == site_id), None)
    if held is not None:  # the step itself says where there is none
        require_as_shown(form.tag, held)


@router.post("/red-flags")
async def add_rule(
    form: Annotated[RuleForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now, once: SentOnceDep
) -> Response:
    """A red flag of the clinic's own."""

    async def step() -> None:
        severity = form.least_severity or ""
        more = {"least_severity": int(severity)} if severity.isdecimal() and len(severity) == 1 else {}
        await flags.add_rule(database, visitor.caller, new=filled(RuleIn, form, **more), once=once, now=now)

    return await _stepped(database, visitor, step(), now=now, typed=Typed("rule", form))


async def _stepped(
    database: Database, visitor: Visitor, step: Awaitable[object], *, now: datetime, typed: Typed = NOTHING_TYPED
) -> Response:
    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, now=now, typed=typed.after(problem), problem=problem)

    return await taken(step, ADDRESS, again)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    now: datetime,
    values: dict[str, str] | None = None,
    typed: Typed = NOTHING_TYPED,
    problem: Problem | None = None,
) -> Response:
    require(visitor.caller, "change_clinic")
    clinic = await clinics.read(database, visitor.caller, now)
    staff = await clinics.list_colleagues(database, visitor.caller)
    asked, shown = fields_of(staff), _typed_of(clinic)
    yours = values if problem is not None and problem.status == 412 else None
    if yours:  # what an old page holds would undo the new state
        values = None
    of_settings = typed is NOTHING_TYPED
    said = said_of(problem if of_settings else None, asked)
    return page(
        "clinic.html",
        visitor,
        200 if problem is None else problem.status,
        clinic=clinic,
        fields=asked,
        values=values or shown,
        yours=yours,
        was=json.dumps(shown),
        typed=typed,
        step_faults=[] if of_settings else faults_of(problem),
        sites=await sites.list_all(database, visitor.caller),
        rules=await flags.list_rules(database, visitor.caller),
        kinds=KINDS.split(),
        today=patients.today_of(clinic.time_zone or "UTC", now).isoformat(),
        **said,
    )
