"""One appointment: its steps, and what can be done with it."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.doors.pages.as_shown import ShownForm, require_as_shown, tag_of
from app.doors.pages.patient_pages import page_of
from app.doors.pages.rendering import PageRoute
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, Typed, faults_of, filled, problem_of, taken
from app.record.patients import service as patients
from app.rules.appointments import AppointmentStep, after
from app.rules.parameters import ARRIVES_FROM
from app.work.calendar import service, slots
from app.work.calendar.booked import Booked
from app.work.calendar.presence import overtaken_by
from app.work.calendar.schemas import AttendanceIn, MoveIn, ReasonIn
from app.work.clinic import service as clinics
from app.work.reviews import appointments
from app.work.reviews.attendance import attend

router = APIRouter(prefix="/clinic/appointments", route_class=PageRoute, include_in_schema=False)
AHEAD = timedelta(days=120)  # how far a free slot is offered for a move


class CancelAppointmentForm(ShownForm):
    """Why an appointment is cancelled."""

    reason: str | None = None


class MoveForm(CancelAppointmentForm):
    """Where an appointment goes, and why; and why an admin accepts a clash."""

    slot_id: str | None = None
    overrule: str | None = None


class AttendanceForm(ShownForm):
    """What became of an appointment."""

    step: str | None = None
    note: str | None = None


@router.get("/{appointment_id:uuid}")
async def appointment_page(appointment_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """One appointment, its steps, and what can be done with it."""
    return await _show(database, visitor, appointment_id=appointment_id, now=now, problem=None)


@router.post("/{appointment_id:uuid}/confirm")
async def confirm(
    appointment_id: UUID, form: Annotated[ShownForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Records that the patient will come."""

    async def step() -> None:
        await _check_shown(database, visitor, form, appointment_id=appointment_id, now=now)
        await service.confirm(database, visitor.caller, appointment_id=appointment_id, now=now)

    return await _taken(step(), database, visitor=visitor, appointment_id=appointment_id, now=now)


@router.post("/{appointment_id:uuid}/cancel")
async def cancel(
    appointment_id: UUID,
    form: Annotated[CancelAppointmentForm, Form()],
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
) -> Response:
    """Cancels the appointment."""

    async def step() -> None:
        await _check_shown(database, visitor, form, appointment_id=appointment_id, now=now)
        why = filled(ReasonIn, form)
        await appointments.cancel(database, visitor.caller, appointment_id=appointment_id, reason=why.reason, now=now)

    typed = Typed("cancel", form)
    return await _taken(step(), database, visitor=visitor, appointment_id=appointment_id, now=now, typed=typed)


@router.post("/{appointment_id:uuid}/move")
async def move(
    appointment_id: UUID, form: Annotated[MoveForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Moves the appointment to another slot, and leads to the new one."""
    leads_to = appointment_id

    async def step() -> None:
        nonlocal leads_to
        await _check_shown(database, visitor, form, appointment_id=appointment_id, now=now)
        to = filled(MoveIn, form)
        leads_to = (
            await appointments.move(
                database,
                visitor.caller,
                appointment_id=appointment_id,
                slot_id=to.slot_id,
                reason=to.reason,
                overrule=to.overrule,
                now=now,
            )
        ).id

    problem = await problem_of(step())
    if problem is not None:
        typed = Typed("move", form).after(problem)
        return await _show(database, visitor, appointment_id=appointment_id, now=now, problem=problem, typed=typed)
    return RedirectResponse(f"/clinic/appointments/{leads_to}", 303)


@router.post("/{appointment_id:uuid}/attendance")
async def attendance(
    appointment_id: UUID, form: Annotated[AttendanceForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Records that the patient arrived, that it is done, or that nobody came."""

    async def step() -> None:
        await _check_shown(database, visitor, form, appointment_id=appointment_id, now=now)
        said = filled(AttendanceIn, form)
        await attend(database, visitor.caller, appointment_id=appointment_id, what=said.step, note=said.note, now=now)

    typed = Typed("attendance", form)
    return await _taken(step(), database, visitor=visitor, appointment_id=appointment_id, now=now, typed=typed)


async def _check_shown(
    database: Database, visitor: Visitor, form: ShownForm, *, appointment_id: UUID, now: datetime
) -> None:
    booked = await service.read(database, visitor.caller, appointment_id=appointment_id, now=now)
    require_as_shown(form.tag, booked.version)


async def _taken(
    step: Awaitable[object],
    database: Database,
    *,
    visitor: Visitor,
    appointment_id: UUID,
    now: datetime,
    typed: Typed = NOTHING_TYPED,
) -> Response:
    """Takes a step; an error is shown on the same page, with what was typed."""

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(
            database, visitor, appointment_id=appointment_id, now=now, problem=problem, typed=typed.after(problem)
        )

    return await taken(step, f"/clinic/appointments/{appointment_id}", again)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    appointment_id: UUID,
    now: datetime,
    problem: Problem | None,
    typed: Typed = NOTHING_TYPED,
) -> Response:
    caller = visitor.caller
    zone = (await clinics.read(database, caller, now)).time_zone or "UTC"
    booked = await service.read(database, caller, appointment_id=appointment_id, now=now)
    person = await patients.read(database, caller, patient_id=booked.patient_id, now=now)
    async with database.read() as connection:
        away = await overtaken_by(connection, booked.clinic_id, appointment_id=booked.id, now=now)
        others = await service.others_of(connection, booked)
    free, _ = await slots.list_slots(
        database, caller, first=now, last=now + AHEAD, free=True, kind=booked.kind, limit=200, cursor=None
    )
    told: dict[str, object] = {
        "row": booked,
        "tag": tag_of(booked.version),
        "staff": await clinics.staff_names(database, caller),
        "zone": zone,
        "away": away,
        "went_to": [one for one in others if one.created_at == booked.moved_at],
        "came_from": [one for one in others if one.moved_at == booked.created_at],
        "slots": free,
        "faults": faults_of(problem),
        "typed": typed,
        "base": f"/clinic/appointments/{appointment_id}",
        "may": [what for what in get_args(AppointmentStep) if _makes_sense(booked, what, now)],
        "may_overrule": caller.role == "admin",
    }
    status = 200 if problem is None else problem.status
    return await page_of(database, visitor, "appointment.html", person=person, now=now, status=status, told=told)


def _makes_sense(booked: Booked, what: AppointmentStep, now: datetime) -> bool:
    """Whether a step is offered: it leads somewhere else, and its time has come, or has not passed."""
    if after(booked.state, what) in (None, booked.state):
        return False
    if what in ("confirm", "cancel"):
        return now < booked.starts_at
    if what == "undo":
        return True
    return now >= (booked.starts_at - ARRIVES_FROM if what == "arrive" else booked.starts_at)
