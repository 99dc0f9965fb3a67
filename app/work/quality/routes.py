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
    acknowledged: int
    lapsed: int = Field(description="lapsed by themselves before anybody acknowledged them")
    open: int


class QualityOut(BaseModel):
    """How well the clinic follows its patients."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "adherence": [{"month": 1, "possible": 360, "logged": 322, "share": 0.894}],
                "alarms": [{"kind": "pain_return", "raised": 4, "acknowledged": 3, "lapsed": 1, "open": 1}],
                "returns": 4,
                "reviewed": 3,
                "within_14": 0.75,
                "days_to_review": 2.5,
            }
        },
    )

    adherence: list[DiaryKeepingOut]
    alarms: list[AlarmsOut]
    returns: int = Field(description="returns that were flagged")
    reviewed: int
    within_14: float | None = Field(description="share of flagged returns with a review within 14 days")
    days_to_review: float | None = Field(description="median, of those that were reviewed")


@router.get("/quality", responses=problems(403))
async def read_quality(caller: CallerDep, database: DatabaseDep, now: Now) -> QualityOut:
    """Diary adherence by month, what became of flags, and how soon a return was reviewed."""
    found = await service.read(database, caller, now)
    adherence = [
        {"month": a.month, "possible": a.possible, "logged": a.logged, "share": a.share} for a in found.adherence
    ]
    return QualityOut.model_validate({**vars(found), "adherence": adherence, "alarms": [vars(a) for a in found.alarms]})
