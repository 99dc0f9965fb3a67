"""Rhizotomies."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, Word, new_id, of_patient
from app.rules.words import Guidance, Laterality, Region, Sedation, Technique


class ProcedureRow(SQLModel, table=True):
    """One rhizotomy of one patient, in the columns that are queried; the fact itself stands in `fact`."""

    __tablename__ = "procedure"
    __table_args__ = (of_patient(), Index(None, "clinic_id", "patient_id", "performed_on"))

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    performed_on: date
    region: Region = Field(sa_type=Word)
    laterality: Laterality = Field(sa_type=Word)
    baseline_pain: float | None = None
    joints: list[str] | None = Field(default=None, sa_column=Column(Json()))
    technique: Technique | None = Field(default=None, sa_type=Word)
    guidance: Guidance | None = Field(default=None, sa_type=Word)
    sedation: Sedation | None = Field(default=None, sa_type=Word)
    operator: str | None = Field(default=None, max_length=200)
    version: int = 1
    created_at: datetime
