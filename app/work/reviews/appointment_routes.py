"""The routes of appointments that their reviews follow."""

from uuid import UUID

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.work.calendar.schemas import AppointmentOut, MoveIn, ReasonIn
from app.work.reviews import appointments

router = APIRouter(prefix="/v1", tags=["calendar"])


@router.post("/appointments/{appointment_id}/cancel", responses=problems(403, 404, 413))
async def cancel_appointment(
    appointment_id: UUID, given: ReasonIn, caller: CallerDep, database: DatabaseDep, now: Now
) -> AppointmentOut:
    """Cancels an appointment with a reason and frees its slot; its review is to be booked again. Patients may, too."""
    row = await appointments.cancel(database, caller, appointment_id=appointment_id, reason=given.reason, now=now)
    return AppointmentOut.model_validate(row)


@router.post("/appointments/{appointment_id}/move", responses=problems(403, 404, 409, 413))
async def move_appointment(
    appointment_id: UUID, given: MoveIn, caller: CallerDep, database: DatabaseDep, now: Now
) -> AppointmentOut:
    """Moves an appointment to another slot, and its review with it: one is freed and the other booked, or neither."""
    row = await appointments.move(
        database, caller, appointment_id=appointment_id, slot_id=given.slot_id, reason=given.reason, now=now
    )
    return AppointmentOut.model_validate(row)
