"""Verdicts that were already worked out."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Text
from sqlmodel import Field, SQLModel


class KeptVerdict(SQLModel, table=True):
    """The last verdict of a procedure by each definition, with what it rested on.

    It holds while the engine, the day asked for and the patient's `record_version` are the same; otherwise it is
    stale and is made anew on the next read. `body` is the answer as it goes over the wire.
    """

    __tablename__ = "kept_verdict"
    __table_args__ = (
        ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedure.clinic_id", "procedure.id"], ondelete="CASCADE"
        ),
    )

    clinic_id: UUID = Field(primary_key=True)
    procedure_id: UUID = Field(primary_key=True)
    definition: str = Field(primary_key=True, max_length=20)
    engine: str = Field(max_length=20)
    as_of: date
    record_version: int
    made_at: datetime
    body: str = Field(sa_type=Text)
