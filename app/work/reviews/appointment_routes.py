"""The routes of appointments that their reviews follow."""

from uuid import UUID

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.work.calendar.schemas import AppointmentOut, AttendanceIn, MoveIn, OtherTimeOut, ReasonIn
from app.work.reviews import appointments, offers
from app.work.reviews.attendance import attend

router = APIRouter(prefix="/v1", tags=["calendar"])


@router.post("/appointments/{appointment_id}/cancel", responses=problems(403, 404, 409, 413))
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
    """Moves an appointment to another slot, and its review with it: one is freed and the other booked, or neither.

    Patients may, too, to one of its `other_times`.
    """
    row = await appointments.move(
        database,
        caller,
        appointment_id=appointment_id,
        slot_id=given.slot_id,
        reason=given.reason,
        overrule=given.overrule,
        now=now,
    )
    return AppointmentOut.model_validate(row)


@router.get("/appointments/{appointment_id}/other_times", responses=problems(403, 404, 409))
async def list_other_times(
    appointment_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now
) -> Page[OtherTimeOut]:
    """The times to which the patient may move an appointment, at most three a day and thirty in all.

    They are free, from a day ahead on, with the same clinician, and alike; for a review not before the day that was booked.
    """
    found = await appointments.times_for(database, caller, appointment_id=appointment_id, now=now)
    return Page(
        items=[
            OtherTimeOut(
                slot_id=one.id, starts_at=one.starts_at, minutes=one.minutes, location=one.location, room=one.room
            )
            for one in found
        ]
    )


@router.post("/appointments/{appointment_id}/attendance", responses=problems(403, 404, 409, 413))
async def record_attendance(
    appointment_id: UUID, given: AttendanceIn, caller: CallerDep, database: DatabaseDep, now: Now
) -> AppointmentOut:
    """Records that the patient has arrived, that it is done, or that nobody came: then its review is to be booked again."""
    row = await attend(database, caller, appointment_id=appointment_id, what=given.step, note=given.note, now=now)
    return AppointmentOut.model_validate(row)


@router.post("/waiting/{waiting_id}/accept", responses=problems(403, 404, 409))
async def accept_offer(waiting_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> AppointmentOut:
    """Books the freed slot that is offered to a waiting patient, with the review that has none yet."""
    row = await offers.accept(database, caller, waiting_id=waiting_id, now=now)
    return AppointmentOut.model_validate(row)
