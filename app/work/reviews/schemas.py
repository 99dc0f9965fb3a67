"""Reviews on the wire."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.base.http.problems import ProblemDetail
from app.base.http.wire import Day, Instant, Joint, JsonObject, Line, Wire
from app.rules.reviews import Decision, State
from app.rules.words import Laterality, Phase, Region
from app.work.calendar.schemas import OVERRULE

ChecklistItem = Literal[
    "relief_and_dates", "diary_complete_enough", "function", "confounders_excluded", "blocks", "patient_asked"
]
Checked = Literal["open", "yes", "no", "not_needed"]
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
    checklist: dict[ChecklistItem, Checked] | None = Field(
        default=None, description="items that are left out stay; `open` takes an answer back"
    )
    proposed_on: Day | None = None
    laterality: Laterality | None = None
    joints: Levels | None = None
    policy: Line | None = None
    authorisation: Annotated[Line, Field(max_length=60)] | None = Field(
        default=None, description="the payer's number; a slot outside the days for which it holds is refused"
    )
    authorised_from: Day | None = None
    authorised_until: Day | None = None
    note: Line | None = None


class BookIn(Wire):
    """The slot to book."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"slot_id": "0199a3c4-7d00-7a00-8000-00000000000d"}}
    )

    slot_id: UUID
    overrule: Line | None = Field(default=None, description=OVERRULE)


class DecisionIn(Wire):
    """What was decided, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"decision": "repeat", "reason": "relief of nine months has ended"}},
    )

    decision: Decision
    reason: Annotated[Line, Field(max_length=500)]
    wait_until: Day | None = Field(
        default=None, description="goes with `wait`, in the future: a new review is opened on that day"
    )


class ReopenIn(Wire):
    """Why a review that was ended goes on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "decided for another patient"}})

    reason: Line


class CancelIn(Wire):
    """Why a review ends without a decision."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "opened by mistake"}})

    reason: Line


Ids = Annotated[list[UUID], Field(min_length=1, max_length=200)]


class AssignManyIn(Wire):
    """Hands reviews to somebody."""

    step: Literal["assign"]
    review_ids: Ids
    owner_id: UUID
    note: Line | None = None


class ProposeManyIn(Wire):
    """Proposes the same day or policy for reviews."""

    step: Literal["propose"]
    review_ids: Ids
    proposed_on: Day | None = None
    policy: Line | None = None
    note: Line | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.proposed_on is None and self.policy is None:
            raise ValueError("policy: give a policy, a day, or both")
        return self


class WaitManyIn(Wire):
    """Decides to wait, for reviews."""

    step: Literal["wait"]
    review_ids: Ids
    reason: Annotated[Line, Field(max_length=500)]
    wait_until: Day


class CancelManyIn(Wire):
    """Ends reviews without a decision."""

    step: Literal["cancel"]
    review_ids: Ids
    reason: Line


BulkIn = Annotated[AssignManyIn | ProposeManyIn | WaitManyIn | CancelManyIn, Field(discriminator="step")]


class BulkItemOut(BaseModel):
    """The result for one review."""

    review_id: UUID
    status: Literal["done", "rejected"]
    problem: ProblemDetail | None


class BulkOut(BaseModel):
    """A step with many reviews; its `id` undoes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000031",
                "items": [{"review_id": "0199a3c4-7d00-7a00-8000-00000000000f", "status": "done", "problem": None}],
            }
        }
    )

    id: UUID
    items: list[BulkItemOut]


class QueueIn(BaseModel):
    """Which reviews of the queue."""

    model_config = ConfigDict(extra="forbid")

    state: State | None = Field(default=None, description="in one state; all that are open where left out")
    patient_id: UUID | None = Field(default=None, description="of one patient")
    owner_id: UUID | None = Field(default=None, description="of one account")
    unowned: bool = Field(default=False, description="only those without an owner")
    opened_by: Literal["flag", "date", "hand"] | None = Field(default=None, description="by what they were opened")
    phase: Phase | None = Field(default=None, description="phase of the procedure now")
    region: Region | None = Field(default=None, description="of procedures of one region")
    policy: Line | None = Field(default=None, description="proposed under one policy")
    waiting_days: int | None = Field(default=None, ge=0, le=10_000, description="waiting for at least so many days")
    name: Line | None = Field(default=None, description="part of the patient's name")
    site_id: UUID | None = Field(default=None, description="of patients who belong to one site")
    limit: int = Field(default=50, ge=1, le=200, description="at most so many items")
    cursor: Annotated[str, Field(max_length=20)] | None = Field(default=None, description="`next` of the page before")


class WorkloadOut(BaseModel):
    """The open reviews of one owner."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "owner_id": "0199a3c4-7d00-7a00-8000-000000000001",
                "username": "scheduler",
                "open": 7,
                "opened": 1,
                "in_work": 3,
                "proposed": 2,
                "booked": 1,
                "oldest_days": 19,
                "over_14_days": 2,
            }
        }
    )

    owner_id: UUID | None = Field(description="null: the reviews without an owner")
    username: str | None
    open: int
    opened: int
    in_work: int
    proposed: int
    booked: int
    oldest_days: int
    over_14_days: int


class ReviewStepOut(BaseModel):
    """One step of a review: when, by whom (null: by the service), what, and why."""

    at: Instant
    by: UUID | None
    what: str
    note: str | None


def _example() -> JsonObject:
    step: JsonObject = {
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
        "wait_until": None,
        "follows": None,
        "urgency": "pain returned after 284 days",
        "waiting_days": 0,
        "steps": [step],
        "opened_at": "2026-05-01T08:30:00.000+00:00",
        "closed_at": None,
        "authorisation": None,
        "authorised_from": None,
        "authorised_until": None,
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
    wait_until: date | None = Field(description="where it was decided to wait: a new review is opened on that day")
    follows: UUID | None = Field(description="the review whose wait is over")
    urgency: str | None = Field(description="why it has its place in the queue")
    waiting_days: int = Field(description="since it was opened")
    steps: list[ReviewStepOut]
    opened_at: Instant
    closed_at: Instant | None
    authorisation: str | None = Field(default=None, description="the payer's number")
    authorised_from: date | None = None
    authorised_until: date | None = None
