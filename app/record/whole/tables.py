"""What remains of somebody whose record was erased."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.base.store.sealed import SealedText


class Tombstone(SQLModel, table=True):
    """States that there was a record, when it was erased, by whom and why; only the id is left of the patient."""

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    patient_id: UUID = Field(primary_key=True)
    erased_at: datetime
    account_id: UUID
    reason: str = Field(sa_type=SealedText("tombstone.reason"))
