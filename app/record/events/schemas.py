"""Events and work-ups on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from app.base.http.wire import Day, Instant, JsonObject, Note, RecentDay, Wire
from app.record.facts.kinds import FactIn
from app.rules.words import Region, Side

EventKind = Literal["injury", "surgery", "new_pain", "pregnancy", "death", "moved_away", "other"]
EVENT: JsonObject = {"kind": "surgery", "happened_on": "2026-03-02", "region": "lumbar", "note": "fusion L4-5"}
WORK_UP: JsonObject = {
    "noted_on": "2025-04-01",
    "pain_since": "2023-09-01",
    "conservative_care": [{"what": "physiotherapy", "weeks": 12, "helped": False}],
}


class EventIn(FactIn):
    """What ends watch or could mislead: injury, surgery, new pain elsewhere, pregnancy, death, moved away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EVENT})

    kind: EventKind
    happened_on: RecentDay
    region: Region | None = None
    side: Side | None = None
    note: Note | None = None


class EventOut(BaseModel):
    """An event."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000007",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                **EVENT,
                "side": None,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    kind: EventKind
    happened_on: date
    region: Region | None = None
    side: Side | None = None
    note: str | None = None
    created_at: Instant


class Care(Wire):
    """One treatment that was tried."""

    what: Literal[
        "physiotherapy",
        "exercise",
        "chiropractic",
        "nsaid",
        "opioid",
        "other_medicine",
        "injection",
        "psychology",
        "other",
    ]
    weeks: Annotated[float, Field(ge=0, le=2_000, allow_inf_nan=False, strict=True)] | None = None
    helped: StrictBool | None = None
    note: Note | None = None


class WorkUpIn(FactIn):
    """The work-up before a procedure: since when there has been pain, and which treatments were tried."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": WORK_UP})

    noted_on: RecentDay
    pain_since: Day | None = None
    conservative_care: Annotated[list[Care], Field(max_length=50)] | None = None
    note: Note | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "WorkUpIn":
        if self.pain_since is not None and self.pain_since > self.noted_on:
            raise ValueError("pain_since: lies after the day on which it was noted")
        return self


class WorkUpOut(BaseModel):
    """A work-up."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000008",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                **WORK_UP,
                "note": None,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    noted_on: date
    pain_since: date | None = None
    conservative_care: list[Care] | None = None
    note: str | None = None
    created_at: Instant
