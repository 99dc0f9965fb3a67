"""Who did what, on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Instant
from app.rules.words import Role

AuditAction = Literal["read", "create", "change", "delete"]
ONE = "0199a3c4-7d00-7a00-8000-000000000001"


class AuditEventOut(BaseModel):
    """One read or write: who, when, with which device, of what and of whom."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": ONE,
                "at": "2026-05-01T08:30:00.000+00:00",
                "account_id": ONE,
                "username": "clinician",
                "role": "clinician",
                "patient_id": ONE,
                "action": "read",
                "resource": "relief",
                "why": None,
                "device": "Mozilla/5.0",
                "address": "192.0.2.7",
                "request_id": "7b0c5f4e9d1a4c2f8e6d3b2a1c0f9e8d",
                "position": 1204,
            }
        }
    )

    id: UUID
    at: Instant
    account_id: UUID | None = Field(description="null for the service itself and for its operator at the command line")
    username: str | None
    role: Role | None
    patient_id: UUID | None
    action: AuditAction
    resource: str = Field(description="a kind of thing, never a value")
    why: str | None = Field(description="a reason that was given")
    device: str | None = Field(description="what was signed in, as it says itself; for admins alone")
    address: str | None = Field(description="where the call came from; for admins alone")
    request_id: str | None = Field(
        description="`X-Request-ID` of the answer, and its name in the log; for admins alone"
    )
    position: int | None = Field(description="its place in the clinic's sealed log; null until it is sealed")


class AuditHeadOut(BaseModel):
    """How far the clinic's audit is sealed: note it elsewhere, and nothing before it can be changed unseen."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "clinic_id": ONE,
                "size": 1204,
                "root": "9f" * 32,
                "link": "1c" * 32,
                "sealed_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    clinic_id: UUID
    size: int = Field(description="events that are sealed")
    root: str = Field(description="the root of the Merkle tree over them (RFC 9162, SHA-256), in hex")
    link: str = Field(description="the hash that ties the last seal, with its times, to all before it, in hex")
    sealed_at: Instant | None
