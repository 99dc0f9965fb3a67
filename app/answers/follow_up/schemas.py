"""The follow-up on the wire: what the report and the page show, word for word."""

from datetime import date
from typing import cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.answers.eligibility.schemas import EligibilityOut
from app.answers.verdicts.schemas import EXAMPLE as VERDICT
from app.answers.verdicts.schemas import (
    AdherenceOut,
    BaselineOut,
    ConfounderOut,
    CurrentOut,
    OpioidsOut,
    ReasonOut,
    ReturnOut,
    SideEffectOut,
    SpellOut,
)
from app.base.http.wire import JsonObject
from app.rules.outcome import End
from app.rules.words import Definition, Laterality, Phase, Region, Technique

DECIDES = (
    "Reprieve shows one person's course from the person's own diary. It does not diagnose, makes no claim that a "
    "procedure helps, and approves nothing: a person decides."
)


class MilestoneOut(BaseModel):
    """One follow-up time: plain means of what was logged in its days."""

    time: str = Field(description="before, weeks_6_8, months_3, months_6, months_12 or now")
    first_on: date
    last_on: date
    days_logged: int
    pain: float | None
    relief_percent: float | None
    mme: float | None
    function: dict[str, float] = Field(
        description="score by questionnaire, answered within three weeks; lower is better"
    )


class SubjectOut(BaseModel):
    """The patient."""

    id: UUID
    name: str
    born_on: date
    mrn: str | None = Field(default=None, description="number of the clinic's record")


class TreatedOut(BaseModel):
    """The procedure."""

    id: UUID
    performed_on: date
    region: Region
    laterality: Laterality
    joints: list[str]
    nerves: list[str]
    technique: Technique | None
    cpt: list[str] = Field(description="CPT codes with their units, such as 64635 x 1")


def _example() -> JsonObject:
    kept = (
        "procedure_id",
        "as_of",
        "engine",
        "definition",
        "says",
        "phase",
        "baseline",
        "current",
        "watched_from",
        "followed_until",
        "closed_by",
        "onset_on",
        "onset_low",
        "onset_high",
        "return",
        "relief_days",
        "held_days",
        "spells",
        "censored",
        "medication",
        "side_effects",
        "adherence",
        "confounders",
        "why",
    )
    eligibility = cast("JsonObject", EligibilityOut.model_config["json_schema_extra"])
    time: JsonObject = {
        "first_on": "2025-06-26",
        "last_on": "2025-07-09",
        "days_logged": 12,
        "pain": 7.1,
        "relief_percent": None,
    }
    return {
        **{name: VERDICT[name] for name in kept},
        "patient": {
            "id": "0199a3c4-7d00-7a00-8000-000000000003",
            "name": "Ada Muster",
            "born_on": "1961-04-02",
            "mrn": "7",
        },
        "payer_has_policy": True,
        "procedure": {
            "id": VERDICT["procedure_id"],
            "performed_on": "2025-07-10",
            "region": "lumbar",
            "laterality": "left",
            "joints": ["L4-5", "L5-S1"],
            "nerves": ["L3", "L4", "L5 dorsal ramus"],
            "technique": "thermal",
            "cpt": ["64635 x 1", "64636 x 1"],
        },
        "milestones": [{"time": "before", **time, "mme": 20.0, "function": {"peg": 7.3}}],
        "eligibility": eligibility["example"],
        "decides": DECIDES,
    }


class FollowUpOut(BaseModel):
    """One procedure at follow-up, on one page."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"example": _example()})

    patient: SubjectOut
    procedure: TreatedOut
    procedure_id: UUID
    as_of: date
    engine: str
    definition: Definition
    says: str
    phase: Phase
    baseline: BaselineOut
    current: CurrentOut
    watched_from: date | None
    followed_until: date | None = Field(description="the day of what ended the watch; null while it goes on")
    closed_by: End | None = Field(description="what ended the watch")
    onset_on: date | None
    onset_low: date | None
    onset_high: date | None
    return_: ReturnOut = Field(validation_alias="return", serialization_alias="return")
    relief_days: int | None
    held_days: int | None
    spells: list[SpellOut]
    censored: bool
    medication: OpioidsOut
    milestones: list[MilestoneOut]
    side_effects: list[SideEffectOut]
    adherence: AdherenceOut
    confounders: list[ConfounderOut]
    why: list[ReasonOut]
    eligibility: EligibilityOut
    payer_has_policy: bool | None = Field(
        default=None,
        description="whether the policy that answers bears the payer's name; null where no payer is on record",
    )
    decides: str
