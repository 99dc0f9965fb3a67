"""The work list."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from app.accounts.deps import CallerDep
from app.conditional import CSV, Accept, Cursor, Limit
from app.flags import service
from app.flags.schemas import FlagOut, RuleIn, RuleOut
from app.once.deps import OnceDep
from app.problems import problems
from app.store.deps import DatabaseDep, Now
from app.store.sheets import listed
from app.wire import Page

router = APIRouter(prefix="/v1", tags=["flags"])


@router.get("/flags", response_model=Page[FlagOut], responses={**CSV, **problems(403)})
async def list_flags(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    patient_id: Annotated[UUID | None, Query(description="of one patient")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    accept: Accept = "application/json",
) -> Response:
    """Open flags, the newest first: red flags of the diary, and notes that mention a danger sign; a sheet by `Accept`."""
    rows, following = await service.page(database, caller, patient_id, limit, cursor, now)
    return listed(FlagOut, (row._asdict() for row in rows), following, accept)


@router.post(
    "/red_flags",
    status_code=201,
    response_model=RuleOut,
    responses={201: {"model": RuleOut, "description": "Added"}, **problems(403, 413)},
)
async def add_red_flag(new: RuleIn, caller: CallerDep, database: DatabaseDep, now: Now, once: OnceDep) -> Response:
    """Adds a red flag of the clinic's own: told to the patient in the same answer, from the next entry on."""
    answer = await service.add_rule(database, caller, new, once, now)
    return JSONResponse(answer.body, answer.status)


@router.get("/red_flags", responses=problems())
async def list_red_flags(caller: CallerDep, database: DatabaseDep) -> Page[RuleOut]:
    """The red flags that the clinic has added to the common ones."""
    rows = await service.list_rules(database, caller)
    return Page(items=[RuleOut.model_validate(row, from_attributes=True) for row in rows])
