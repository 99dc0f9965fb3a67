"""Stored verdicts and outcomes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, Text, false, true
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, Word
from app.rules.outcome import End
from app.rules.words import Definition, Laterality, Phase, Region, Response, Technique

COUNTED = ("region", "technique", "ended", "relief_days", "entered_days", "laterality", "repeat", "age", "patient_id")


class KeptVerdict(SQLModel, table=True):
    """The last verdict of a procedure by each definition, with the engine, day and record version it was made from.

    It holds while the engine, the day asked for, the patient's `record_version` and what the clinic's cohort has taught
    (`learned`) are the same; otherwise it is stale and is made anew on the next read. `body` is the answer as it goes over
    the wire; its sentence and its curve stand beside it for lists.
    """

    __tablename__ = "kept_verdict"
    __table_args__ = (
        ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedure.clinic_id", "procedure.id"], ondelete="CASCADE"
        ),
    )

    clinic_id: UUID = Field(primary_key=True)
    procedure_id: UUID = Field(primary_key=True)
    definition: Definition = Field(primary_key=True, sa_type=Word)
    engine: str = Field(max_length=20)
    as_of: date
    record_version: int
    learned: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    made_at: datetime
    body: str = Field(sa_type=Text)
    says: str = Field(sa_type=Text)
    spark: list[float | None] = Field(sa_column=Column(Json(), nullable=False))


class OutcomeRow(SQLModel, table=True):
    """A verdict as one flat row (`outcomes.py`), with what lists and cohorts filter and count by.

    `holds_until` is the instant at which the last day ends, for the patient, on which it stays as it is (`horizon.py`): from
    then on, or where `record_version`, `learned` or the engine has moved on, it is stale.
    """

    __tablename__ = "outcome"
    __table_args__ = (
        ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedure.clinic_id", "procedure.id"], ondelete="CASCADE"
        ),
        Index("ix_outcome_counted", "clinic_id", "definition", *COUNTED),
        Index("ix_outcome_listed", "clinic_id", "definition", "patient_id", "place", "performed_on"),
    )

    clinic_id: UUID = Field(primary_key=True)
    procedure_id: UUID = Field(primary_key=True)
    definition: Definition = Field(primary_key=True, sa_type=Word)
    patient_id: UUID
    engine: str = Field(max_length=20)
    as_of: date
    holds_until: datetime = Field(index=True)
    record_version: int
    learned: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    performed_on: date
    region: Region = Field(sa_type=Word)
    laterality: Laterality = Field(sa_type=Word)
    technique: Technique | None = Field(default=None, sa_type=Word)
    temperature_c: float | None = None
    operator: str | None = Field(default=None, max_length=200)
    joints: str = Field(max_length=200)
    nerves: str = Field(max_length=600)
    repeat: bool
    repeat_of: UUID | None = None
    staged_with: UUID | None = None
    block_percent: float | None = None
    age: int
    phase: Phase = Field(sa_type=Word)
    response: Response | None = Field(default=None, sa_type=Word)
    baseline_pain: float | None = None
    ended: str = Field(max_length=20)
    closed: End | None = Field(default=None, sa_type=Word)
    closed_on: date | None = None
    closed_at: datetime | None = None  # when that was first seen
    newest: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    relief_days: int | None = None
    held_days: int | None = None
    entered_days: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    relief_percent: float | None = None
    onset_on: date | None = None
    relief_since: date | None = None
    returned_on: date | None = None
    spells: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    probability: float
    masked: bool
    opioid_rise: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    mme_change: float | None = None
    worse: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    function_falls: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    lasting: bool
    logged: int
    expected: int
    last_logged_on: date | None = None
    contacts: str = Field(max_length=200)
    sides: str | None = Field(default=None, max_length=200)
    place: int
    why: str = Field(max_length=200)
    since_on: date


class ClinicRelief(SQLModel, table=True):
    """How long relief lasts in a clinic, as its own outcomes tell; the numbers are null where they do not tell it yet.

    `learned` counts how often the numbers have changed, `looked_at` is when the outcomes were last looked at.
    """

    __tablename__ = "clinic_relief"

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    learned: int
    median_days: float | None = None
    log_sd: float | None = None
    returns: int | None = None
    looked_at: datetime
