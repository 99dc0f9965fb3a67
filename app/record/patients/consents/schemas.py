"""Consents on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from app.base.http.wire import Instant, Wire
from app.rules.consents import ConsentKind

TEXT = "My clinic may read the diary that I keep here, to care for me."
AT = "2026-05-01T08:30:00.000+00:00"


class ConsentTextOut(BaseModel):
    """What is asked today."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "treatment", "version": 1, "text": TEXT}})

    kind: ConsentKind
    version: int
    text: str


class ConsentIn(Wire):
    """A yes or a no to a version of a text."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "research", "version": 1, "given": False}}
    )

    kind: ConsentKind
    version: int = Field(ge=1, le=1_000, description="of the text that was read")
    given: StrictBool


class ConsentOut(BaseModel):
    """What a patient has said, and who recorded it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000001",
                "kind": "research",
                "version": 1,
                "text": TEXT,
                "given": False,
                "said_at": AT,
                "recorded_by": "patient",
                "current": True,
            }
        }
    )

    id: UUID
    kind: ConsentKind
    version: int
    text: str = Field(description="word for word as it was asked, in the patient's language")
    given: bool
    said_at: Instant
    recorded_by: Literal["patient", "proxy", "staff"]
    current: bool = Field(description="false for what was said before the last word")
