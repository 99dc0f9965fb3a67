"""The diary: every revision that was ever received, and the current one of each day."""

import datetime as dt
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import ON_RECORD, of_patient
from app.base.store.sealed import SealedJson, SealedText
from app.record.diary.content import EntryContent

WITH_NOTE = '"note":"'  # in an entry as it goes over the wire: the day's note, or a moment's


class DiaryRevision(SQLModel, table=True):
    """One revision of one day's entry; rows are only ever added. A deletion is a revision without content."""

    __tablename__ = "diary_revision"
    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "patient_id", "received_at"),
    )

    clinic_id: UUID = Field(primary_key=True)
    patient_id: UUID = Field(primary_key=True)
    date: dt.date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    recorded_at: dt.datetime
    received_at: dt.datetime
    ranks_at: dt.datetime
    account_id: UUID | None = None
    skew_seconds: float | None = None
    content: EntryContent | None = Field(default=None, sa_column=Column(SealedJson("diary_revision.content", "note")))
    opioid_mme: float | None = None


class DiaryDay(SQLModel, table=True):
    """The current revision of each day that has one: the one written down last, of those the one received last.

    Derived from `DiaryRevision` in the same transaction, so that a range is one short read; `revisions` counts all, and
    `shown` is the entry as it goes over the wire (null where an older version stored it).
    """

    __tablename__ = "diary_day"
    __table_args__ = (of_patient(),)

    clinic_id: UUID = Field(primary_key=True)
    patient_id: UUID = Field(primary_key=True)
    date: dt.date = Field(primary_key=True, sa_column_kwargs={"info": {ON_RECORD: ("content",)}})
    revision: int
    revisions: int
    recorded_at: dt.datetime
    received_at: dt.datetime
    content: EntryContent | None = Field(default=None, sa_column=Column(SealedJson("diary_day.content", "note")))
    opioid_mme: float | None = None
    shown: str | None = Field(default=None, sa_type=SealedText("diary_day.shown", WITH_NOTE))
