"""The clinic's patients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.base.http.conditional import NOT_MODIFIED, IfMatch, IfNoneMatch, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Cursor, Limit, Page
from app.base.http.problems import problems
from app.base.http.sheets import CSV, Accept, listed
from app.base.store.typed import col
from app.record.patients import service
from app.record.patients.schemas import PatientChange, PatientIn, PatientOut
from app.record.patients.sites.service import belongs_to
from app.record.patients.tables import Patient
from app.record.revisions.schemas import RevisionOut

router = APIRouter(prefix="/v1/patients", tags=["patients"])


@router.post(
    "",
    status_code=201,
    response_model=PatientOut,
    responses={201: {"model": PatientOut, "description": "Recorded"}, **problems(403, 409, 413)},
)
async def create_patient(
    new: PatientIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """A new patient of the caller's clinic."""
    answer = await service.create(database, caller, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers=answer.headers)


@router.get("", response_model=Page[PatientOut], responses={**CSV, **problems(403)})
async def list_patients(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    site_id: Annotated[UUID | None, Query(description="only those who belong to one site")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    accept: Accept = "application/json",
) -> Response:
    """The patients that the caller may see: the clinic's, or only themselves; as a sheet by `Accept: text/csv`."""
    of_site = None
    if site_id is not None:
        of_site = belongs_to(site_id, clinic_id=col(Patient.clinic_id), patient_id=col(Patient.id))
    people, following = await service.list_patients(database, caller, limit=limit, cursor=cursor, now=now, only=of_site)
    return await listed(PatientOut, people, following=following, accept=accept)


@router.get("/{patient_id}", responses={**NOT_MODIFIED, **problems(403, 404)})
async def read_patient(
    patient_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> PatientOut:
    """One patient, with an ETag."""
    person = await service.read(database, caller, patient_id=patient_id, now=now)
    tag = service.patient_tag(person)
    if matches(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})  # type: ignore[return-value]  # no body to model
    response.headers["ETag"] = tag
    return PatientOut.model_validate(person)


@router.patch("/{patient_id}", responses=problems(403, 404, 412, 413))
async def change_patient(
    patient_id: UUID,
    changes: PatientChange,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> PatientOut:
    """Changes what is given; with `If-Match`, only if nobody else has changed the row since."""
    person = await service.change(database, caller, patient_id=patient_id, changes=changes, if_match=if_match, now=now)
    response.headers["ETag"] = service.patient_tag(person)
    return PatientOut.model_validate(person)


@router.get("/{patient_id}/history", responses=problems(403, 404))
async def history_of_patient(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> Page[RevisionOut]:
    """Every revision of the row in order: who, when, why."""
    return Page(items=await service.history(database, caller, patient_id=patient_id, now=now))
