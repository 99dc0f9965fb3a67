"""Clinics, the accounts that sign in, and their sign-ins."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, Word, new_id
from app.base.store.sealed import SealedText
from app.rules.words import Role


class Clinic(SQLModel, table=True):
    """One tenant; every other row belongs to exactly one.

    `phone` and `emergency_number` are what patients are told to call, `jurisdiction` is its country (ISO 3166-1).
    `time_zone` is that of its calendar. `alarm_budget` is how many flags that can wait may be shown in a week; null is no
    limit. `chain` names the accounts to whom a flag is handed, one after the other, before it goes to everybody.
    `audit_days` is how long it is kept who saw what; null is for ever. `second_factor` is whether its staff need one,
    `treating_teams` whether clinicians see the patients of whose team they are, and those who have none.
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
    second_factor: bool = False
    treating_teams: bool = False


class Account(SQLModel, table=True):
    """Somebody who signs in; the name is unique over all clinics, because sign-in does not ask for the clinic.

    A patient without a `patient_id` acts for others alone (`Proxy`).
    """

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patient.clinic_id", "patient.id"]),
        CheckConstraint("role IN ('patient', 'clinician', 'scheduler', 'admin', 'operator')", name="role"),
        CheckConstraint("role = 'patient' OR patient_id IS NULL", name="patient_of_role"),
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
    """A sign-in: only hashes of its tokens are kept, so that nobody can sign in with what the table holds.

    `id` names it where somebody looks through their sign-ins, `device` is what signed in, as it says itself, `factor` what
    was shown beside the password. Its token holds until `good_until`, the whole until `expires_at`. What an app refreshes
    its token with is `family.secret`: the first part finds the sign-in, the second changes with each use and is good until
    `refresh_until`; the one before, until what followed it is used. Where that came twice, as from two tabs, both of what
    followed are good until one is used.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "account_id"),
        Index(None, "family_hash", unique=True),
    )

    token_hash: str = Field(primary_key=True, max_length=64)
    clinic_id: UUID
    account_id: UUID
    id: UUID = Field(default_factory=new_id)
    device: str | None = Field(default=None, max_length=200)
    factor: str | None = Field(default=None, max_length=20)
    created_at: datetime
    seen_at: datetime
    good_until: datetime
    expires_at: datetime = Field(index=True)
    family_hash: str | None = Field(default=None, max_length=64)
    refresh_hash: str | None = Field(default=None, max_length=64)
    previous_hash: str | None = Field(default=None, max_length=64)
    sibling_hash: str | None = Field(default=None, max_length=64)
    refresh_until: datetime | None = None


class FailedTries(SQLModel, table=True):
    """A bucket of tries that have failed, by a hash of what it is for: `full_at` is when it will have run dry.

    Where somebody has signed in from an address, that is a row too, until `full_at`.
    """

    __tablename__ = "failed_tries"

    key: str = Field(primary_key=True, max_length=64)
    full_at: datetime = Field(index=True)


class Proxy(SQLModel, table=True):
    """Somebody whom a patient lets read, or write for them; `account_id` once they have used the code."""

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patient.clinic_id", "patient.id"]),
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "patient_id"),
        Index(None, "clinic_id", "account_id"),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    account_id: UUID | None = None
    name: str = Field(sa_type=SealedText("proxy.name"))
    reason: str = Field(max_length=20)
    may_write: bool
    created_at: datetime
    until: datetime | None = None
    ended_at: datetime | None = None
    code_hash: str | None = Field(default=None, max_length=64, unique=True)
    code_until: datetime
    made_by: UUID


class ApiKey(SQLModel, table=True):
    """A key of a machine: it stands for an account, for some of what that may do, until a day."""

    __tablename__ = "api_key"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "account_id"),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID
    name: str = Field(max_length=100)
    key_hash: str = Field(max_length=64, unique=True)
    scopes: list[str] = Field(sa_column=Column(Json(), nullable=False))
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


class CareTeam(SQLModel, table=True):
    """One of the staff who treats a patient; with `until`, somebody outside the team who looks, and the reason."""

    __tablename__ = "care_team"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patient.clinic_id", "patient.id"]),
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "patient_id", "account_id"),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    account_id: UUID
    since: datetime
    until: datetime | None = None
    reason: str | None = Field(default=None, sa_type=SealedText("care_team.reason"))
