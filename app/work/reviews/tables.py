"""Reviews."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel
from typing_extensions import TypedDict

from app.base.http.wire import JsonObject
from app.base.store.metadata import Json, Word, new_id, of_patient
from app.base.store.sealed import SealedJson, SealedText
from app.base.store.timeline import Step
from app.rules.words import Laterality


class Review(SQLModel, table=True):
    """One review of one procedure.

    `open_procedure_id` is the procedure while the review is under way and null afterwards, and is unique: a procedure has
    one review at a time. `steps` says who did what, when and why. `follows` names the review whose wait is over.
    `closed_by` is the end of the watch that has closed it, where no person did. `authorisation` is the payer's number.
    """

    __table_args__ = (
        of_patient(),
        ForeignKeyConstraint(
            ["clinic_id", "procedure_id"], ["procedure.clinic_id", "procedure.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("clinic_id", "open_procedure_id"),
        Index(None, "clinic_id", "state"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    patient_id: UUID
    procedure_id: UUID
    open_procedure_id: UUID | None = None
    state: str = Field(max_length=20)
    opened_by: str = Field(max_length=20)
    flag_id: UUID | None = None
    owner_id: UUID | None = None
    proposed_on: date | None = None
    laterality: Laterality | None = Field(default=None, sa_type=Word)
    joints: list[str] | None = Field(default=None, sa_column=Column(Json()))
    policy: str | None = Field(default=None, max_length=60)
    checklist: dict[str, str] = Field(sa_column=Column(Json(), nullable=False))
    appointment_id: UUID | None = None
    decision: str | None = Field(default=None, max_length=20)
    reason: str | None = Field(default=None, sa_type=SealedText("review.reason"))
    wait_until: date | None = None
    follows: UUID | None = None
    steps: list[Step] = Field(sa_column=Column(SealedJson("review.steps", "note"), nullable=False))
    version: int = 1
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = Field(default=None, max_length=20)
    authorisation: str | None = Field(default=None, max_length=60)
    authorised_from: date | None = None
    authorised_until: date | None = None

    def is_authorised(self, on: date) -> bool:
        """Whether the payer's authorisation, as far as one is on record, holds on a day."""
        begun = self.authorised_from is None or self.authorised_from <= on
        return begun and (self.authorised_until is None or on <= self.authorised_until)


class BulkItem(TypedDict):
    """One review of a bulk step: its version after the step, and the columns that the step can change as they were."""

    review_id: str
    version: int
    before: JsonObject


class Bulk(SQLModel, table=True):
    """One step taken with many reviews, with the state of each before, so that it can be undone."""

    __table_args__ = (ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),)

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID
    step: str = Field(max_length=20)
    items: list[BulkItem] = Field(sa_column=Column(SealedJson("bulk.items", "reason"), nullable=False))
    created_at: datetime
    undone_at: datetime | None = None
