"""Invites a patient, and makes the patient's account."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from app.access.accounts.attempts import CODES, attempt, bucket, network_of
from app.access.accounts.deps import CallerDep
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.problems import Responses, problems
from app.record.patients.invitations import service
from app.record.patients.invitations.schemas import AcceptIn, AccountOut, InvitationOut

router = APIRouter(prefix="/v1", tags=["accounts"])
INVITED: Responses = {201: {"model": InvitationOut, "description": "Invited"}}


@router.post(
    "/patients/{patient_id}/invitations",
    status_code=201,
    response_model=InvitationOut,
    responses={**INVITED, **problems(403, 404, 409)},
)
async def invite(
    patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """A code with which the patient makes an account, good for two weeks and once. Only this answer shows it."""
    answer = await service.invite(database, caller, patient_id=patient_id, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers={"Cache-Control": "no-store"})


@router.post("/invitations/{code}/accept", status_code=201, responses=problems(403, 404, 409, 413, 429))
async def accept(
    request: Request,
    code: Annotated[str, Path(max_length=100)],
    *,
    given: AcceptIn,
    database: DatabaseDep,
    now: Now,
) -> AccountOut:
    """Makes the account that a code is for, with a name and a password of one's choice. The code stands for a token."""
    guess = bucket(CODES, network_of(address_of(request)))
    async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
        return await service.accept(database, code, given=given, now=now)
