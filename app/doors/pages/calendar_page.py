"""The calendar: a week of slots with who has booked them, new slots, appointments, and who waits for one."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.service import Once
from app.base.http.problems import Problem, field_problems
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.work.calendar import service, waiting
from app.work.calendar.schemas import AppointmentIn, MoveIn, ReasonIn, SlotIn, WaitingIn
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
DAY = Annotated[date | None, Query(alias="from")]
ONCE = Once(None, "")
AHEAD = timedelta(days=120)  # how far a free slot is offered for a move


@router.get("/calendar")
async def calendar_page(visitor: VisitorDep, database: DatabaseDep, now: Now, first: DAY = None) -> Response:
    """A week, beginning with its Monday."""
    return await _show(database, visitor, now, first, None)


@router.post("/calendar/{what}")
async def change_calendar(
    what: str, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now, first: DAY = None
) -> Response:
    """Adds slots, puts somebody on the waiting list, books for her or takes her off; a fault is said on the same page."""
    form = {k: str(v).strip() for k, v in (await request.form()).items() if str(v).strip()}
    caller = visitor.caller
    try:
        if what == "slots":
            zone = (await clinics.read(database, caller, now))["time_zone"] or "UTC"
            await service.add_slots(database, caller, _slot(form, zone), ONCE, now)
        elif what == "wait":
            await waiting.add(database, caller, WaitingIn.model_validate(_kept(form, WaitingIn)), ONCE, now)
        elif what == "book":
            await service.add_appointment(
                database, caller, AppointmentIn.model_validate(_kept(form, AppointmentIn)), ONCE, now
            )
        elif what == "withdraw":
            await waiting.withdraw(database, caller, UUID(form.get("waiting_id", "")), now)
        else:
            raise Problem(404, "There is no such step.")
    except ValidationError as error:
        found = field_problems(error.errors(include_input=False, include_url=False), "body")
        return await _show(database, visitor, now, first, Problem(422, "", found))
    except ValueError:
        return await _show(database, visitor, now, first, Problem(422, "The form is not right."))
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _show(database, visitor, now, first, problem)
    return RedirectResponse(f"/clinic/calendar?from={first}" if first else "/clinic/calendar", 303)


@router.get("/appointments/{appointment_id:uuid}")
async def appointment_page(appointment_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """One appointment, its steps, and what can be done with it."""
    return await _show_appointment(database, visitor, appointment_id, now, None)


@router.post("/appointments/{appointment_id:uuid}/{step}")
async def take_step(
    appointment_id: UUID, step: str, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Confirms, moves or cancels an appointment."""
    form = {k: str(v).strip() for k, v in (await request.form()).items() if str(v).strip()}
    caller, leads_to = visitor.caller, appointment_id
    try:
        if step == "confirm":
            await service.confirm(database, caller, appointment_id, now)
        elif step == "cancel":
            why = ReasonIn.model_validate(_kept(form, ReasonIn))
            await service.cancel(database, caller, appointment_id, why.reason, now)
        elif step == "move":
            to = MoveIn.model_validate(_kept(form, MoveIn))
            leads_to = (await service.move(database, caller, appointment_id, to.slot_id, to.reason, now)).id
        else:
            raise Problem(404, "There is no such step.")
    except ValidationError as error:
        found = field_problems(error.errors(include_input=False, include_url=False), "body")
        return await _show_appointment(database, visitor, appointment_id, now, Problem(422, "", found))
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return await _show_appointment(database, visitor, appointment_id, now, problem)
    return RedirectResponse(f"/clinic/appointments/{leads_to}", 303)


async def _show(
    database: Database, visitor: Visitor, now: datetime, first: date | None, problem: Problem | None
) -> Response:
    caller = visitor.caller
    own = await clinics.read(database, caller, now)
    zone = own["time_zone"] or "UTC"
    today = today_of(zone, now)
    day = first or today
    monday = day - timedelta(days=day.weekday())
    begin, end = (_midnight(monday + timedelta(days=d), zone) for d in (0, 7))
    slots = await service.agenda(database, caller, begin, end, now)
    for one in slots:
        one["local"] = one["starts_at"].astimezone(ZoneInfo(zone))
    days = [(on, list(some)) for on, some in groupby(slots, key=lambda one: one["local"].date())]
    people = await waiting.list_waiting(database, caller, None, now)
    colleagues = await clinics.list_colleagues(database, caller)
    return page(
        "calendar.html", visitor, 200 if problem is None else problem.status, days=days, monday=monday, zone=zone,
        today=today, before=monday - timedelta(days=7), after=monday + timedelta(days=7), people=people,
        faults=_faults(problem),        clinicians=[c for c in colleagues if c.role == "clinician"], now=now,
        free=sum(1 for one in slots if one["booking"] is None and one["starts_at"] > now))  # fmt: skip


async def _show_appointment(
    database: Database, visitor: Visitor, appointment_id: UUID, now: datetime, problem: Problem | None
) -> Response:
    caller = visitor.caller
    zone = (await clinics.read(database, caller, now))["time_zone"] or "UTC"
    async with database.read() as connection:
        row = await service.find(connection, caller, appointment_id, "read")
        person = await patients.find(connection, caller, row.patient_id)
    free, _ = await service.list_slots(database, caller, now, now + AHEAD, True, 200, None)
    return page(
        "appointment.html", visitor, 200 if problem is None else problem.status, row=row, person=person, zone=zone,
        slots=free, faults=_faults(problem), base=f"/clinic/appointments/{appointment_id}",
        over=row.starts_at <= now)  # fmt: skip


def _slot(form: dict[str, str], zone: str) -> SlotIn:
    """A slot as the form gives it: day and time by the clinic's clocks, and how many weeks it repeats."""
    at = datetime.combine(
        date.fromisoformat(form.get("on", "")), time.fromisoformat(form.get("at", "")), ZoneInfo(zone)
    )
    weeks = int(form.get("weeks", "1"))
    body: dict[str, Any] = {**_kept(form, SlotIn), "starts_at": at, "minutes": int(form.get("minutes", "0"))}
    if weeks != 1:
        body |= {"repeats": f"FREQ=WEEKLY;COUNT={weeks}", "time_zone": zone}
    return SlotIn.model_validate(body)


def _kept(form: dict[str, str], model: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {name: form[name] for name in model.model_fields if name in form}
    return kept | ({"minutes": int(form["minutes"])} if "minutes" in kept else {})


def _midnight(on: date, zone: str) -> datetime:
    return datetime.combine(on, time(0), ZoneInfo(zone)).astimezone(UTC)


def _faults(problem: Problem | None) -> list[str]:
    if problem is None:
        return []
    return [f"{e.pointer.strip('/')}: {e.detail}" for e in problem.errors] or [problem.detail]
