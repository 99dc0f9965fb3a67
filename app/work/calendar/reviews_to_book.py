"""The review that a slot would be for: a patient's newest that is open, or a decided repeat that is to come.

The one place of the calendar that knows of reviews: whom a slot is offered depends on what the payer has authorised.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.typed import col, table, whole
from app.record.procedures.service import procedure
from app.rules.appointments import STANDS
from app.rules.reviews import OPEN
from app.work.calendar.clashes import held
from app.work.calendar.tables import Appointment, Slot
from app.work.reviews.tables import Review

review, appointment, slot = table(Review), table(Appointment), table(Slot)


async def review_to_book(
    connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, *, lock: bool = False
) -> Review | None:
    """The newest review of a patient that a slot would be for; None where there is none."""
    of_patient = and_(col(Review.clinic_id) == clinic_id, col(Review.patient_id) == patient_id)
    theirs = select(review).where(of_patient, or_(col(Review.state).in_(OPEN), is_repeat_to_come()))
    ordered = theirs.order_by(col(Review.opened_at).desc(), col(Review.id).desc()).limit(1)
    found = (await connection.execute(ordered.with_for_update() if lock else ordered)).first()
    return None if found is None else whole(Review, found)


async def may_be_booked(
    connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, *, on: date, now: datetime
) -> bool:
    """Whether nothing on record stands against a day for a patient's repeat.

    That is the payer's authorisation, or an appointment of the review that has begun and of which nobody has said yet what
    became of it.
    """
    of = await review_to_book(connection, clinic_id, patient_id)
    if of is None:
        return True
    begun = (
        select(col(Appointment.id))
        .select_from(appointment)
        .join(slot, held())
        .where(
            col(Appointment.clinic_id) == clinic_id,
            col(Appointment.id) == of.appointment_id,
            col(Appointment.state).in_(STANDS),
            col(Slot.starts_at) <= now,
        )
    )
    return of.is_authorised(on) and (await connection.execute(begun)).first() is None


def is_repeat_to_come() -> ColumnElement[bool]:
    """Whether a repeat was decided that has not been done: nothing was, after the procedure that it would repeat."""
    of, later = procedure.alias("of"), procedure.alias("later")
    done = exists().where(
        of.c.clinic_id == col(Review.clinic_id),
        of.c.id == col(Review.procedure_id),
        later.c.clinic_id == of.c.clinic_id,
        later.c.patient_id == of.c.patient_id,
        later.c.performed_on > of.c.performed_on,
    )
    return and_(col(Review.state) == "decided", col(Review.decision) == "repeat", ~done)
