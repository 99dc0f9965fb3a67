"""Rhizotomies."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Row

from app.accounts.deps import CallerDep
from app.conditional import Cursor, IfMatch, IfNoneMatch, Limit, matches
from app.problems import problems
from app.procedures import service
from app.procedures.schemas import ProcedureChange, ProcedureIn, ProcedureOut
from app.store.deps import DatabaseDep, Now
from app.wire import Page

router = APIRouter(prefix="/v1", tags=["procedures"])


def out(row: Row[Any]) -> ProcedureOut:
    """A row as it goes over the wire."""
    return ProcedureOut.model_validate(row, from_attributes=True)


@router.post("/patients/{patient_id}/procedures", status_code=201, responses=problems(403, 404, 413))
async def create_procedure(
    patient_id: UUID, new: ProcedureIn, caller: CallerDep, database: DatabaseDep, now: Now, response: Response
) -> ProcedureOut:
    """Records a rhizotomy."""
    row = await service.create(database, caller, patient_id, new, now)
    response.headers["ETag"] = service.procedure_tag(row)
    response.headers["Location"] = f"/v1/procedures/{row.id}"
    return out(row)


@router.get("/patients/{patient_id}/procedures", responses=problems(403, 404))
async def list_procedures(
    patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now, limit: Limit = 50, cursor: Cursor = None
) -> Page[ProcedureOut]:
    """A patient's rhizotomies, in the order in which they were recorded."""
    rows, following = await service.page(database, caller, patient_id, limit, cursor, now)
    return Page(items=[out(row) for row in rows], next=following)


@router.get("/procedures/{procedure_id}", responses={304: {"description": "You have it"}, **problems(403, 404)})
async def read_procedure(
    procedure_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> ProcedureOut:
    """One rhizotomy, with an ETag."""
    row = await service.read(database, caller, procedure_id, now)
    tag = service.procedure_tag(row)
    if matches(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})  # type: ignore[return-value]  # no body to model
    response.headers["ETag"] = tag
    return out(row)


@router.patch("/procedures/{procedure_id}", responses=problems(403, 404, 412, 413))
async def change_procedure(
    procedure_id: UUID,
    changes: ProcedureChange,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> ProcedureOut:
    """Changes what is given; with `If-Match`, only if nobody else has changed the row since."""
    row = await service.change(database, caller, procedure_id, changes, if_match, now)
    response.headers["ETag"] = service.procedure_tag(row)
    return out(row)
