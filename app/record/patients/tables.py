"""The table of patients."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.base.store.metadata import new_id
from app.base.store.sealed import SealedText

IS_STALE = text("stale_since IS NOT NULL")


class Patient(SQLModel, table=True):
    """One patient of one clinic.

    `version` counts changes to this row; `record_version` counts every change to anything that the patient's verdicts
    rest on, in the same transaction, so that a kept verdict is known to be stale. `stale_since` is when the last of the
    changes came that no worker has judged yet: it looks for work there, and not among all patients. `claimed_until` is
    until when a worker has the patient in hand.
    """

    __table_args__ = (
        Index(None, "clinic_id", "origin", unique=True),
        Index(None, "stale_since", postgresql_where=IS_STALE, sqlite_where=IS_STALE),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(sa_type=SealedText("patient.name"))
    born_on: date
    time_zone: str = Field(max_length=64)
    version: int = 1
    record_version: int = 1
    stale_since: datetime | None = None
    claimed_until: datetime | None = None
    created_at: datetime
    language: str | None = Field(default=None, max_length=2)  # in which the patient is told what to do
    payer: str | None = Field(default=None, max_length=60)  # the policy of who pays
    origin: UUID | None = None  # id in the clinic that the record came from
    mrn: str | None = Field(default=None, sa_type=SealedText("patient.mrn"))  # the clinic's own number of the record
    phone: str | None = Field(default=None, sa_type=SealedText("patient.phone"))
    mail: str | None = Field(default=None, sa_type=SealedText("patient.mail"))


class ClinicNamesVersion(SQLModel, table=True):
    """Counts the changes of the names of a clinic's patients, so that what is held of them is known to be old."""

    __tablename__ = "clinic_names"

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    version: int
