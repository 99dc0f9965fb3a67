"""Flags on the wire."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.wire import Instant, Line, SideEffectKind, Wire


class FlagOut(BaseModel):
    """Something a person must look at."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-00000000000a",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                "kind": "red_flag",
                "severity": "now",
                "state": "open",
                "says": "fever reported",
                "first_on": "2026-05-01",
                "last_on": "2026-05-01",
                "evidence": ["diary/2026-05-01"],
                "raised_at": "2026-05-01T19:14:03.120+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    kind: str
    severity: Literal["now", "soon"] = Field(description="`now`: today; `soon`: within a day or two")
    state: Literal["open"]
    says: str
    first_on: date
    last_on: date
    evidence: list[str] = Field(description="what it rests on, as addresses below the patient")
    raised_at: Instant


RULE: dict[str, Any] = {
    "kind": "tingling",
    "least_severity": 3,
    "advice": "Call the clinic today on the number you have.",
}


class RuleIn(Wire):
    """A red flag that a clinic adds: a kind of side effect from a severity on, and what to tell the patient at once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": RULE})

    kind: SideEffectKind
    least_severity: Annotated[int, Field(ge=1, le=4, strict=True)]
    advice: Annotated[Line, Field(max_length=500)]


class RuleOut(BaseModel):
    """A red flag of a clinic's own; it adds to the common ones, which stay."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-00000000000b",
                **RULE,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    kind: SideEffectKind
    least_severity: int
    advice: str
    created_at: Instant
