"""The table of the revisions of patients and facts; the diary has its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from app.base.http.wire import JsonObject
from app.base.store.metadata import of_patient
from app.base.store.sealed import SealedJson, SealedText

IN_WORDS = ("name", "note", "immediate_events", "mrn", "phone", "mail")  # fields of rows that say who or what it is


class Revision(SQLModel, table=True):
    """One version of one row; rows are only ever added. A deletion is a revision without content."""

    __table_args__ = (of_patient(), Index(None, "clinic_id", "patient_id", "kind", "received_at"))

    clinic_id: UUID = Field(primary_key=True)
    row_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    kind: str = Field(max_length=40)
    patient_id: UUID
    account_id: UUID | None = None
    recorded_at: datetime
    received_at: datetime
    reason: str | None = Field(default=None, sa_type=SealedText("revision.reason"))
    content: JsonObject | None = Field(default=None, sa_column=Column(SealedJson("revision.content", *IN_WORDS)))
    origin: UUID | None = None  # id of the row in the clinic that the record came from
