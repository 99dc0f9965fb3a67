"""Slots for those who wait: offered and taken by the patient, or booked by the clinic; the open review goes with it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.base.http.idempotency.service import NO_KEY
from app.base.store.database import Database
from app.base.store.typed import col
from app.rules.reviews import ReviewStep
from app.work.calendar import offers
from app.work.calendar import service as calendar
from app.work.calendar.booked import Booked
from app.work.calendar.reviews_to_book import is_repeat_to_come, review_to_book
from app.work.calendar.schemas import AppointmentIn
from app.work.calendar.tables import Slot
from app.work.reviews.appointments import set_day
from app.work.reviews.schemas import BookIn
from app.work.reviews.steps import book
from app.work.reviews.tables import Review

TOOK = "took the slot that was offered"


async def accept(database: Database, caller: Caller, *, waiting_id: UUID, now: datetime) -> Booked:
    """Books the offered slot; the wait is over, and the newest open review of the patient is for it.

    Where that review has another slot already, its appointment is moved, and the other slot is free.

    Raises:
        Problem: 404 where there is no such place on the list; 409 where nothing is offered any more, or the slot is gone or
            outside of the payer's authorisation.
    """

    async def work(connection: AsyncConnection) -> Booked:
        whose = await offers.whose(connection, caller, waiting_id=waiting_id)
        of = await review_to_book(
            connection, caller.clinic_id, whose, lock=True
        )  # the review first, as every step with one locks it
        place = await offers.mine(connection, caller, waiting_id=waiting_id, now=now)
        of = of if place.kind == "procedure" else None
        assert place.offered_slot_id is not None
        held: Booked | None = None
        what: ReviewStep = "book"
        if of is not None and of.appointment_id is not None:
            held = await calendar.find_standing(connection, place.clinic_id, of.appointment_id)
        if held is None:
            review_id = None if of is None else of.id
            made = await calendar.book(
                connection,
                caller,
                patient_id=place.patient_id,
                slot_id=place.offered_slot_id,
                review_id=review_id,
                now=now,
            )
        else:  # the review has a later slot, which somebody else can have
            what, slot_id = "move", place.offered_slot_id
            made = await calendar.move(
                connection, caller, one=held, slot_id=slot_id, reason=TOOK, overrule=None, now=now
            )
        booked = await calendar.find(connection, caller, appointment_id=made, action="confirm")
        await set_day(connection, caller, of=of, booked=booked, what=what, reason=TOOK, now=now)
        return booked

    return await database.write(work)


async def book_waiting(
    database: Database, caller: Caller, *, patient_id: UUID, slot_id: UUID, overrule: str | None, now: datetime
) -> None:
    """Books a slot for somebody on the list: for the open review of theirs that has none yet, where it is for a procedure.

    Raises:
        Problem: 403, 404, 409 and 422 as for booking either.
    """
    require(caller, "work_review")
    kind = select(col(Slot.kind)).where(col(Slot.clinic_id) == caller.clinic_id, col(Slot.id) == slot_id)
    async with database.read() as connection:
        found = await _unbooked(connection, caller.clinic_id, patient_id)
        is_procedure = (await connection.execute(kind)).scalar_one_or_none() == "procedure"
    if found is None or not is_procedure:
        new = AppointmentIn(patient_id=patient_id, slot_id=slot_id, overrule=overrule)
        await calendar.add_appointment(database, caller, new=new, once=NO_KEY, now=now)
        return
    given = BookIn(slot_id=slot_id, overrule=overrule)
    await book(database, caller, review_id=found, given=given, if_match=None, now=now)


async def _unbooked(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> UUID | None:
    """The newest review of a patient that is to be booked: one that is open, or a decided repeat that has no slot."""
    of_patient = and_(col(Review.clinic_id) == clinic_id, col(Review.patient_id) == patient_id)
    without = and_(is_repeat_to_come(), col(Review.appointment_id).is_(None))
    theirs = select(col(Review.id)).where(
        of_patient, or_(col(Review.state).in_(("opened", "in_work", "proposed")), without)
    )
    ordered = theirs.order_by(col(Review.opened_at).desc(), col(Review.id).desc()).limit(1)
    return (await connection.execute(ordered)).scalar_one_or_none()
