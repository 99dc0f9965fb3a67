"""Sign-in on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.rules.words import Role


class TokenOut(BaseModel):
    """A bearer token, as OAuth 2 answers it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"access_token": "yJ0k3…", "token_type": "bearer", "expires_in": 43200}}
    )

    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # the type's name
    expires_in: int = Field(description="seconds")


class MeOut(BaseModel):
    """Who the token stands for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "0199a3c4-7d00-7a00-8000-000000000001",
                "role": "clinician",
                "clinic_id": "0199a3c4-7d00-7a00-8000-000000000002",
                "patient_id": None,
            }
        }
    )

    account_id: UUID
    role: Role
    clinic_id: UUID
    patient_id: UUID | None
