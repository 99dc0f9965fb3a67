"""The caller's clinic: its settings and its staff."""

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.work.clinic import service
from app.work.clinic.schemas import ClinicChange, ClinicOut, ColleagueOut

router = APIRouter(prefix="/v1", tags=["clinic"])


@router.get("/clinic", responses=problems(403))
async def read_clinic(caller: CallerDep, database: DatabaseDep, now: Now) -> ClinicOut:
    """The clinic's settings, and how much of its alarm budget is used."""
    return await service.read(database, caller, now)


@router.patch("/clinic", responses=problems(403, 413))
async def change_clinic(given: ClinicChange, caller: CallerDep, database: DatabaseDep, now: Now) -> ClinicOut:
    """Changes the clinic's name, time zone, numbers to call, alarm budget, or the staff to whom a flag is handed in turn."""
    return await service.change(database, caller, given=given, now=now)


@router.get("/colleagues", responses=problems(403))
async def list_colleagues(caller: CallerDep, database: DatabaseDep) -> Page[ColleagueOut]:
    """The clinic's staff."""
    return Page(items=await service.list_colleagues(database, caller))
