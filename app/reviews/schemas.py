"""Reviews on the wire."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.wire import Day, Instant, Joint, Laterality, Line, Wire

State = Literal["opened", "in_work", "proposed", "booked", "decided", "cancelled"]
Decision = Literal["repeat", "other_treatment", "wait", "none"]
Check = Literal[
    "relief_and_dates", "diary_complete_enough", "function", "confounders_excluded", "blocks", "patient_asked"
]
Checked = Literal["yes", "no", "not_needed"]
Levels = Annotated[list[Joint], Field(min_length=1, max_length=12)]


class ReviewIn(Wire):
    """How a review begins."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"proposed_on": "2026-06-01"}})

    proposed_on: Day | None = None
    flag_id: UUID | None = Field(default=None, description="the flag that it answers")
    reason: Line | None = None


class ReviewChange(Wire):
    """Work on a review: what is left out stays. With a day, side, levels or policy it becomes a proposal."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"checklist": {"patient_asked": "yes"}, "policy": "medicare-lcd"}},
    )

    owner_id: UUID | None = Field(default=None, description="account of who works on it")
    checklist: dict[Check, Checked] | None = None
    proposed_on: Day | None = None
    laterality: Laterality | None = None
    joints: Levels | None = None
    policy: Line | None = None
    note: Line | None = None


class BookIn(Wire):
    """The slot to take."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"slot_id": "0199a3c4-7d00-7a00-8000-00000000000d"}}
    )

    slot_id: UUID


class DecisionIn(Wire):
    """What was decided, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"decision": "repeat", "reason": "relief of nine months has ended"}},
    )

    decision: Decision
    reason: Annotated[Line, Field(max_length=500)]
    wait_until: Day | None = Field(default=None, description="goes with `wait`")


class CancelIn(Wire):
    """Why there is nothing to decide."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "opened by mistake"}})

    reason: Line


class StepOut(BaseModel):
    """One step of a review: when, by whom (null: by the service), what, and why."""

    at: Instant
    by: UUID | None
    what: str
    note: str | None


def _example() -> dict[str, Any]:
    step = {
        "at": "2026-05-01T08:30:00.000+00:00",
        "by": "0199a3c4-7d00-7a00-8000-000000000001",
        "what": "opened",
        "note": None,
    }
    return {
        "id": "0199a3c4-7d00-7a00-8000-00000000000f",
        "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
        "procedure_id": "0199a3c4-7d00-7a00-8000-000000000004",
        "state": "opened",
        "opened_by": "hand",
        "flag_id": None,
        "owner_id": None,
        "proposed_on": None,
        "laterality": "left",
        "joints": ["L4-5", "L5-S1"],
        "policy": None,
        "checklist": {"patient_asked": "yes"},
        "appointment_id": None,
        "decision": None,
        "reason": None,
        "urgency": "pain returned after 284 days",
        "waiting_days": 0,
        "steps": [step],
        "opened_at": "2026-05-01T08:30:00.000+00:00",
        "closed_at": None,
    }


class ReviewOut(BaseModel):
    """A review."""

    model_config = ConfigDict(json_schema_extra={"example": _example()})

    id: UUID
    patient_id: UUID
    procedure_id: UUID
    state: State
    opened_by: Literal["flag", "date", "hand"]
    flag_id: UUID | None
    owner_id: UUID | None
    proposed_on: date | None
    laterality: Laterality | None
    joints: list[str] | None
    policy: str | None
    checklist: dict[str, str]
    appointment_id: UUID | None
    decision: Decision | None
    reason: str | None
    urgency: str | None = Field(description="why it stands where it stands in the queue")
    waiting_days: int = Field(description="since it was opened")
    steps: list[StepOut]
    opened_at: Instant
    closed_at: Instant | None
