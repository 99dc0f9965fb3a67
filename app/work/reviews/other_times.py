"""The times to which a patient may move an appointment by themselves: free, alike, and not at once."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.problems import Problem
from app.base.store.typed import col, table, whole
from app.record.patients.service import today_of
from app.record.patients.tables import Patient
from app.rules.parameters import LATE_WITHIN, OWN_MOVES
from app.work.calendar import waiting
from app.work.calendar.booked import Booked
from app.work.calendar.clashes import find_clash, needed_by
from app.work.calendar.tables import Appointment, Slot
from app.work.reviews.tables import Review

patient, review = table(Patient), table(Review)
A_DAY, MOST_SHOWN = 3, 30
MOST_TRIED = 90  # alike and free, of which it is asked whether the patient could have them


async def other_times(
    connection: AsyncConnection, one: Booked, now: datetime, *, only: UUID | None = None
) -> list[Slot]:
    """Free slots with the same clinician and device, of the same kind and length, the next first, some of each day.

    None begins so soon that the clinic could not prepare for it (`LATE_WITHIN`), or at a time at which the patient, the room
    or the device has something else. For a review, none lies outside of the payer's authorisation or before the day that was
    booked: whether the payer's least interval is over was judged for that day. An earlier one comes by the waiting list.

    Args:
        only: this slot, or none.
    """
    zone = select(col(Patient.time_zone)).where(
        col(Patient.clinic_id) == one.clinic_id, col(Patient.id) == one.patient_id
    )
    theirs = (await connection.execute(zone)).scalar_one()
    of, booked_on = await _review(connection, one), today_of(theirs, one.starts_at)
    alike: list[ColumnElement[bool]] = [
        col(Slot.kind) == one.kind,
        col(Slot.clinician_id) == one.clinician_id,
        col(Slot.minutes) == one.minutes,
        col(Slot.device).is_(None) if one.device is None else col(Slot.device) == one.device,
    ]
    if only is not None:
        alike.append(col(Slot.id) == only)
    found: list[Slot] = []
    days: dict[object, int] = {}
    for slot in (await waiting.free_slots(connection, one.clinic_id, now + LATE_WITHIN, *alike))[:MOST_TRIED]:
        on = today_of(theirs, slot.starts_at)
        barred = of is not None and (on < booked_on or not of.is_authorised(on))
        if barred or days.get(on, 0) == A_DAY or len(found) == MOST_SHOWN:
            continue
        if await find_clash(connection, needed_by(slot, one.patient_id)) is None:
            days[on] = days.get(on, 0) + 1
            found.append(slot)
    return found


async def check_own_move(connection: AsyncConnection, one: Booked, *, slot_id: UUID, now: datetime) -> None:
    """Refuses (409) a slot to which a patient may not move an appointment, and more moves than anybody needs."""
    theirs = and_(col(Appointment.clinic_id) == one.clinic_id, col(Appointment.patient_id) == one.patient_id)
    lately = select(func.count()).where(theirs, col(Appointment.created_at) > now - timedelta(days=1))
    if (await connection.execute(lately)).scalar_one() > OWN_MOVES:
        raise Problem(409, "The appointment was moved several times today. Please call the clinic.")
    if not await other_times(connection, one, now, only=slot_id):
        raise Problem(409, "The appointment can't be moved to that time, or no longer. Please choose another one.")


async def _review(connection: AsyncConnection, one: Booked) -> Review | None:
    if one.review_id is None:
        return None
    this = and_(col(Review.clinic_id) == one.clinic_id, col(Review.id) == one.review_id)
    found = (await connection.execute(select(review).where(this))).first()
    return None if found is None else whole(Review, found)
