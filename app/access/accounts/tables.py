"""Clinics, the accounts that sign in, and their sign-ins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, Word, new_id
from app.rules.words import Role


class Clinic(SQLModel, table=True):
    """One tenant; every other row belongs to exactly one.

    `phone` and `emergency_number` are what patients are told to call, `jurisdiction` is its country (ISO 3166-1).
    `time_zone` is that of its calendar. `alarm_budget` is how many flags that can wait may be shown in a week; null is no
    limit. `chain` names the accounts to whom a flag is handed, one after the other, before it goes to everybody.
    `audit_days` is how long it is kept who saw what; null is for ever.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=200)
    created_at: datetime
    time_zone: str | None = Field(default=None, max_length=64)
    alarm_budget: int | None = None
    chain: list[str] | None = Field(default=None, sa_column=Column(Json(none_as_null=True)))
    phone: str | None = Field(default=None, max_length=40)
    emergency_number: str | None = Field(default=None, max_length=20)
    jurisdiction: str | None = Field(default=None, max_length=2)
    audit_days: int | None = None


class Account(SQLModel, table=True):
    """Somebody who signs in; the name is unique over all clinics, because sign-in does not ask for the clinic."""

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patient.clinic_id", "patient.id"]),
        CheckConstraint("role IN ('patient', 'clinician', 'scheduler', 'admin')", name="role"),
        CheckConstraint("(role = 'patient') = (patient_id IS NOT NULL)", name="patient_of_role"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    username: str = Field(max_length=200, unique=True)
    password_hash: str = Field(max_length=300)
    role: Role = Field(sa_type=Word)
    patient_id: UUID | None = None
    created_at: datetime
    disabled_at: datetime | None = None
    last_sign_in_at: datetime | None = None


class SignIn(SQLModel, table=True):
    """One token: only its hash is kept, so that nobody can sign in with what the table holds.

    `id` names it where somebody looks through their sign-ins, `device` is what signed in, as it says itself.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "account_id"),
    )

    token_hash: str = Field(primary_key=True, max_length=64)
    clinic_id: UUID
    account_id: UUID
    id: UUID = Field(default_factory=new_id)
    device: str | None = Field(default=None, max_length=200)
    created_at: datetime
    expires_at: datetime = Field(index=True)


class FailedTries(SQLModel, table=True):
    """A bucket of tries that have failed, by a hash of what it is for: `full_at` is when it will have run dry.

    Where somebody has signed in from an address, that is a row too, until `full_at`.
    """

    __tablename__ = "failed_tries"

    key: str = Field(primary_key=True, max_length=64)
    full_at: datetime = Field(index=True)
