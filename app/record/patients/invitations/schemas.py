"""Invitations on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from app.base.http.wire import Instant, Line, Wire


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
    """The name and the password that the patient wants to sign in with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"username": "ada", "password": "correct horse battery"}}
    )

    username: Line
    password: Annotated[SecretStr, Field(min_length=12, max_length=200)]


class AccountOut(BaseModel):
    """The account that was made; sign in with it at `POST /v1/token`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "0199a3c4-7d00-7a00-8000-000000000001",
                "username": "ada",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
            }
        }
    )

    account_id: UUID
    username: str
    patient_id: UUID
