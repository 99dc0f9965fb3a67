"""Hand-overs on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Instant, JsonObject, Line, Wire

HANDED: JsonObject = {
    "id": "0199a3c4-7d00-7a00-8000-0000000000aa",
    "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
    "made_by": "patient",
    "created_at": "2026-05-01T12:00:00.000+00:00",
    "expires_at": "2026-05-15T12:00:00.000+00:00",
    "taken_at": None,
    "taken_by": None,
}


class HandOverIn(Wire):
    """What a hand-over rests on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"agreed": "signed the form of 1 May 2026"}}
    )

    agreed: Line | None = Field(
        default=None, description="how the patient agreed; needed from the staff, and the patient says nothing here"
    )


class HandOverOut(BaseModel):
    """A hand-over that was made, and whether another clinic has used it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": HANDED})

    id: UUID
    patient_id: UUID
    made_by: Literal["patient", "staff"]
    agreed: str | None = None
    created_at: Instant
    expires_at: Instant
    taken_at: Instant | None = None
    taken_by: str | None = Field(default=None, description="name of the clinic that has the record since")


class HandOverMadeOut(HandOverOut):
    """The same with its code, this once."""

    model_config = ConfigDict(json_schema_extra={"example": {**HANDED, "code": "kV3mQ8xYt2Lw9ZrB5nHc4Jd7"}})

    code: str = Field(description="for the other clinic; good once, for two weeks")
