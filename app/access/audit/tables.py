"""Who read or wrote which patient's data, and when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import new_id


class AuditEvent(SQLModel, table=True):
    """One read or write of a patient's data, kept in the same transaction as a write, before the answer to a read."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "clinic_id", "patient_id", "at"),)

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime
    account_id: UUID | None = None
    patient_id: UUID | None = None
    action: str = Field(max_length=40)
    resource: str = Field(max_length=100)
