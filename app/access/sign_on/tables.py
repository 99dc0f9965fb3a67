"""A clinic's provider, whom it knows, and sign-ins that are under way there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, new_id
from app.base.store.sealed import SealedText


class ClinicProvider(SQLModel, table=True):
    """The provider that a clinic's staff sign in with, and what it may decide.

    `domains` are those of mail addresses whose owners get an account without an invitation. `roles` maps values of the
    claim `role_claim` to roles, the first that fits; null where roles are given here alone. `second_factor` says that the
    provider asks for one itself.
    """

    __tablename__ = "clinic_provider"

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    issuer: str = Field(max_length=500)
    client_id: str = Field(max_length=300)
    client_secret: str | None = Field(default=None, sa_type=SealedText("clinic_provider.client_secret"))
    domains: list[str] = Field(sa_column=Column(Json(), nullable=False))
    role_claim: str | None = Field(default=None, max_length=100)
    roles: dict[str, str] | None = Field(default=None, sa_column=Column(Json(none_as_null=True)))
    second_factor: bool = False
    updated_at: datetime


class Identity(SQLModel, table=True):
    """An account as a provider knows it: `subject` is the provider's own name for whoever it is, and never changes."""

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "issuer", "subject", unique=True),
        Index(None, "clinic_id", "account_id", "issuer", unique=True),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID
    issuer: str = Field(max_length=500)
    subject: str = Field(max_length=255)
    created_at: datetime


class SignOnTry(SQLModel, table=True):
    """A browser that was sent to a provider and has not come back.

    It comes back with a state, and with a cookie that no other browser has; of both the hash is kept. `verifier` proves to
    the provider that whoever redeems the code has asked for it (PKCE). `invitation_hash` is of the code that it begins with,
    `account_id` of somebody who connects their account, in the sign-in `session_id`.
    """

    __tablename__ = "sign_on_try"

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    issuer: str = Field(max_length=500)
    client_id: str = Field(max_length=300)
    state_hash: str = Field(max_length=64, unique=True)
    browser_hash: str = Field(max_length=64)
    verifier: str = Field(sa_type=SealedText("sign_on_try.verifier"))
    nonce: str = Field(max_length=64)
    invitation_hash: str | None = Field(default=None, max_length=64)
    account_id: UUID | None = None
    session_id: UUID | None = None
    leads_to: str = Field(max_length=500)
    expires_at: datetime = Field(index=True)
