"""What patients have said to what they were asked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, and_, exists, select
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Word, new_id, of_patient
from app.base.store.typed import col
from app.rules.consents import ConsentKind


class Consent(SQLModel, table=True):
    """A yes or a no to one version of a text; rows are only added, and the newest of a kind is `current`.

    `account_id` is who recorded it: the patient, or one of the staff who holds it on paper.
    """

    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "patient_id", "kind", "current"),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    kind: ConsentKind = Field(sa_type=Word)
    version: int
    given: bool
    said_at: datetime
    account_id: UUID | None = None
    current: bool = True


def said(
    kind: ConsentKind, given: bool, *, clinic_id: ColumnElement[UUID], patient_id: ColumnElement[UUID]
) -> ColumnElement[bool]:
    """The condition that a patient's last word on something is yes, or no; who has said nothing fits neither."""
    of_patient = and_(col(Consent.clinic_id) == clinic_id, col(Consent.patient_id) == patient_id)
    last = and_(of_patient, col(Consent.kind) == kind, col(Consent.current).is_(True), col(Consent.given).is_(given))
    return exists(select(col(Consent.id)).where(last))
