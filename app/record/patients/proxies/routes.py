"""Somebody whom a patient lets read, or write for them."""

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
from app.record.patients.proxies import service
from app.record.patients.proxies.schemas import ActsForOut, ProxyIn, ProxyMadeOut, ProxyOut

router = APIRouter(prefix="/v1", tags=["patients"])


@router.get("/patients/{patient_id}/proxies", responses=problems(403, 404))
async def list_proxies(patient_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> Page[ProxyOut]:
    """Who may read the patient's record, or write for them."""
    return Page(items=await service.list_of(database, caller, patient_id=patient_id, now=now))


@router.post(
    "/patients/{patient_id}/proxies",
    status_code=201,
    response_model=ProxyMadeOut,
    responses={201: {"model": ProxyMadeOut}, **problems(403, 404, 409, 413)},
)
async def let_act(
    patient_id: UUID, given: ProxyIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Lets somebody read, or write for the patient, once they use the code; only this answer shows it.

    A patient does so for themselves; the staff for a minor, or where a carer keeps the diary.
    """
    answer = await service.let(database, caller, patient_id=patient_id, new=given, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers={"Cache-Control": "no-store"})


@router.delete("/patients/{patient_id}/proxies/{proxy_id}", status_code=204, responses=problems(403, 404))
async def end_proxy(patient_id: UUID, proxy_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Ends it at once."""
    await service.end(database, caller, patient_id=patient_id, proxy_id=proxy_id, now=now)


@router.get("/me/acts_for", responses=problems())
async def list_acts_for(caller: CallerDep, database: DatabaseDep, now: Now) -> Page[ActsForOut]:
    """Whom you may act for; name one of them in the header `Reprieve-For`."""
    return Page(items=await service.acts_for(database, caller, now))


@router.post("/proxies/{code}/accept", responses=problems(403, 404, 429))
async def accept_proxy(
    request: Request, code: Annotated[str, Path(max_length=100)], *, caller: CallerDep, database: DatabaseDep, now: Now
) -> ProxyOut:
    """Lets the account that you have act for somebody; who has none makes one at `/v1/invitations/{code}/accept`."""
    guess = bucket(CODES, network_of(address_of(request)))
    async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
        return await service.accept(database, caller, code, now=now)
