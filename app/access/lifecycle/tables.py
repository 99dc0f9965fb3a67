"""Codes that make an account, or give one a new password."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Word, new_id
from app.rules.words import Role

Purpose = Literal["invitation", "reset"]


class AccountCode(SQLModel, table=True):
    """A code that was handed over: only its hash is stored, and using it deletes the row.

    An invitation is bound to a role and, where it says so, to a name to sign in with; a reset to an account.
    """

    __tablename__ = "account_code"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "made_by"], ["account.clinic_id", "account.id"]),
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "expires_at"),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    code_hash: str = Field(max_length=64, unique=True)
    purpose: Purpose = Field(sa_type=Word)
    role: Role | None = Field(default=None, sa_type=Word)
    username: str | None = Field(default=None, max_length=200)
    account_id: UUID | None = None
    made_by: UUID
    created_at: datetime
    expires_at: datetime
