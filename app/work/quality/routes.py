"""The clinic's quality figures."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.work.quality import service

router = APIRouter(prefix="/v1", tags=["cohorts"])


class DiaryKeepingOut(BaseModel):
    """Diary adherence in one month after the procedure."""

    month: int
    possible: int = Field(description="patient-days that could have an entry")
    logged: int
    share: float | None


class AlarmsOut(BaseModel):
    """Flags of one kind."""

    kind: str
    raised: int
    acknowledged: int = Field(description="taken up by a person")
    lapsed: int = Field(description="lapsed by themselves before anybody took them up")
    open: int


class QualityOut(BaseModel):
    """How well the clinic follows its patients."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "adherence": [{"month": 1, "possible": 360, "logged": 322, "share": 0.894}],
                "alarms": [{"kind": "pain_return", "raised": 4, "acknowledged": 3, "lapsed": 1, "open": 1}],
                "patient_years": 12.5,
                "flags": 31,
                "flags_a_patient_year": 2.48,
                "closed": 24,
                "closed_without_action": 2,
                "returns": 4,
                "settled": 3,
                "stood": 3,
                "precision": 1.0,
                "reviewed": 3,
                "due": 4,
                "within_14": 0.75,
                "days_to_review": 2.5,
            }
        },
    )

    adherence: list[DiaryKeepingOut]
    alarms: list[AlarmsOut]
    patient_years: float = Field(description="from each patient's first procedure to today")
    flags: int = Field(description="flags of every kind that were shown")
    flags_a_patient_year: float | None
    closed: int = Field(description="flags that are over")
    closed_without_action: int = Field(description="those of them for which no person did anything")
    returns: int = Field(description="returns that were flagged")
    settled: int = Field(description="returns flagged over 42 days ago")
    stood: int = Field(description="those of them that entries of those 42 days have not taken back")
    precision: float | None = Field(description="`stood` as a share of `settled`")
    reviewed: int = Field(description="returns with a step by a person, on the flag or on a review of the procedure")
    due: int = Field(description="returns flagged over 14 days ago")
    within_14: float | None = Field(
        description="share of `due` with a person's first step in 14 days: one that nobody answered counts against it"
    )
    days_to_review: float | None = Field(description="median, from the flag to that step, of those that have one")


@router.get("/quality", responses=problems(403))
async def read_quality(caller: CallerDep, database: DatabaseDep, now: Now) -> QualityOut:
    """Diary adherence by month, what became of flags, and how soon a person answered a return."""
    found = await service.read(database, caller, now)
    adherence = [
        {"month": a.month, "possible": a.possible, "logged": a.logged, "share": a.share} for a in found.adherence
    ]
    return QualityOut.model_validate({**vars(found), "adherence": adherence, "alarms": [vars(a) for a in found.alarms]})
