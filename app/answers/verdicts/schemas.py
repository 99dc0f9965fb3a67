"""The verdict's JSON, for the OpenAPI document; `verdict_json.py` builds it, and a test checks it against this."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Instant, JsonObject
from app.rules.outcome import End
from app.rules.words import Definition, Laterality, Phase, Region, Response


class VerdictPart(BaseModel):
    """A part of the verdict."""

    model_config = ConfigDict(extra="forbid")


class BaselineOut(VerdictPart):
    """The pain that relief is measured against."""

    pain: float | None
    source: Literal["diary", "clinic", "course", "unknown"] = Field(
        description="`course`: before the first date of a treatment in several stages"
    )
    days: int
    thin: bool = Field(description="fewer than five logged days")


class CurrentOut(VerdictPart):
    """The level of pain beneath daily noise with its 90 % interval; the mean of seven days; relief in percent."""

    level: float | None
    low: float | None
    high: float | None
    mean_7d: float | None
    relief_percent: float | None = Field(description="modelled, from the level")
    relief_written_percent: float | None = Field(
        description="as written: from the mean of the last seven logged days within two weeks"
    )


class ReturnOut(VerdictPart):
    """Chance that the first spell of relief has ended; the day it did, with its 90 % interval."""

    probability: float
    on: date | None
    low: date | None
    high: date | None


class SpellOut(VerdictPart):
    """A stretch of relief that counts."""

    from_on: date | None = Field(description="null where it began before the diary did")
    to_on: date | None = Field(description="the day of its return; null while it lasts")
    days: int
    settled: bool = Field(description="its return has stood for 42 days: later days no longer move it")


class OwnCohortOut(VerdictPart):
    """How long relief lasts in the clinic by definition `half`: the median and the SD of the natural logarithm of the days
    from the procedure, as fitted to returns and to reliefs that hold, and the number of returns. The literature weighs
    beside it as much as ten returns."""

    median_days: float
    log_sd: float
    n: int


class ForecastOut(VerdictPart):
    """While relief holds: by when the return will have come."""

    return_within_90_days: float
    median_on: date = Field(description="the day by which half have returned")
    low: date
    high: date
    cohort: OwnCohortOut | None = Field(
        description="what of the clinic it heeds; null: none, as by another definition or `as_known_on`"
    )


class OpioidsOut(VerdictPart):
    """Opioids before and now, in MME a day; `masked` where a rising dose may hide rising pain."""

    mme_before: float | None
    mme_now: float | None
    change_percent: float | None
    masked: bool


class ActivityOut(VerdictPart):
    """Steps a day before and now."""

    steps_before: float | None
    steps_now: float | None


class SideEffectOut(VerdictPart):
    """One episode of a side effect since the procedure."""

    kind: str
    first_on: date
    last_on: date
    days: int
    resolved: bool
    most_severe: int | None = Field(description="1 to 4")
    expected: bool = Field(description="every report was usual for its kind and day: reassure")
    lasting: bool = Field(description="it has outlasted its usual time: to be looked at within days")


class AdherenceOut(VerdictPart):
    """How complete the diary is."""

    logged: int
    expected: int
    longest_gap: int


class ConfounderOut(VerdictPart):
    """Something that could make the verdict misleading."""

    kind: str
    says: str


class ReasonOut(VerdictPart):
    """An entry that weighed heavily in the verdict."""

    date: date
    says: str


class SideOut(VerdictPart):
    """One side of a bilateral procedure, judged by its own scores."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    side: Literal["left", "right"]
    phase: Phase
    relief_percent: float | None = Field(description="modelled, from the level")
    onset_on: date | None
    onset_low: date | None
    onset_high: date | None
    return_: ReturnOut = Field(validation_alias="return", serialization_alias="return")
    relief_days: int | None
    held_days: int | None
    spells: list[SpellOut]


class CourseOut(VerdictPart):
    """A repeat against the pain before the first procedure at a level and side in common."""

    baseline_pain: float
    relief_percent: float | None = Field(description="modelled, from the level")


class DaysOut(VerdictPart):
    """The daily series in columns of the same length, from the day after the procedure."""

    date: list[date]
    average: list[float | None]
    worst: list[float | None]
    level: list[float | None]
    low: list[float | None]
    high: list[float | None]
    relief_percent: list[float | None]
    return_probability: list[float]
    phase: list[Phase]
    opioid_mme: list[float | None]
    steps: list[float | None]


EXAMPLE: JsonObject = {
    "procedure_id": "0199a3c4-7d00-7a00-8000-000000000004",
    "as_of": "2026-05-01",
    "as_known_on": None,
    "engine": "relief/3",
    "definition": "half",
    "says": "Left L4-S1, 295 days ago. Relief 45 % (definition half); pain returned on 20 April 2026 after 284 days "
    "(6 April 2026 to 1 May 2026), probability 0.98; opioids down 75 %; diary 82 % complete.",
    "watched_from": "2025-07-11",
    "followed_until": None,
    "closed_by": None,
    "phase": "returned",
    "response": "responder",
    "baseline": {"pain": 7.1, "source": "diary", "days": 12, "thin": False},
    "current": {
        "level": 3.9,
        "low": 3.2,
        "high": 4.6,
        "mean_7d": 4.1,
        "relief_percent": 45.1,
        "relief_written_percent": 42.3,
    },
    "course": None,
    "onset_on": "2025-07-20",
    "onset_low": "2025-07-16",
    "onset_high": "2025-07-25",
    "return": {"probability": 0.98, "on": "2026-04-20", "low": "2026-04-06", "high": "2026-05-01"},
    "relief_days": 284,
    "held_days": 274,
    "spells": [{"from_on": "2025-07-20", "to_on": "2026-04-20", "days": 274, "settled": False}],
    "censored": False,
    "forecast": None,
    "medication": {"mme_before": 20.0, "mme_now": 5.0, "change_percent": -75.0, "masked": False},
    "activity": {"steps_before": 3100, "steps_now": 5200},
    "side_effects": [
        {
            "kind": "numbness",
            "first_on": "2025-07-11",
            "last_on": "2025-08-02",
            "days": 23,
            "resolved": True,
            "most_severe": 1,
            "expected": True,
            "lasting": False,
        }
    ],
    "adherence": {"logged": 241, "expected": 295, "longest_gap": 9},
    "confounders": [],
    "why": [{"date": "2026-04-28", "says": "average 5, expected 2.1 in relief"}],
    "sides": [],
    "days": {
        "date": ["2025-07-11"],
        "average": [6.0],
        "worst": [8.0],
        "level": [6.1],
        "low": [5.0],
        "high": [7.2],
        "relief_percent": [14.1],
        "return_probability": [0.0],
        "phase": ["settling"],
        "opioid_mme": [20.0],
        "steps": [3100.0],
    },
}


class VerdictOut(VerdictPart):
    """The whole answer for one procedure as of one day."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, json_schema_extra={"example": EXAMPLE})

    procedure_id: UUID
    as_of: date
    as_known_on: Instant | None
    engine: str
    definition: Definition
    says: str = Field(description="the answer in a sentence, as the page and the report have it")
    watched_from: date | None = Field(description="the first day after the procedure that the diary speaks for")
    followed_until: date | None = Field(description="the day of what ended the watch; null while it goes on")
    closed_by: End | None = Field(description="what ended it: later entries belong to a repeat, or are not judged")
    phase: Phase
    response: Response | None
    baseline: BaselineOut
    current: CurrentOut
    course: CourseOut | None = Field(description="null where the procedure repeats none, or that baseline is not known")
    onset_on: date | None = Field(description="the first day of the first spell of relief")
    onset_low: date | None = Field(description="the onset's 90 % interval")
    onset_high: date | None
    return_: ReturnOut = Field(validation_alias="return", serialization_alias="return")
    relief_days: int | None = Field(description="from the procedure to the return, or to the end of the watch")
    held_days: int | None = Field(description="from the onset to the return, or to the end of the watch")
    spells: list[SpellOut] = Field(description="every spell of relief; the fields above speak of the first")
    censored: bool
    forecast: ForecastOut | None
    medication: OpioidsOut
    activity: ActivityOut
    side_effects: list[SideEffectOut]
    adherence: AdherenceOut
    confounders: list[ConfounderOut]
    why: list[ReasonOut]
    sides: list[SideOut]
    days: DaysOut


class FunctionOut(VerdictPart):
    """One questionnaire before the procedure and after it; lower is better."""

    kind: str
    before: float | None
    after: float | None = Field(description="the last from the sixth week on")
    meaningful: bool | None = Field(description="whether the score has fallen by a meaningful change; null: not known")


class EpisodeOut(VerdictPart):
    """Summary of one procedure."""

    procedure_id: UUID
    performed_on: date
    staged_with: UUID | None
    repeat_of: UUID | None
    phase: Phase
    response: Response | None
    relief_percent: float | None = Field(description="median of the days in relief")
    onset_on: date | None
    returned_on: date | None
    relief_days: int | None
    held_days: int | None
    censored: bool
    baseline_pain: float | None
    mme_before: float | None
    mme_now: float | None
    medication: dict[str, str] = Field(
        description="by kind: started, stopped, up, down, same, mixed, unknown, the last two weeks against before"
    )
    function: list[FunctionOut]
    as_long_as_first: bool | None = Field(
        description="whether relief held as long as after the first at this site; null while that is open or not known"
    )


class SiteOut(VerdictPart):
    """One site with its episodes in order."""

    region: Region
    laterality: Laterality
    episodes: list[EpisodeOut]


class TreatmentOut(VerdictPart):
    """One procedure, or a staged pair with its two dates."""

    procedure_ids: list[UUID]
    performed_on: list[date]
    staged: bool


class SuccessiveOut(VerdictPart):
    """A patient's procedures side by side."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                "as_of": "2026-05-01",
                "definition": "half",
                "sites": [
                    {
                        "region": "lumbar",
                        "laterality": "left",
                        "episodes": [
                            {
                                "procedure_id": "0199a3c4-7d00-7a00-8000-000000000004",
                                "performed_on": "2025-07-10",
                                "staged_with": None,
                                "repeat_of": None,
                                "phase": "returned",
                                "response": "responder",
                                "relief_percent": 71.4,
                                "onset_on": "2025-07-20",
                                "returned_on": "2026-04-20",
                                "relief_days": 284,
                                "held_days": 274,
                                "censored": False,
                                "baseline_pain": 7.1,
                                "mme_before": 20.0,
                                "mme_now": 5.0,
                                "medication": {"opioid": "down"},
                                "function": [{"kind": "peg", "before": 7.0, "after": 3.0, "meaningful": True}],
                                "as_long_as_first": None,
                            }
                        ],
                    }
                ],
                "treatments": [
                    {
                        "procedure_ids": ["0199a3c4-7d00-7a00-8000-000000000004"],
                        "performed_on": ["2025-07-10"],
                        "staged": False,
                    }
                ],
            }
        },
    )

    patient_id: UUID
    as_of: date
    definition: Definition
    sites: list[SiteOut]
    treatments: list[TreatmentOut]
