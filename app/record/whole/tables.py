"""What remains of somebody whose record was erased."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel


class Tombstone(SQLModel, table=True):
    """That there was a record, when it was erased, by whom and why; nothing of the person."""

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    patient_id: UUID = Field(primary_key=True)
    erased_at: datetime
    account_id: UUID
    reason: str = Field(max_length=200)
