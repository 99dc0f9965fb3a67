"""The clinic's sites, and which of them a patient belongs to."""

from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.record.patients.sites import service
from app.record.patients.sites.schemas import ClinicSiteOut, SiteChange, SiteIn, SiteOfIn, SiteOfOut

router = APIRouter(prefix="/v1", tags=["clinic"])


@router.get("/sites", responses=problems(403))
async def list_sites(caller: CallerDep, database: DatabaseDep) -> Page[ClinicSiteOut]:
    """The clinic's sites, with where they are and their numbers."""
    return Page(items=await service.list_all(database, caller))


@router.post(
    "/sites",
    status_code=201,
    response_model=ClinicSiteOut,
    responses={201: {"model": ClinicSiteOut}, **problems(403, 409, 413)},
)
async def add_site(
    given: SiteIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """A new site; for admins."""
    answer = await service.add(database, caller, new=given, once=once, now=now)
    return JSONResponse(answer.body, answer.status)


@router.patch("/sites/{site_id}", responses=problems(403, 404, 409, 413))
async def change_site(
    site_id: UUID, given: SiteChange, caller: CallerDep, database: DatabaseDep, now: Now
) -> ClinicSiteOut:
    """Changes a site, closes it or opens it again; what took place there stays."""
    return await service.change(database, caller, site_id=site_id, given=given, now=now)


@router.get("/patients/{patient_id}/site", responses=problems(403, 404))
async def read_site_of(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> SiteOfOut:
    """The site that the patient belongs to."""
    return await service.of_patient(database, caller, patient_id=patient_id, now=now)


@router.put("/patients/{patient_id}/site", responses=problems(403, 404, 413))
async def set_site_of(
    patient_id: UUID, given: SiteOfIn, caller: CallerDep, database: DatabaseDep, now: Now
) -> SiteOfOut:
    """Says which site the patient belongs to; null takes it away."""
    return await service.set_of_patient(database, caller, patient_id=patient_id, site_id=given.site_id, now=now)
