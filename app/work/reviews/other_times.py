"""The times to which a patient may move an appointment by themselves: free, alike, and not at once."""

from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.typed import col, table, whole
from app.record.patients.service import today_of
from app.record.patients.tables import Patient
from app.rules.parameters import LATE_WITHIN
from app.work.calendar import waiting
from app.work.calendar.booked import Booked
from app.work.calendar.clashes import find_clash, needed_by
from app.work.calendar.tables import Slot
from app.work.reviews.tables import Review

patient, review = table(Patient), table(Review)
MOST_SHOWN = 12
MOST_TRIED = 60  # alike and free, of which it is asked whether the patient could have them


async def other_times(connection: AsyncConnection, one: Booked, now: datetime) -> list[Slot]:
    """Free slots with the same clinician, of the same kind and at least as long, the next first.

    None begins so soon that the clinic could not prepare for it (`LATE_WITHIN`), on a day outside of the payer's
    authorisation, or at a time at which the patient, the room or the device has something else.
    """
    zone = select(col(Patient.time_zone)).where(
        col(Patient.clinic_id) == one.clinic_id, col(Patient.id) == one.patient_id
    )
    theirs = (await connection.execute(zone)).scalar_one()
    of = await _review(connection, one)
    alike = (
        col(Slot.kind) == one.kind,
        col(Slot.clinician_id) == one.clinician_id,
        col(Slot.minutes) >= one.minutes,
    )
    free = await waiting.free_slots(connection, one.clinic_id, now + LATE_WITHIN, *alike)
    allowed = [slot for slot in free if of is None or of.is_authorised(today_of(theirs, slot.starts_at))]
    found: list[Slot] = []
    for slot in allowed[:MOST_TRIED]:
        if len(found) < MOST_SHOWN and await find_clash(connection, needed_by(slot, one.patient_id)) is None:
            found.append(slot)
    return found


async def _review(connection: AsyncConnection, one: Booked) -> Review | None:
    if one.review_id is None:
        return None
    this = and_(col(Review.clinic_id) == one.clinic_id, col(Review.id) == one.review_id)
    found = (await connection.execute(select(review).where(this))).first()
    return None if found is None else whole(Review, found)
