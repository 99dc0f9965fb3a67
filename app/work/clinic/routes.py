"""The caller's clinic: its settings and its staff."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Cursor, Limit, Page
from app.base.http.problems import problems
from app.work.clinic import all_clinics, service
from app.work.clinic.schemas import ClinicChange, ClinicMadeOut, ClinicOut, ClinicSizeOut, ColleagueOut, NewClinicIn

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


@router.get("/clinics", tags=["operators"], responses=problems(403))
async def list_clinics(
    caller: CallerDep, database: DatabaseDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ClinicSizeOut]:
    """Every clinic of the service by name and size, for operators."""
    return await all_clinics.list_all(database, caller, limit=limit, cursor=cursor)


@router.post(
    "/clinics",
    status_code=201,
    tags=["operators"],
    response_model=ClinicMadeOut,
    responses={201: {"model": ClinicMadeOut}, **problems(403, 409, 413)},
)
async def add_clinic(
    given: NewClinicIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Makes a clinic and its first admin, who chooses a password with the code; for operators."""
    made = await all_clinics.add(database, caller, new=given, once=once, now=now)
    return JSONResponse(made.body, made.status, headers={"Cache-Control": "no-store"})
