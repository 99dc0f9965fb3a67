"""A patient takes the freed slot that is offered: it is booked, and the open review of theirs with it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.base.store.database import Database
from app.base.store.typed import col, to, whole
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.work.calendar import offers
from app.work.calendar import service as calendar
from app.work.calendar.service import Booked
from app.work.reviews.appointments import follow
from app.work.reviews.service import review
from app.work.reviews.tables import Review


async def accept(database: Database, caller: Caller, *, waiting_id: UUID, now: datetime) -> Booked:
    """Books the offered slot; the wait is over, and the newest review of the patient that has no slot is booked with it.

    Raises:
        Problem: 404 where there is no such place on the list, 409 where nothing is offered any more or the slot is gone.
    """

    async def work(connection: AsyncConnection) -> Booked:
        place = await offers.mine(connection, caller, waiting_id=waiting_id, now=now)
        assert place.offered_slot_id is not None
        of = await _unbooked(connection, place.clinic_id, place.patient_id) if place.kind == "procedure" else None
        made = await calendar.book(
            connection,
            caller,
            patient_id=place.patient_id,
            slot_id=place.offered_slot_id,
            review_id=None if of is None else of.id,
            now=now,
        )
        booked = await calendar.find(connection, caller, appointment_id=made, action="confirm")
        person = await patients.find(connection, caller, patient_id=place.patient_id)
        day = today_of(person.time_zone, booked.starts_at)
        changes = [to(col(Review.appointment_id), made), to(col(Review.proposed_on), day)]
        why = "took the slot that was offered"
        await follow(connection, caller, of=of, what="book", changes=changes, reason=why, now=now)
        return booked

    return await database.write(work)


async def _unbooked(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> Review | None:
    theirs = select(review).where(
        col(Review.clinic_id) == clinic_id,
        col(Review.patient_id) == patient_id,
        col(Review.state).in_(("opened", "in_work", "proposed")),
    )
    ordered = theirs.order_by(col(Review.opened_at).desc(), col(Review.id).desc()).limit(1).with_for_update()
    found = (await connection.execute(ordered)).first()
    return None if found is None else whole(Review, found)
