"""Flags."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, Word, new_id, of_patient
from app.base.store.sealed import SealedJson
from app.base.store.timeline import Step
from app.rules.words import Severity


class ClinicRule(SQLModel, table=True):
    """A red flag that a clinic adds to those of `app/rules/red_flags.toml`, which it cannot remove."""

    __tablename__ = "clinic_rule"

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(max_length=40)
    least_severity: int
    advice: str = Field(max_length=500)
    account_id: UUID
    created_at: datetime


class Flag(SQLModel, table=True):
    """Something a person must look at. `cause` is unique by patient and kind, so that a cause never raises two flags.

    `ceased_on` is the day from which its cause was gone; `follows` names the flag of the same cause before it. `shown_at`
    is null while the clinic's alarm budget holds it back. `turn` counts the people it was handed to. `asked_at` is when
    the patient was asked, `answer` what the patient said.
    """

    __table_args__ = (
        of_patient(),
        Index(None, "clinic_id", "patient_id", "kind", "cause", unique=True),
        Index(None, "clinic_id", "state", "raised_at"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    kind: str = Field(max_length=40)
    cause: str = Field(max_length=80)
    severity: Severity = Field(sa_type=Word)
    state: str = Field(max_length=20)
    says: str = Field(max_length=500)
    first_on: date
    last_on: date
    evidence: list[str] = Field(sa_column=Column(Json(), nullable=False))
    raised_at: datetime
    procedure_id: UUID | None = None
    owner_id: UUID | None = None
    due_at: datetime
    escalated_at: datetime | None = None
    ended_at: datetime | None = None
    ceased_on: date | None = None
    follows: UUID | None = None
    steps: list[Step] = Field(sa_column=Column(SealedJson("flag.steps", "note"), nullable=False))
    version: int = 1
    shown_at: datetime | None = None
    turn: int = 0
    asked_at: datetime | None = None
    answer: str | None = Field(default=None, max_length=20)
