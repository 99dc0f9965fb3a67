"""The review that a slot would be for: a patient's newest that is open, or a decided repeat that is to come.

The one place of the calendar that knows of reviews: whom a slot is offered depends on what the payer has authorised.
"""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.typed import col, table, whole
from app.record.procedures.service import procedure
from app.rules.reviews import OPEN
from app.work.reviews.tables import Review

review = table(Review)


async def review_to_book(
    connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, *, lock: bool = False
) -> Review | None:
    """The newest review of a patient that a slot would be for; None where there is none."""
    of_patient = and_(col(Review.clinic_id) == clinic_id, col(Review.patient_id) == patient_id)
    theirs = select(review).where(of_patient, or_(col(Review.state).in_(OPEN), is_repeat_to_come()))
    ordered = theirs.order_by(col(Review.opened_at).desc(), col(Review.id).desc()).limit(1)
    found = (await connection.execute(ordered.with_for_update() if lock else ordered)).first()
    return None if found is None else whole(Review, found)


async def is_authorised(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, *, on: date) -> bool:
    """Whether no authorisation of the payer, as far as one is on record, leaves out a day for a patient's repeat."""
    of = await review_to_book(connection, clinic_id, patient_id)
    return of is None or of.is_authorised(on)


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
