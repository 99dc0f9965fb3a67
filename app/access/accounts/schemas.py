"""Who an account is, on the wire."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from app.rules.words import Role


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
