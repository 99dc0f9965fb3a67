"""Who read or wrote which patient's data, and when; and seals that show whether an event was touched since."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field, SQLModel

from app.base.store.metadata import new_id
from app.base.store.sealed import SealedText


class AuditEvent(SQLModel, table=True):
    """One read or write of a patient's data, kept in the same transaction as a write, before the answer to a read.

    `device` is what was signed in, as it says itself, `address` where the call came from, `request_id` its name in the log,
    `why` a reason that was given. `position` is its place in the clinic's sealed log, null until it is sealed.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "clinic_id", "patient_id", "at"),
        Index(None, "clinic_id", "position", "at"),
        Index(None, "clinic_id", "at"),
    )

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime
    account_id: UUID | None = None
    patient_id: UUID | None = None
    action: str = Field(max_length=40)
    resource: str = Field(max_length=100)
    device: str | None = Field(default=None, max_length=200)
    address: str | None = Field(default=None, max_length=60)
    request_id: str | None = Field(default=None, max_length=40)
    why: str | None = Field(default=None, sa_type=SealedText("audit_event.why"))
    position: int | None = None


class AuditSeal(SQLModel, table=True):
    """Events of a clinic that were sealed together: the places from `first` on, `many` of them.

    `leaves` are their hashes, 32 bytes each, `peaks` and `root` those of the clinic's tree up to the last of them (RFC 9162,
    section 2.1), `link` the hash of this seal and the link before. Of one that is `forgotten_at` the events have been
    deleted, as the clinic keeps them for so long and no longer; the hashes stay.
    """

    __tablename__ = "audit_seal"

    clinic_id: UUID = Field(foreign_key="clinic.id", primary_key=True)
    number: int = Field(primary_key=True)
    first: int
    many: int
    leaves: bytes = Field(sa_type=LargeBinary)
    peaks: bytes = Field(sa_type=LargeBinary)
    root: str = Field(max_length=64)
    link: str = Field(max_length=64)
    newest_at: datetime
    sealed_at: datetime
    forgotten_at: datetime | None = None
