"""Invitations on the wire."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.access.accounts.passwords import NewPassword
from app.base.http.wire import Instant, Line, Wire
from app.rules.words import Role


class InvitationOut(BaseModel):
    """A code for a patient; it is shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "yJ0k3Fq2c1r8Zs5T",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                "expires_at": "2026-05-15T08:30:00.000+00:00",
            }
        }
    )

    code: str
    patient_id: UUID
    expires_at: Instant


class AcceptIn(Wire):
    """The name and the password to sign in with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"username": "ada", "password": "correct horse battery"}}
    )

    username: Line
    password: NewPassword


class AccountOut(BaseModel):
    """The account that was made; sign in with it at `POST /v1/token`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "0199a3c4-7d00-7a00-8000-000000000001",
                "username": "ada",
                "role": "patient",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
            }
        }
    )

    account_id: UUID
    username: str
    role: Role
    patient_id: UUID | None = Field(description="null for one of the staff")
