"""The policies."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.answers.eligibility import clinic_policies, service
from app.answers.eligibility.schemas import PolicyIn, PolicyOut
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Page
from app.base.http.problems import Responses, problems
from app.rules.policies import policies

router = APIRouter(prefix="/v1", tags=["policies"])
ADDED: Responses = {201: {"model": PolicyOut, "description": "Added, or an earlier text replaced"}}


@router.get("/policies", responses=problems())
async def list_policies(caller: CallerDep, database: DatabaseDep) -> Page[PolicyOut]:
    """Payers' and guidelines' rules for a repeat, each with its source, its versions and the days they are in force."""
    known = await clinic_policies.known(database, caller.clinic_id)
    return Page(items=[service.out(p, own=p.name not in policies()) for p in known.values()])


@router.post("/policies", status_code=201, response_model=PolicyOut, responses={**ADDED, **problems(403, 409, 413)})
async def add_policy(
    given: PolicyIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Adds a policy of the clinic's own from its TOML text; a later text of the same name replaces it."""
    answer = await clinic_policies.add(database, caller, given=given, once=once, now=now)
    return JSONResponse(answer.body, answer.status)


@router.delete("/policies/{name}", status_code=204, responses=problems(403, 404))
async def end_policy(
    name: Annotated[str, Path(max_length=60)], caller: CallerDep, database: DatabaseDep, now: Now
) -> None:
    """Ends one of the clinic's own policies."""
    await clinic_policies.end(database, caller, name=name, now=now)
