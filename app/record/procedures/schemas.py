"""Procedures on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.base.http.wire import Instant, Joint, JsonObject, Line, Nerve, RecentDay, Score, check_levels
from app.record.facts.kinds import FactIn
from app.rules.words import Guidance, Laterality, Region, Sedation, Technique

EXAMPLE: JsonObject = {
    "performed_on": "2025-07-10",
    "region": "lumbar",
    "laterality": "left",
    "baseline_pain": 7,
    "joints": ["L4-5", "L5-S1"],
    "technique": "thermal",
    "temperature_c": 80,
    "seconds": 90,
    "guidance": "fluoroscopy",
}


class ProcedureIn(FactIn):
    """A rhizotomy, as far as it is known."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    performed_on: RecentDay = Field(description="day in the patient's calendar, not in the future")
    region: Region
    laterality: Laterality
    baseline_pain: Score | None = Field(default=None, description="the clinic's recorded pain before, 0 to 10")
    joints: Annotated[list[Joint], Field(max_length=12)] | None = None
    nerves: Annotated[list[Nerve], Field(max_length=24)] | None = Field(
        default=None, description="the nerves treated, where they are not all that the joints imply"
    )
    technique: Technique | None = None
    temperature_c: Annotated[float, Field(ge=37, le=100, allow_inf_nan=False, strict=True)] | None = None
    seconds: Annotated[int, Field(ge=1, le=1_800, strict=True)] | None = Field(
        default=None, description="of heat at each lesion"
    )
    guidance: Guidance | None = None
    sedation: Sedation | None = None
    operator: Line | None = None
    immediate_events: Annotated[list[Line], Field(max_length=20)] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> "ProcedureIn":
        check_levels(self.region, self.joints, self.nerves)
        return self


class CodeOut(BaseModel):
    """A CPT code and its units; the text of the code is copyrighted and not included."""

    code: str
    units: int


class ProcedureOut(BaseModel):
    """A rhizotomy, with its CPT codes and what it repeats or is staged with."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000004",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                **EXAMPLE,
                "nerves": ["L3", "L4", "L5 dorsal ramus"],
                "sedation": None,
                "operator": None,
                "immediate_events": None,
                "cpt": [{"code": "64635", "units": 1}, {"code": "64636", "units": 1}],
                "staged_with": None,
                "repeat_of": None,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    performed_on: date
    region: Region
    laterality: Laterality
    baseline_pain: float | None = None
    joints: list[str] | None = None
    nerves: list[str] | None = Field(default=None, description="as given, or those that the joints imply")
    technique: Technique | None = None
    temperature_c: float | None = None
    seconds: int | None = None
    guidance: Guidance | None = None
    sedation: Sedation | None = None
    operator: str | None = None
    immediate_events: list[str] | None = None
    cpt: list[CodeOut] = Field(default_factory=list, description="counted by joint; both sides of a level count once")
    staged_with: UUID | None = Field(
        default=None, description="the first of a staged pair: the other side of the region within 180 days before"
    )
    repeat_of: UUID | None = Field(default=None, description="the procedure before it at the same region and side")
    created_at: Instant
