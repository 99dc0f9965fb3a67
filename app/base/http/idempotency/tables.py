"""Answers of calls that create, kept for who sends them again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json


class KeptAnswer(SQLModel, table=True):
    """The answer to one `Idempotency-Key` of one account, kept in the transaction that it tells of."""

    __tablename__ = "kept_answer"

    account_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    fingerprint: str = Field(max_length=64)
    status: int
    headers: dict[str, Any] = Field(sa_column=Column(Json(), nullable=False))
    body: str = Field(sa_type=Text)
    kept_at: datetime = Field(index=True)
    patient_id: UUID | None = None
