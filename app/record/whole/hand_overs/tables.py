"""The table of hand-overs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import new_id, of_patient
from app.base.store.sealed import SealedText


class HandOver(SQLModel, table=True):
    """A code with which another clinic may bring a patient's record over, once.

    `agreed` says how the patient agreed where one of the staff made it; null where the patient did. `taken_by` is the
    clinic that has it since `taken_at`.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(["clinic_id", "made_by"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "patient_id"),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    code_hash: str = Field(max_length=64, unique=True)
    agreed: str | None = Field(default=None, sa_type=SealedText("hand_over.agreed"))
    made_by: UUID | None = None
    created_at: datetime
    expires_at: datetime
    taken_by: UUID | None = None
    taken_at: datetime | None = None
