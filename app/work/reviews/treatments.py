"""A patient's treatments, with what is said of each and the review of it that is under way."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts.patient_list import SaidOfProcedure, said_query
from app.base.store.typed import RowQuery, col
from app.record.procedures.tables import ProcedureRow
from app.work.reviews.service import review
from app.work.reviews.tables import Review


@dataclass(frozen=True)
class TreatmentSaid(SaidOfProcedure):
    """A procedure with the sentence of its kept verdict, and its open review: a procedure has one at a time."""

    review_id: UUID | None
    review_state: str | None


async def of_patient(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> list[TreatmentSaid]:
    """A patient's procedures, the newest first."""
    under_way = and_(
        col(Review.clinic_id) == col(ProcedureRow.clinic_id), col(Review.open_procedure_id) == col(ProcedureRow.id)
    )
    query: RowQuery = (
        said_query(clinic_id, patient_id)
        .add_columns(col(Review.id).label("review_id"), col(Review.state).label("review_state"))
        .outerjoin(review, under_way)
    )
    return [TreatmentSaid(*one) for one in (await connection.execute(query)).all()]
