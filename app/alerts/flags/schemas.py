"""Flags on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Day, Instant, JsonObject, Line, Wire
from app.rules.words import Severity, SideEffectKind

FlagKind = Literal[
    "red_flag",
    "pain_return",
    "return_likely",
    "no_relief",
    "worse_than_before",
    "falling_function",
    "lasting_side_effect",
    "rising_opioids",
    "silent_diary",
    "masked_climb",
    "missed_follow_up",
]
PatientAnswer = Literal["pain_is_back", "a_bad_spell", "not_sure", "no_change"]
FlagState = Literal["open", "acknowledged", "resolved", "lapsed"]


class FlagStepOut(BaseModel):
    """One step of a flag: when, by whom (null: by the service), what, and a note."""

    at: Instant
    by: UUID | None
    what: str
    note: str | None


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
                "procedure_id": None,
                "due_at": "2026-05-01T23:14:03.120+00:00",
                "escalated_at": None,
                "owner_id": None,
                "ended_at": None,
                "follows": None,
                "steps": [{"at": "2026-05-01T19:14:03.120+00:00", "by": None, "what": "raised", "note": None}],
                "shown_at": "2026-05-01T19:14:03.120+00:00",
                "asked_at": None,
                "answer": None,
            }
        }
    )

    id: UUID
    patient_id: UUID
    kind: str
    procedure_id: UUID | None = Field(default=None, description="the procedure that it is about, where it is about one")
    severity: Severity = Field(description="`now`: today; `soon`: within a day or two; `later`: within the week")
    state: FlagState
    says: str
    first_on: date
    last_on: date
    evidence: list[str] = Field(description="what it rests on, as paths below the patient")
    raised_at: Instant
    due_at: Instant = Field(
        description="when somebody must have acknowledged it; then it goes to the next person, at last to everybody"
    )
    escalated_at: Instant | None = None
    owner_id: UUID | None = Field(
        default=None, description="account whose turn it is to look; then of whoever acknowledged it"
    )
    ended_at: Instant | None = None
    follows: UUID | None = Field(default=None, description="the flag of the same cause before it")
    steps: list[FlagStepOut] = Field(default_factory=list)
    shown_at: Instant | None = Field(default=None, description="null while the clinic's alarm budget holds it back")
    asked_at: Instant | None = Field(default=None, description="when the patient was asked, where the patient is asked")
    answer: PatientAnswer | None = Field(default=None, description="what the patient said")


class AnswerIn(Wire):
    """The patient's answer to the question whether the pain is coming back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"answer": "pain_is_back"}})

    answer: PatientAnswer
    note: Line | None = None


class StepIn(Wire):
    """A note on a step."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"note": "called; comes on Tuesday"}})

    note: Line | None = None


class CallIn(Wire):
    """That the patient was called about a flag, and what came of it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"outcome": "message_left", "again_on": "2026-05-02"}}
    )

    outcome: Literal["reached", "message_left", "no_answer"]
    again_on: Day | None = Field(default=None, description="the day to call again")
    note: Line | None = None


class HandIn(Wire):
    """The colleague who is to look at a flag."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"account_id": "0199a3c4-7d00-7a00-8000-000000000001"}}
    )

    account_id: UUID
    note: Line | None = None


RULE: JsonObject = {
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
