"""Invitations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import of_patient


class Invitation(SQLModel, table=True):
    """A code that gives one patient one account: only its hash is stored, and using it deletes the row."""

    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(["clinic_id", "invited_by"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "patient_id"),
    )

    code_hash: str = Field(primary_key=True, max_length=64)
    clinic_id: UUID
    patient_id: UUID
    invited_by: UUID
    created_at: datetime
    expires_at: datetime
