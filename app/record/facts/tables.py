"""The current state of every fact."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from app.base.http.wire import JsonObject
from app.base.store.metadata import ON_RECORD, new_id, of_patient
from app.base.store.sealed import SealedJson


class FactRow(SQLModel, table=True):
    """One fact of a kind as it stands now, its content as in the API; a deleted one has only revisions."""

    __tablename__ = "fact"
    __table_args__ = (of_patient(), Index(None, "clinic_id", "patient_id", "kind", "on_date", "id"))

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    kind: str = Field(max_length=40)
    patient_id: UUID
    on_date: date = Field(sa_column_kwargs={"info": {ON_RECORD: ()}})
    number: int = 1
    content: JsonObject = Field(
        sa_column=Column(SealedJson("fact.content", "note", "immediate_events"), nullable=False)
    )
    recorded_at: datetime
    created_at: datetime
