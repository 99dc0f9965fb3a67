"""Reminders that patients have set."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from app.base.store.metadata import of_patient


class Reminder(SQLModel, table=True):
    """When an account's patient is reminded: at `at` by the clocks of `time_zone`; it is due at `next_at`.

    `last_on` is the patient's day on which it was last sent.
    """

    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"], ondelete="CASCADE"),
    )

    clinic_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    patient_id: UUID
    at: str = Field(max_length=5)
    time_zone: str = Field(max_length=64)
    next_at: datetime = Field(index=True)
    last_on: date | None = None
