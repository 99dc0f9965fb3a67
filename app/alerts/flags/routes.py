"""The work list."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.alerts.flags import service
from app.alerts.flags.conditions import Severity
from app.alerts.flags.schemas import AnswerIn, FlagKind, FlagOut, FlagState, RuleIn, RuleOut, StepIn
from app.base.http.conditional import CSV, Accept, Cursor, IfMatch, Limit
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import OnceDep
from app.base.http.problems import problems
from app.base.http.sheets import listed
from app.base.http.wire import Page

router = APIRouter(prefix="/v1", tags=["flags"])


@router.get("/flags", response_model=Page[FlagOut], responses={**CSV, **problems(403)})
async def list_flags(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    patient_id: Annotated[UUID | None, Query(description="of one patient")] = None,
    kind: Annotated[FlagKind | None, Query(description="of one kind")] = None,
    state: Annotated[FlagState | None, Query(description="in one state; open and acknowledged where left out")] = None,
    severity: Annotated[Severity | None, Query(description="of one severity")] = None,
    owner_id: Annotated[UUID | None, Query(description="of one account")] = None,
    held_back: Annotated[bool, Query(description="those that the clinic's alarm budget holds back instead")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    accept: Accept = "application/json",
) -> Response:
    """What a person must look at, the newest first; flags that are over by `state`; a sheet by `Accept`.

    Red flags are raised by the write itself, the others when a verdict is made: by the worker or by whoever asks first.
    """
    states: list[str] = [state] if state else ["open", "acknowledged"]
    given = {"kind": kind, "severity": severity, "owner_id": owner_id}
    chosen = {name: value for name, value in given.items() if value is not None}
    rows, following = await service.page(database, caller, patient_id, chosen, states, held_back, limit, cursor, now)
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


@router.get("/flags/{flag_id}", responses=problems(403, 404))
async def read_flag(flag_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now, response: Response) -> FlagOut:
    """One flag with its steps, and an ETag."""
    row = await service.read(database, caller, flag_id, now)
    response.headers["ETag"] = service.tag_of(row)
    return service.out(row)


@router.post("/flags/{flag_id}/acknowledge", responses=problems(403, 404, 409, 412, 413))
async def acknowledge_flag(
    flag_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    given: StepIn | None = None,
    if_match: IfMatch = None,
) -> FlagOut:
    """Takes a flag up: whoever acknowledges it owns it, and it no longer escalates."""
    row = await service.step(database, caller, flag_id, "acknowledged", given or StepIn(), if_match, now)
    response.headers["ETag"] = service.tag_of(row)
    return service.out(row)


@router.post("/flags/{flag_id}/resolve", responses=problems(403, 404, 409, 412, 413))
async def resolve_flag(
    flag_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    given: StepIn | None = None,
    if_match: IfMatch = None,
) -> FlagOut:
    """Ends a flag; its cause raises no other for as long as it lasts without a break."""
    row = await service.step(database, caller, flag_id, "resolved", given or StepIn(), if_match, now)
    response.headers["ETag"] = service.tag_of(row)
    return service.out(row)


@router.post("/flags/{flag_id}/answer", responses=problems(403, 404, 409, 412, 413))
async def answer_flag(
    flag_id: UUID,
    given: AnswerIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> FlagOut:
    """The patient's word when a return is likely: she is asked first. If the pain is back, somebody must look soon."""
    row = await service.answer(database, caller, flag_id, given, if_match, now)
    response.headers["ETag"] = service.tag_of(row)
    return service.out(row)
