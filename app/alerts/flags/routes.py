"""The routes of flags."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.access.accounts.shown import shown_to
from app.alerts.flags import handling, listing, service
from app.alerts.flags.schemas import AnswerIn, CallIn, FlagKind, FlagOut, FlagState, HandIn, RuleIn, RuleOut, StepIn
from app.base.http.conditional import IfMatch
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Cursor, Limit, Page
from app.base.http.problems import problems
from app.base.http.sheets import CSV, Accept, listed
from app.rules.words import Severity

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
    """Flags, the newest first; resolved and lapsed ones by `state`; CSV by `Accept`.

    Red flags are raised by the write itself, the others when a verdict is made: by the worker or a call that needs it.
    """
    asked = listing.FlagQuery(
        states=(state,) if state else ("open", "acknowledged"),
        patient_id=patient_id,
        kind=kind,
        severity=severity,
        owner_id=owner_id,
        held_back=held_back,
    )
    flags, following = await listing.list_flags(database, caller, asked, limit=limit, cursor=cursor, now=now)
    told = (shown_to(caller, service.out(one)) for one in flags)
    return await listed(FlagOut, told, following=following, accept=accept)


@router.post(
    "/red_flags",
    status_code=201,
    response_model=RuleOut,
    responses={201: {"model": RuleOut, "description": "Added"}, **problems(403, 409, 413)},
)
async def add_red_flag(
    new: RuleIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Adds a red flag of the clinic's own; from then on the answer to an entry that meets it gives its advice."""
    answer = await service.add_rule(database, caller, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status)


@router.get("/red_flags", responses=problems())
async def list_red_flags(caller: CallerDep, database: DatabaseDep) -> Page[RuleOut]:
    """The red flags that the clinic has added to the common ones."""
    return Page(items=await service.list_rules(database, caller))


@router.get("/flags/{flag_id}", responses=problems(403, 404))
async def read_flag(flag_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now, response: Response) -> FlagOut:
    """One flag with its steps, and an ETag."""
    row = await service.read(database, caller, flag_id=flag_id, now=now)
    response.headers["ETag"] = service.tag_of(row)
    return shown_to(caller, service.out(row))


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
    """Acknowledges a flag: the caller's account owns it from then on, and it no longer escalates."""
    row = await service.take_step(
        database, caller, flag_id=flag_id, what="acknowledged", given=given or StepIn(), if_match=if_match, now=now
    )
    response.headers["ETag"] = service.tag_of(row)
    return shown_to(caller, service.out(row))


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
    """Resolves a flag, a red one with a note; its cause raises no other while it lasts without a break."""
    row = await service.take_step(
        database, caller, flag_id=flag_id, what="resolved", given=given or StepIn(), if_match=if_match, now=now
    )
    response.headers["ETag"] = service.tag_of(row)
    return shown_to(caller, service.out(row))


@router.post("/flags/{flag_id}/undo", responses=problems(403, 404, 409, 412))
async def undo_flag(
    flag_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> FlagOut:
    """Takes back within 15 minutes that a flag is resolved."""
    row = await service.undo(database, caller, flag_id=flag_id, if_match=if_match, now=now)
    response.headers["ETag"] = service.tag_of(row)
    return shown_to(caller, service.out(row))


@router.post("/flags/{flag_id}/call", responses=problems(403, 404, 409, 412, 413))
async def call_about_flag(
    flag_id: UUID,
    given: CallIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> FlagOut:
    """Keeps that the patient was called and what came of it; who calls about an open flag has it from then on."""
    row = await handling.called(database, caller, flag_id=flag_id, given=given, if_match=if_match, now=now)
    response.headers["ETag"] = service.tag_of(row)
    return shown_to(caller, service.out(row))


@router.post("/flags/{flag_id}/hand", responses=problems(403, 404, 409, 412, 413))
async def hand_flag(
    flag_id: UUID,
    given: HandIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> FlagOut:
    """Hands a flag to a colleague, who is told and must acknowledge it."""
    row = await handling.handed(database, caller, flag_id=flag_id, given=given, if_match=if_match, now=now)
    response.headers["ETag"] = service.tag_of(row)
    return shown_to(caller, service.out(row))


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
    """The patient's answer when a return is likely; `pain_is_back` raises the flag's severity to `soon`."""
    row = await service.answer(database, caller, flag_id=flag_id, given=given, if_match=if_match, now=now)
    response.headers["ETag"] = service.tag_of(row)
    return shown_to(caller, service.out(row))
