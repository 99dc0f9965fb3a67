"""Second factors of accounts, codes for who has lost one, and challenges that a passkey is to answer."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Word, new_id
from app.base.store.sealed import SealedText

FactorKind = Literal["code", "passkey"]


class SecondFactor(SQLModel, table=True):
    """An authenticator app that makes codes (RFC 6238), or a passkey (WebAuthn).

    Of an app the `secret` is kept, the `last_step` whose code was taken, and since when it is `confirmed_at` that it makes
    the right ones; of a passkey its id, its public key and how often it says it was used.
    """

    __tablename__ = "second_factor"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),
        Index(None, "clinic_id", "account_id"),
    )

    clinic_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID
    kind: FactorKind = Field(sa_type=Word)
    name: str = Field(max_length=100)
    secret: str | None = Field(default=None, sa_type=SealedText("second_factor.secret"))
    last_step: int | None = None
    credential_id: str | None = Field(default=None, max_length=1400, unique=True)
    public_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    sign_count: int | None = Field(default=None, sa_type=BigInteger)  # 32 bits without a sign
    created_at: datetime
    confirmed_at: datetime | None = None
    used_at: datetime | None = None


class RecoveryCode(SQLModel, table=True):
    """A code that stands in once for a second factor that is lost; only its hash is kept."""

    __tablename__ = "recovery_code"
    __table_args__ = (ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"]),)

    clinic_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    code_hash: str = Field(primary_key=True, max_length=64)


class Challenge(SQLModel, table=True):
    """What a passkey is to sign, once and soon: to be added to an account, or to sign in."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    challenge: bytes = Field(sa_type=LargeBinary)
    account_id: UUID | None = None
    expires_at: datetime = Field(index=True)
