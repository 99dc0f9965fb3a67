"""The clinic's patients."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Row

from app.access.accounts.deps import CallerDep
from app.base.http.conditional import CSV, Accept, Cursor, IfMatch, IfNoneMatch, Limit, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import OnceDep
from app.base.http.problems import problems
from app.base.http.sheets import listed
from app.base.http.wire import Page
from app.record.patients import service
from app.record.patients.schemas import PatientChange, PatientIn, PatientOut
from app.record.revisions.schemas import RevisionOut
from app.record.revisions.service import out as revision_out

router = APIRouter(prefix="/v1/patients", tags=["patients"])


def out(row: Row[Any]) -> PatientOut:
    """A row as it goes over the wire."""
    return PatientOut.model_validate(row, from_attributes=True)


@router.post(
    "",
    status_code=201,
    response_model=PatientOut,
    responses={201: {"model": PatientOut, "description": "Recorded"}, **problems(403, 413)},
)
async def create_patient(new: PatientIn, caller: CallerDep, database: DatabaseDep, now: Now, once: OnceDep) -> Response:
    """A new patient of the caller's clinic."""
    answer = await service.create(database, caller, new, once, now)
    return JSONResponse(answer.body, answer.status, headers=answer.headers)


@router.get("", response_model=Page[PatientOut], responses={**CSV, **problems(403)})
async def list_patients(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    limit: Limit = 50,
    cursor: Cursor = None,
    accept: Accept = "application/json",
) -> Response:
    """The patients within the caller's reach: the clinic's, or herself; as a sheet by `Accept: text/csv`."""
    rows, following = await service.page(database, caller, limit, cursor, now)
    return listed(PatientOut, (row._asdict() for row in rows), following, accept)


@router.get("/{patient_id}", responses={304: {"description": "You have it"}, **problems(403, 404)})
async def read_patient(
    patient_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> PatientOut:
    """One patient, with an ETag."""
    row = await service.read(database, caller, patient_id, now)
    tag = service.patient_tag(row)
    if matches(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})  # type: ignore[return-value]  # no body to model
    response.headers["ETag"] = tag
    return out(row)


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
    row = await service.change(database, caller, patient_id, changes, if_match, now)
    response.headers["ETag"] = service.patient_tag(row)
    return out(row)


@router.get("/{patient_id}/history", responses=problems(403, 404))
async def history_of_patient(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> Page[RevisionOut]:
    """Every revision of the row in order: who, when, why."""
    return Page(items=[revision_out(row) for row in await service.story(database, caller, patient_id, now)])
