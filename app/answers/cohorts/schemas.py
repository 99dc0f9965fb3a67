"""Cohorts on the wire."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.base.http.wire import Joint, JsonObject, Line, Nerve, RecentDay, Wire
from app.rules.outcome import Ended
from app.rules.words import Definition, Laterality, Region, Response, Technique

GroupBy = Literal["region", "laterality", "technique", "operator", "repeat", "joints", "nerves", "year"]
Failures = Literal["beside", "inside"]


class CohortQuery(Wire):
    """The filters of a cohort; a field that is left out does not filter."""

    region: Region | None = None
    laterality: Laterality | None = None
    technique: Technique | None = None
    operator: Line | None = None
    joint: Joint | None = Field(default=None, description="procedures at this joint, among others")
    nerve: Nerve | None = Field(default=None, description="procedures at this nerve, among others")
    temperature_from: float | None = Field(default=None, ge=37, le=100, description="°C")
    temperature_to: float | None = Field(default=None, ge=37, le=100)
    repeat: bool | None = Field(default=None, description="true: repeats only; false: first procedures only")
    block_percent_from: float | None = Field(default=None, ge=0, le=100, description="best relief of a block before")
    age_from: int | None = Field(default=None, ge=0, le=130, description="years on the day of the procedure")
    age_to: int | None = Field(default=None, ge=0, le=130)
    performed_from: RecentDay | None = None
    performed_to: RecentDay | None = None
    definition: Definition = "half"
    outside: bool = Field(
        default=False,
        description="the answer leaves the clinic: it holds only patients who agreed to research, and no figures of groups "
        "under five",
    )


class CohortCurves(CohortQuery):
    """The filters of a cohort, its groups, and how failures and the restricted mean are counted."""

    group_by: GroupBy | None = None
    failures: Failures = Field(
        default="beside",
        description="procedures without relief: `beside` the curve, or `inside` it as ended on day 0",
    )
    until: int = Field(default=365, ge=1, le=36_500, description="days to which the restricted mean is counted")


class CompetingOut(BaseModel):
    """Cumulative share that has ended by each cause (Aalen-Johansen), at each day of `days`."""

    days: list[float]
    return_: list[float] = Field(alias="return")
    repeat: list[float]
    surgery: list[float]
    death: list[float]


class GroupOut(BaseModel):
    """One group's curve."""

    group: str | None
    n: int = Field(description="procedures in the curve")
    events: int = Field(description="returns, and failures where they are counted inside")
    hidden: bool = Field(description="under five procedures, and the answer leaves the clinic: figures are left out")
    without_relief: int | None = Field(description="procedures that were judged and never reached half")
    without_relief_share: float | None = Field(description="of all procedures that were judged")
    not_judged: int | None = Field(description="procedures without a baseline or a diary, or in their first weeks")
    joined_late: int | None = Field(
        description="procedures whose diary begins in pain after day 56: whether there was relief is not known"
    )
    median_days: float | None
    median_low: float | None
    median_high: float | None
    median_days_inside: float | None = Field(description="the median with failures counted as ended on day 0")
    median_days_beside: float | None = Field(description="the median of those who had relief")
    restricted_mean_days: float | None
    days: list[float]
    survival: list[float]
    low: list[float | None] = Field(
        description="95 % interval, log(-log), with what procedures of one person have in common; null: not defined"
    )
    high: list[float | None]
    at_risk: list[int] = Field(description="who is followed on a day; a late joiner from the first entry on")
    competing: CompetingOut | None


class LogRankOut(BaseModel):
    """Log-rank test between the groups shown."""

    chi_square: float
    degrees_of_freedom: int
    p: float


def _example() -> JsonObject:
    group: JsonObject = {
        "group": "lumbar",
        "n": 6,
        "events": 4,
        "hidden": False,
        "without_relief": 1,
        "without_relief_share": 0.143,
        "not_judged": 0,
        "joined_late": 0,
        "median_days": 284,
        "median_low": 180,
        "median_high": None,
        "median_days_inside": 270,
        "median_days_beside": 284,
        "restricted_mean_days": 262.5,
        "days": [0, 180, 284],
        "survival": [1.0, 0.83, 0.42],
        "low": [1.0, 0.27, 0.06],
        "high": [1.0, 0.97, 0.77],
        "at_risk": [6, 6, 2],
        "competing": {
            "days": [180, 284],
            "return": [0.17, 0.58],
            "repeat": [0.0, 0.0],
            "surgery": [0.0, 0.0],
            "death": [0.0, 0.0],
        },
    }
    return {"definition": "half", "failures": "beside", "until": 365, "groups": [group], "log_rank": None, "stale": 0}


class CohortOut(BaseModel):
    """Kaplan-Meier curves of relief, by group."""

    model_config = ConfigDict(json_schema_extra={"example": _example()})

    definition: Definition
    failures: Failures
    until: int
    groups: list[GroupOut]
    log_rank: LogRankOut | None
    stale: int = Field(description="procedures of the clinic whose verdict is not up to date yet")


class CohortRowOut(BaseModel):
    """One procedure behind a curve."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "procedure_id": "0199a3c4-7d00-7a00-8000-000000000004",
                "group": "lumbar",
                "patient_id": "0199a3c4-7d00-7a00-8000-000000000003",
                "entered_days": 0,
                "relief_days": 284,
                "held_days": 274,
                "censored": False,
                "ended": "return",
                "performed_on": "2025-07-10",
                "region": "lumbar",
                "laterality": "left",
                "technique": "thermal",
                "repeat": False,
                "repeat_of": None,
                "staged_with": None,
                "age": 64,
                "response": "responder",
                "baseline_pain": 7.1,
            }
        }
    )

    procedure_id: UUID
    group: str | None
    patient_id: UUID = Field(description="several procedures of one person are not independent")
    entered_days: int = Field(
        description="days after the procedure on which the watch began: from then on at risk (delayed entry). "
        "0 where the diary begins within four weeks, in which no return can have been missed"
    )
    relief_days: int | None = Field(description="days from the procedure to the return, or to the end of the watch")
    held_days: int | None = Field(description="the same from the onset on")
    censored: bool | None = Field(description="null where nothing was judged, or relief was never reached")
    ended: Ended
    performed_on: date
    region: Region
    laterality: Laterality
    technique: Technique | None
    repeat: bool
    repeat_of: UUID | None
    staged_with: UUID | None
    age: int
    response: Response | None
    baseline_pain: float | None
