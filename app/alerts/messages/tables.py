"""Addresses, the outbox, and deliveries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.base.store.metadata import Json, new_id
from app.base.store.sealed import ALL, SealedJson

RESETS = "resets"  # in an address's target: it was added with the password, so that a forgotten one can be mailed there


class Address(SQLModel, table=True):
    """Where messages go: a mail address or a browser of an account, or a system of the clinic by webhook.

    `target` is what the channel needs. `topics` names what is sent there, null for everything that concerns its owner.
    A mail address is used only once its owner has sent back the code that was mailed to it.
    """

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "account_id"], ["account.clinic_id", "account.id"], ondelete="CASCADE"),
        Index(None, "clinic_id", "account_id"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    account_id: UUID
    channel: str = Field(max_length=20)
    target: dict[str, str] = Field(sa_column=Column(SealedJson("address.target", ALL), nullable=False))
    locale: str = Field(max_length=20)
    topics: list[str] | None = Field(default=None, sa_column=Column(Json(none_as_null=True)))
    code_hash: str | None = Field(default=None, max_length=64)
    code_until: datetime | None = None
    confirmed_at: datetime | None = None
    created_at: datetime


class Message(SQLModel, table=True):
    """Something that has happened, kept in the transaction in which it happened. `key` stores it only once.

    `audience` says whom it concerns: the clinic's `staff`, one `account`, the `patient`, or one `address`; `about` holds
    ids and nothing else. `spread_at` is when it was turned into deliveries.
    """

    __table_args__ = (
        UniqueConstraint("clinic_id", "key"),
        Index(None, "spread_at", "created_at"),
        Index(None, "clinic_id", "patient_id"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: str = Field(max_length=200)
    topic: str = Field(max_length=40)
    audience: str = Field(max_length=20)
    account_id: UUID | None = None
    patient_id: UUID | None = None
    about: dict[str, str] = Field(sa_column=Column(SealedJson("message.about", "code"), nullable=False))
    created_at: datetime
    spread_at: datetime | None = None


class Delivery(SQLModel, table=True):
    """One message to one address.

    The sending process first moves `due_at` on; if that process dies, the delivery becomes due again at `due_at`.
    """

    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "message_id"], ["message.clinic_id", "message.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["clinic_id", "address_id"], ["address.clinic_id", "address.id"], ondelete="CASCADE"),
        UniqueConstraint("clinic_id", "message_id", "address_id"),
        Index(None, "state", "due_at"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    message_id: UUID
    address_id: UUID
    state: str = Field(max_length=20)
    attempts: int = 0
    due_at: datetime
    fault: str | None = Field(default=None, max_length=200)
    sent_at: datetime | None = None
    created_at: datetime
