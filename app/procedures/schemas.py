"""Procedures on the wire."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.wire import Instant, Laterality, Line, RecentDay, Region, Score, Wire

Joint = Annotated[
    str, StringConstraints(pattern=r"^(C[0-7]|T([1-9]|1[0-2])|L[1-5]|SI)(-(C?[1-7]|T?([1-9]|1[0-2])|L?[1-5]|S1))?$")
]
Technique = Literal["thermal", "cooled", "pulsed"]
Guidance = Literal["fluoroscopy", "ct", "ultrasound"]
Sedation = Literal["none", "minimal", "moderate", "deep"]
EXAMPLE: dict[str, Any] = {
    "performed_on": "2025-07-10",
    "region": "lumbar",
    "laterality": "left",
    "baseline_pain": 7,
    "joints": ["L4-5", "L5-S1"],
    "technique": "thermal",
    "guidance": "fluoroscopy",
}


class ProcedureIn(Wire):
    """A rhizotomy, as far as it is known."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    performed_on: RecentDay = Field(description="day in the patient's calendar, not in the future")
    region: Region
    laterality: Laterality
    baseline_pain: Score | None = Field(default=None, description="the clinic's recorded pain before, 0 to 10")
    joints: Annotated[list[Joint], Field(max_length=12)] | None = None
    technique: Technique | None = None
    guidance: Guidance | None = None
    sedation: Sedation | None = None
    operator: Line | None = None


class ProcedureChange(Wire):
    """What changes; what is left out stays, and null means "not known" where that may be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"baseline_pain": 6.5}})

    performed_on: RecentDay | None = None
    region: Region | None = None
    laterality: Laterality | None = None
    baseline_pain: Score | None = None
    joints: Annotated[list[Joint], Field(max_length=12)] | None = None
    technique: Technique | None = None
    guidance: Guidance | None = None
    sedation: Sedation | None = None
    operator: Line | None = None


class ProcedureOut(BaseModel):
    """A rhizotomy."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000004",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                **EXAMPLE,
                "sedation": None,
                "operator": None,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    performed_on: date
    region: Region
    laterality: Laterality
    baseline_pain: float | None
    joints: list[str] | None
    technique: Technique | None
    guidance: Guidance | None
    sedation: Sedation | None
    operator: str | None
    created_at: Instant
