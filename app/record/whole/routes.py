"""Export, import and erasure of a patient's whole record."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.base.http.conditional import AsKnownOn
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.pools import HEAVY
from app.base.http.problems import problems
from app.base.http.wire import JsonObject, Line
from app.record.whole import bring_in, erase, export
from app.record.whole.read_in import read_record
from app.record.whole.schemas import ImportedOut, RecordOut

RECORD_LIMIT = 64 * 1024 * 1024  # bytes: ten years of long entries, each written several times
BODY: JsonObject = {  # read by `read_record` itself, aside
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RecordIn"}}},
}
router = APIRouter(prefix="/v1", tags=["records"])


@router.get("/patients/{patient_id}/record", response_model=RecordOut, responses=problems(403, 404))
async def export_record(
    patient_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    as_known_on: AsKnownOn = None,
) -> Response:
    """The whole record as one document, with every revision, for the patient to take along."""
    document = await export.export(database, caller, patient_id=patient_id, as_known_on=as_known_on, now=now)
    return Response(document, media_type="application/json")


@router.post(
    "/records",
    status_code=201,
    response_model=ImportedOut,
    responses={201: {"model": ImportedOut, "description": "Imported"}, **problems(403, 409, 413)},
    max_body_size=RECORD_LIMIT,
    openapi_extra={"requestBody": BODY},
)
async def import_record(
    request: Request, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Imports a record, with its ids, times and revisions: the whole of it, or nothing."""
    new = await HEAVY.run(partial(read_record, await request.body()), clinic_id=caller.clinic_id)
    answer = await bring_in.bring_in(database, caller, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers=answer.headers)


@router.delete("/patients/{patient_id}", status_code=204, responses=problems(403, 404))
async def erase_patient(
    patient_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    reason: Annotated[Line, Query(description="who asked for it, and why")],
) -> None:
    """Erases a patient on request: all rows and the account. A tombstone and the audit remain. It can't be undone."""
    await erase.erase(database, caller, patient_id=patient_id, reason=reason, now=now)
