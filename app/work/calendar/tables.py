"""Slots, appointments, and the secret addresses of feeds."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, new_id, of_patient
from app.base.store.sealed import SealedJson, SealedText
from app.base.store.timeline import Step


class Slot(SQLModel, table=True):
    """Time of a clinician that can be booked once, while it is not closed."""

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "clinician_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "starts_at"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    clinician_id: UUID
    starts_at: datetime
    minutes: int
    location: str = Field(max_length=200)
    kind: str = Field(max_length=40)
    created_at: datetime
    room: str | None = Field(default=None, max_length=60)
    site_id: UUID | None = None  # of the clinic's sites; a room is one of it
    device: str | None = Field(default=None, max_length=60)
    closed_at: datetime | None = None
    # why an admin accepts a clash, or an absence
    overruled: str | None = Field(default=None, sa_type=SealedText("slot.overruled"))


class Absence(SQLModel, table=True):
    """Days, by the clinic's clocks, on which a clinician is away; without one the whole clinic is closed."""

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "clinician_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "starts_at"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    clinician_id: UUID | None = None
    first_on: date
    last_on: date
    starts_at: datetime
    ends_at: datetime
    reason: str = Field(sa_type=SealedText("absence.reason"))
    created_at: datetime


class Appointment(SQLModel, table=True):
    """A booking. `holds_slot_id` is the slot while the booking stands and null afterwards; unique: one booking each."""

    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(["clinic_id", "slot_id"], ["slot.clinic_id", "slot.id"]),
        UniqueConstraint("clinic_id", "holds_slot_id"),
        Index(None, "clinic_id", "patient_id"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    slot_id: UUID
    holds_slot_id: UUID | None = None
    review_id: UUID | None = None
    state: str = Field(max_length=20)
    reason: str | None = Field(default=None, sa_type=SealedText("appointment.reason"))
    steps: list[Step] = Field(sa_column=Column(SealedJson("appointment.steps", "note"), nullable=False))
    version: int = 1
    created_at: datetime
    reminded_at: datetime | None = None


class Waiting(SQLModel, table=True):
    """A patient's wait for a slot. `open_kind` is the kind while it lasts, then null: one wait per patient and kind.

    `offered_slot_id` is a freed slot that is kept for the patient until `offered_until`; `passed` are those that were
    declined, or not answered in time. `closed_by` is `death` where that ended it, which may turn out a mistake.
    """

    __table_args__ = (
        of_patient(),
        UniqueConstraint("clinic_id", "patient_id", "open_kind"),
        Index(None, "clinic_id", "state"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    review_id: UUID | None = None
    clinician_id: UUID | None = None
    kind: str = Field(max_length=40)
    open_kind: str | None = Field(default=None, max_length=40)
    minutes: int
    first_on: date | None = None
    last_on: date | None = None
    note: str | None = Field(default=None, sa_type=SealedText("waiting.note"))
    state: str = Field(max_length=20)
    created_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = Field(default=None, max_length=20)
    offered_slot_id: UUID | None = None
    offered_until: datetime | None = None
    passed: list[str] | None = Field(default=None, sa_column=Column(Json(none_as_null=True)))  # ids of slots


class Feed(SQLModel, table=True):
    """A calendar feed by secret address: only the hash of its token is kept, and revoking deletes it."""

    __table_args__ = (ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),)

    token_hash: str = Field(primary_key=True, max_length=64)
    clinic_id: UUID
    account_id: UUID
    created_at: datetime
