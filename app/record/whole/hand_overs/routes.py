"""Handing a patient over to another clinic."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from app.access.accounts.attempts import CODES, attempt, bucket, network_of
from app.access.accounts.deps import CallerDep
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.record.whole.hand_overs import service
from app.record.whole.hand_overs.schemas import HandOverIn, HandOverMadeOut, HandOverOut
from app.record.whole.schemas import ImportedOut

router = APIRouter(prefix="/v1", tags=["records"])


@router.post(
    "/patients/{patient_id}/hand_overs",
    status_code=201,
    response_model=HandOverMadeOut,
    responses={201: {"model": HandOverMadeOut}, **problems(403, 404, 409, 413)},
)
async def make_hand_over(
    patient_id: UUID, given: HandOverIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """A code with which another clinic brings the whole record over, once; only this answer shows it.

    A patient makes it for themselves; the staff say how the patient agreed.
    """
    answer = await service.make(database, caller, patient_id=patient_id, given=given, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers={"Cache-Control": "no-store"})


@router.get("/patients/{patient_id}/hand_overs", responses=problems(403, 404))
async def list_hand_overs(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> Page[HandOverOut]:
    """To whom the record was handed over, or may be."""
    return Page(items=await service.list_of(database, caller, patient_id=patient_id, now=now))


@router.delete("/patients/{patient_id}/hand_overs/{hand_over_id}", status_code=204, responses=problems(403, 404, 409))
async def withdraw_hand_over(
    patient_id: UUID, hand_over_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now
) -> None:
    """Makes a code worthless that nobody has used."""
    await service.withdraw(database, caller, patient_id=patient_id, hand_over_id=hand_over_id, now=now)


@router.post(
    "/hand_overs/{code}/take",
    status_code=201,
    response_model=ImportedOut,
    responses={201: {"model": ImportedOut, "description": "Brought in"}, **problems(403, 404, 409, 429)},
)
async def take_over(
    request: Request,
    code: Annotated[str, Path(max_length=100)],
    *,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    once: IdempotentCallDep,
) -> Response:
    """Brings the record that a code is for into your clinic, for clinicians. The clinic that gave it keeps its own; both
    logs say so."""
    guess = bucket(CODES, network_of(address_of(request)))
    async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
        answer = await service.take(database, caller, code, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers=answer.headers)
