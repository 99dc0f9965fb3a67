"""Diagnostic blocks on the wire."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from app.base.http.wire import Instant, Joint, JsonObject, Line, Nerve, RecentDay, Score, Wire, check_levels
from app.record.facts.kinds import FactIn
from app.rules.words import Guidance, Region, Sedation, Side

Agent = Literal["lidocaine", "mepivacaine", "bupivacaine", "ropivacaine", "levobupivacaine", "other"]
EXAMPLE: JsonObject = {
    "performed_on": "2025-05-12",
    "side": "left",
    "joints": ["L4-5", "L5-S1"],
    "agent": "bupivacaine",
    "pain_before": 7,
    "pain_after": [{"minutes": 30, "pain": 1}, {"minutes": 240, "pain": 1}, {"minutes": 480, "pain": 5}],
}


class Reading(Wire):
    """Pain at a number of minutes after the block."""

    minutes: Annotated[int, Field(ge=1, le=10_080, strict=True)]
    pain: Score


class BlockIn(FactIn):
    """A diagnostic block, with the pain before and after it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    performed_on: RecentDay
    side: Side
    joints: Annotated[list[Joint], Field(min_length=1, max_length=12)]
    nerves: Annotated[list[Nerve], Field(max_length=24)] | None = None
    agent: Agent
    volume_ml: Annotated[float, Field(gt=0, le=20, allow_inf_nan=False, strict=True)] | None = Field(
        default=None, description="at each nerve"
    )
    pain_before: Score
    pain_after: Annotated[list[Reading], Field(max_length=100)] = Field(default_factory=list)
    relief_stated: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=True)] | None = Field(
        default=None, description="percent, as the patient states it"
    )
    guidance: Guidance | None = None
    steroid: StrictBool | None = None
    sedation: Sedation | None = None
    operator: Line | None = None
    procedure_id: UUID | None = Field(default=None, description="the procedure that it led to")

    @model_validator(mode="after")
    def _agrees(self) -> "BlockIn":
        check_levels(None, self.joints, self.nerves)
        minutes = [r.minutes for r in self.pain_after]
        for place, (one, following) in enumerate(pairwise(minutes), start=1):
            if following <= one:
                raise ValueError(f"pain_after/{place}/minutes: readings come in order of time, one at a time")
        return self


class BlockOut(BaseModel):
    """A diagnostic block, and the relief computed from its readings."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000005",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                **EXAMPLE,
                "region": "lumbar",
                "nerves": ["L3", "L4", "L5 dorsal ramus"],
                "volume_ml": None,
                "relief_stated": None,
                "guidance": None,
                "steroid": None,
                "sedation": None,
                "operator": None,
                "procedure_id": None,
                "best_relief_percent": 85.7,
                "hours_at_50": 5.75,
                "hours_at_80": 5.75,
                "concordant": True,
                "compared": [],
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    performed_on: date
    region: Region
    side: Side
    joints: list[str]
    nerves: list[str]
    agent: Agent
    volume_ml: float | None = None
    pain_before: float
    pain_after: list[Reading]
    relief_stated: float | None = None
    guidance: Guidance | None = None
    steroid: bool | None = None
    sedation: Sedation | None = None
    operator: str | None = None
    procedure_id: UUID | None = None
    best_relief_percent: float | None = Field(
        description="the best of the readings while the agent acts; null is not known"
    )
    hours_at_50: float | None = Field(description="hours with at least half of the pain gone, as far as readings go")
    hours_at_80: float | None
    concordant: bool | None = Field(
        description="whether relief of 80 % lasted as long as the agent acts; null: can't tell"
    )
    compared: list[dict[str, str]] = Field(
        description="other blocks of the site, by a shorter or longer agent: `longer_lasted_longer`, `longer_did_not`"
    )
    created_at: Instant
