"""The caller's clinic: its settings and its staff."""

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.base.http.wire import Page
from app.work.clinic import service
from app.work.clinic.schemas import ClinicChange, ClinicOut, ColleagueOut

router = APIRouter(prefix="/v1", tags=["clinic"])


@router.get("/clinic", responses=problems(403))
async def read_clinic(caller: CallerDep, database: DatabaseDep, now: Now) -> ClinicOut:
    """How the clinic wants to be served, and how much of its alarm budget is used."""
    return ClinicOut.model_validate(await service.read(database, caller, now))


@router.patch("/clinic", responses=problems(403, 413))
async def change_clinic(given: ClinicChange, caller: CallerDep, database: DatabaseDep, now: Now) -> ClinicOut:
    """Changes the alarm budget, or who is handed a flag and in which order."""
    return ClinicOut.model_validate(await service.change(database, caller, given, now))


@router.get("/colleagues", responses=problems(403))
async def list_colleagues(caller: CallerDep, database: DatabaseDep) -> Page[ColleagueOut]:
    """The clinic's staff."""
    rows = await service.list_colleagues(database, caller)
    return Page(items=[ColleagueOut.model_validate(row, from_attributes=True) for row in rows])
