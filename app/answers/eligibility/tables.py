"""Policies that clinics have added."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import new_id


class ClinicPolicy(SQLModel, table=True):
    """One text of a clinic's own policy. A later text of the same name replaces it; earlier texts are kept, and a
    null text ends the policy.
    """

    __tablename__ = "clinic_policy"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "name"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=60)
    text: str | None = None
    account_id: UUID
    created_at: datetime
