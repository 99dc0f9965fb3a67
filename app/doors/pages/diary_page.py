"""A patient's diary: a month at a glance, each day in full with what was written before, and a day written by the staff."""

from calendar import Calendar
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.access.accounts.permissions import RULES, require
from app.access.audit import service as audit
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem, bad_field
from app.base.http.wire import Day
from app.base.languages.speaking import translated
from app.base.store.database import Database
from app.doors.pages.diary_words import parts_of, scores
from app.doors.pages.entry_form import (
    PainSite,
    body_of,
    day_fields,
    effect_rows,
    field_of,
    medicine_rows,
    pain_fields,
    rows_of,
    typed_of,
)
from app.doors.pages.fields import Field
from app.doors.pages.forms import checked, said_of
from app.doors.pages.hub import hub_page
from app.doors.pages.rendering import PageRoute
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import SHOWN, DeleteForm, filled, problem_of
from app.record.diary import service as diary
from app.record.diary.schemas import EntryIn
from app.record.diary.service import DayEntry
from app.record.diary.tables import DiaryRevision
from app.record.facts import service as facts
from app.record.patients import service as patients
from app.record.patients.service import Person, today_of
from app.record.procedures.service import PROCEDURE
from app.rules.words import SIDE_OF
from app.work.calendar.schemas import ReasonIn
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic/patients/{patient_id:uuid}/diary", route_class=PageRoute, include_in_schema=False)
NONE_OF = (Field("no_medicine", "No medicine was taken"), Field("no_effect", "No side effect"))
MONTH = r"^(19[9]\d|20\d\d)-(0[1-9]|1[0-2])$"
SIDES: dict[str, tuple[str, ...]] = {"left": ("left",), "right": ("right",), "both": ("left", "right")}


@router.get("")
async def month_page(
    patient_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    month: Annotated[str | None, Query(pattern=MONTH)] = None,
) -> Response:
    """A month: its days as a calendar, and each entry in words."""
    async with database.read() as connection:
        person = await patients.find(connection, visitor.caller, patient_id=patient_id)
    today = today_of(person.time_zone, now)
    first = today.replace(day=1) if month is None else date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    found, _ = await diary.read_range(
        database,
        visitor.caller,
        patient_id=patient_id,
        first=first,
        last=last,
        limit=31,
        as_known_on=None,
        now=now,
    )
    by_day = {one.date: one for one in found}
    told: dict[str, object] = {
        "first": first,
        "today": today,
        "weeks": Calendar().monthdatescalendar(first.year, first.month),
        "scores": {on: scores(one.content) or translated("noted") for on, one in by_day.items()},
        "flares": {on for on, one in by_day.items() if one.content.get("flare_up")},
        "days": [(one.date, parts_of(one.content, one.opioid_mme)) for one in reversed(found)],
        "before": f"{first - timedelta(days=1):%Y-%m}" if first.year > 1990 else None,
        "after": f"{last + timedelta(days=1):%Y-%m}" if last < today else None,
        "newest": None if found else await _newest(database, person),
        "may_write": (visitor.caller.role, "write_diary") in RULES,
    }
    return await hub_page(database, visitor, "diary.html", person=person, tab="diary", now=now, told=told)


async def _newest(database: Database, person: Person) -> date | None:
    """The day of the last entry, for a month that has none."""
    async with database.read() as connection:
        found = await diary.entries(connection, person.clinic_id, person.id)
    return found[-1].date if found else None


@router.get("/{on}")
async def day_page(patient_id: UUID, on: Day, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """A day: what it says, everything that was ever written about it, and the form."""
    return await _day(database, visitor, patient_id=patient_id, on=on, now=now)


@router.post("/{on}")
async def write_day(
    patient_id: UUID, on: Day, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Writes the entry of a day for the patient: part by part, beside what others have written since in other parts."""
    require(visitor.caller, "write_diary")
    form = await request.form()
    typed = {name: str(value).strip() for name, value in form.items()}
    held = await _held(database, visitor, patient_id, on=on)
    try:
        if held is not None and not typed.get("tag"):  # the form was shown when the day was empty
            raise Problem(412, "The day has an entry by now.")
        body = body_of(typed, {} if held is None else held.content)
        for none, part in (("no_medicine", "medications"), ("no_effect", "side_effects")):
            if typed.get(none) and body.get(part):
                raise bad_field(f"/{none}", "is ticked, and one is written down all the same")
        entry = checked(EntryIn, {**body, "based_on": _revision(typed.get("based_on", ""))})
        await diary.put(
            database,
            visitor.caller,
            patient_id=patient_id,
            on=on,
            entry=entry,
            if_match=typed.get("tag") or None,
            now=now,
        )
    except Problem as problem:
        if problem.status not in SHOWN:
            raise
        return await _day(database, visitor, patient_id=patient_id, on=on, now=now, typed=typed, problem=problem)
    return RedirectResponse(f"/clinic/patients/{patient_id}/diary/{on}", 303)


def _revision(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


@router.post("/{on}/delete")
async def delete_day(
    patient_id: UUID, on: Day, form: Annotated[DeleteForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Deletes the entry of a day, with the reason; what was written stays in its history."""

    async def step() -> None:
        why = filled(ReasonIn, form)
        await diary.delete(
            database, visitor.caller, patient_id=patient_id, on=on, if_match=form.tag, reason=why.reason, now=now
        )

    problem = await problem_of(step())
    if problem is not None:
        return await _day(
            database, visitor, patient_id=patient_id, on=on, now=now, delete_reason=form.reason or "", problem=problem
        )
    return RedirectResponse(f"/clinic/patients/{patient_id}/diary/{on}", 303)


async def _held(database: Database, visitor: Visitor, patient_id: UUID, *, on: date) -> DayEntry | None:
    async with database.read() as connection:
        person = await patients.find(connection, visitor.caller, patient_id=patient_id)
        found = await diary.entries(connection, person.clinic_id, person.id, first=on, last=on)
    return found[0] if found else None


async def _day(
    database: Database,
    visitor: Visitor,
    *,
    patient_id: UUID,
    on: date,
    now: datetime,
    typed: dict[str, str] | None = None,
    delete_reason: str = "",
    problem: Problem | None = None,
) -> Response:
    caller = visitor.caller
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        treated = await facts.of_patient(connection, person.clinic_id, patient_id=person.id, kinds=[PROCEDURE])
    held = await _held(database, visitor, patient_id, on=on)
    revisions, proxies = await _revisions(database, visitor, patient_id, on=on, now=now)
    content = {} if held is None else held.content
    yours = typed if typed is not None and problem is not None and problem.status == 412 else {}
    if yours:  # what an old page holds would undo the new state
        typed = None
    sites: list[PainSite] = [(one["region"], one["side"]) for one in content.get("pain", [])]
    for one in treated.of(PROCEDURE):
        sites += [(one.body.region, side) for side in SIDES[SIDE_OF[one.body.laterality]]]
    medicines, effects = rows_of(content)
    rows = [*medicine_rows(medicines), *effect_rows(effects)]
    asked = [*pain_fields(_distinct(sites)), *day_fields(), *(one for row in rows for one in row), *NONE_OF]
    told: dict[str, object] = {
        "on": on,
        "past": on <= today_of(person.time_zone, now),
        "parts": None if held is None else parts_of(held.content, held.opioid_mme),
        "received_at": None if held is None else held.received_at,
        "based_on": 0 if held is None else held.revision,
        "tag": "" if held is None else diary.entry_tag(person.clinic_id, person.id, on, number=held.revision),
        "revisions": [(one, parts_of(one.content or {}, one.opioid_mme)) for one in reversed(revisions)],
        "proxies": proxies,
        "staff": {one.id: one.username for one in await clinics.list_colleagues(database, caller)},
        "pains": pain_fields(_distinct(sites)),
        "fields": day_fields(),
        "medicines": medicine_rows(medicines),
        "effects": effect_rows(effects),
        "values": typed_of(content) if typed is None else typed,
        "yours": yours,
        "delete_reason": delete_reason,
        **said_of(problem, asked, partial(field_of, typed=typed or {})),
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1) if on < today_of(person.time_zone, now) else None,
        "may_write": (caller.role, "write_diary") in RULES,
        "today": today_of(person.time_zone, now).isoformat(),
    }
    status = 200 if problem is None else problem.status
    return await hub_page(
        database, visitor, "diary_day.html", person=person, tab="diary", now=now, status=status, told=told
    )


async def _revisions(
    database: Database, visitor: Visitor, patient_id: UUID, *, on: date, now: datetime
) -> tuple[list[DiaryRevision], set[UUID]]:
    """Everything that was ever written about the day; nothing where it is nothing."""
    try:
        return await diary.read_revisions(database, visitor.caller, patient_id=patient_id, on=on, now=now)
    except Problem as problem:
        if problem.status != 404:
            raise
        await audit.record_read(database, visitor.caller, resource="diary", patient_id=patient_id, now=now)
        return [], set()


def _distinct(sites: list[PainSite]) -> list[PainSite]:
    return list(dict.fromkeys(sites)) or [("lumbar", "both")]
