"""Who treats a patient, and looking from outside for a reason that is on record."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.base.http.wire import Line
from app.record.patients.teams import service
from app.record.patients.teams.schemas import BreakGlassIn, MemberIn, MemberOut, OutsideOut

router = APIRouter(prefix="/v1", tags=["patients"])


@router.get("/patients/{patient_id}/team", responses=problems(403, 404))
async def list_team(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> Page[MemberOut]:
    """Who treats the patient; empty where all clinicians of the clinic do. It counts where the clinic works in teams."""
    return Page(items=await service.list_members(database, caller, patient_id=patient_id, now=now))


@router.post("/patients/{patient_id}/team", status_code=204, responses=problems(403, 404, 413))
async def add_to_team(patient_id: UUID, given: MemberIn, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Adds one of the staff to the patient's team."""
    await service.add(database, caller, patient_id=patient_id, account_id=given.account_id, now=now)


@router.delete("/patients/{patient_id}/team/{account_id}", status_code=204, responses=problems(403, 404))
async def remove_from_team(
    patient_id: UUID, account_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now
) -> None:
    """Takes one of the staff off the patient's team."""
    await service.remove(database, caller, patient_id=patient_id, account_id=account_id, now=now)


@router.post("/patients/{patient_id}/break_glass", status_code=204, responses=problems(403, 404, 409, 413))
async def break_glass(
    patient_id: UUID, given: BreakGlassIn, caller: CallerDep, database: DatabaseDep, now: Now
) -> None:
    """Opens a record to a clinician outside the team for four hours; the reason stands in the log of the patient."""
    await service.break_glass(database, caller, patient_id=patient_id, reason=given.reason, now=now)


@router.get("/outside_team", responses=problems(403))
async def list_outside_team(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    name: Annotated[Line, Query(min_length=3, max_length=200, description="part of the name")],
) -> Page[OutsideOut]:
    """Patients by name of whose team you are not: who they are, so that a record can be opened in an emergency."""
    return Page(items=await service.outside(database, caller, name=name, now=now))
