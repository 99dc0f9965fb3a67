"""Answers of calls that create, kept in case the same call is sent again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json
from app.base.store.sealed import SealedText


class KeptAnswer(SQLModel, table=True):
    """The answer to one `Idempotency-Key` of one account, kept in the transaction of the work itself."""

    __tablename__ = "kept_answer"

    clinic_id: UUID = Field(foreign_key="clinic.id")
    account_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    fingerprint: str = Field(max_length=64)
    status: int
    headers: dict[str, str] = Field(sa_column=Column(Json(), nullable=False))
    body: str = Field(sa_type=SealedText("kept_answer.body"))
    kept_at: datetime = Field(index=True)
    patient_id: UUID | None = None
