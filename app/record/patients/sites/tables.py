"""The tables of sites."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.store.metadata import new_id, of_patient


class ClinicSite(SQLModel, table=True):
    """A place at which a clinic works; one that is closed stays, for what took place there."""

    __tablename__ = "clinic_site"
    __table_args__ = (UniqueConstraint("clinic_id", "name"),)

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(max_length=100)
    address: str | None = Field(default=None, max_length=200)
    phone: str | None = Field(default=None, max_length=40)
    created_at: datetime
    closed_at: datetime | None = None


class PatientSite(SQLModel, table=True):
    """The site that a patient belongs to; it says where, and not who may see them (`care_team` does)."""

    __tablename__ = "patient_site"
    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(["clinic_id", "site_id"], ["clinic_site.clinic_id", "clinic_site.id"]),
        Index(None, "clinic_id", "site_id"),
    )

    clinic_id: UUID = Field(primary_key=True)
    patient_id: UUID = Field(primary_key=True)
    site_id: UUID
