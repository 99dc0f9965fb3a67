"""Questionnaires on the wire: values of items, never their texts."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.base.http.wire import Instant, JsonObject, Line, RecentDay
from app.record.facts.kinds import FactIn
from app.rules.questionnaires import BadItemsError, score

AssessmentKind = Literal["peg", "pgic", "odi", "ndi", "activities"]
EXAMPLE: JsonObject = {"kind": "peg", "answered_on": "2026-05-01", "items": [6, 5, 7]}
Item = Annotated[float, Field(ge=0, le=10, allow_inf_nan=False, strict=True)]


class AssessmentIn(FactIn):
    """One questionnaire as it was answered; an item that was not answered is null."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    kind: AssessmentKind
    answered_on: RecentDay
    items: Annotated[list[Item | None], Field(min_length=1, max_length=10)]
    names: Annotated[list[Line], Field(max_length=3)] | None = Field(
        default=None,
        description="of `activities`: those that hurt, in the patient's words, in the order of the items",
    )

    @model_validator(mode="after")
    def _can_be_scored(self) -> "AssessmentIn":
        try:
            score(self.kind, self.items)
        except BadItemsError as error:
            raise ValueError(f"items{'' if error.place is None else f'/{error.place}'}: {error}") from None
        if (self.names is not None) != (self.kind == "activities"):
            raise ValueError("names: belongs to `activities`, which needs it")
        if self.names is not None and len(self.names) != len(self.items):
            raise ValueError("names: one for each item")
        return self


class AssessmentOut(BaseModel):
    """A questionnaire with its score, and the change since the first of its kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000006",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                **EXAMPLE,
                "names": None,
                "score": 6.0,
                "out_of": 10.0,
                "success": None,
                "first_score": 8.0,
                "meaningful": False,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    patient_id: UUID
    kind: AssessmentKind
    answered_on: date
    items: list[float | None]
    names: list[str] | None = None
    score: float = Field(description="lower is better")
    out_of: float
    success: bool | None = Field(description="of `pgic`: one of the two best answers")
    first_score: float | None = Field(description="of the first of its kind before this one; null where there is none")
    meaningful: bool | None = Field(
        description="whether the score has fallen since then by a meaningful change; null: not known"
    )
    created_at: Instant
