"""The clinic's accounts for its admins, and everybody's own."""

from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from app.access.accounts.attempts import CODES, attempt, bucket, network_of
from app.access.accounts.deps import AnybodyDep, CallerDep
from app.access.factors.routes import GuessDep
from app.access.lifecycle import clinic_accounts, codes, keys, own
from app.access.lifecycle.schemas import (
    AccountChange,
    AccountCodeOut,
    ApiKeyIn,
    ApiKeyMadeOut,
    ApiKeyOut,
    ClinicAccountOut,
    PasswordIn,
    PendingCodeOut,
    ResetIn,
    SessionOut,
    StaffInvitationIn,
)
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.idempotency.service import Answer
from app.base.http.paging import Cursor, Limit, Page
from app.base.http.problems import Responses, problems
from app.rules.words import Role

router = APIRouter(prefix="/v1", tags=["accounts"])
CODE: Responses = {201: {"model": AccountCodeOut, "description": "The code; only this answer shows it"}}


@router.get("/accounts", responses=problems(403))
async def list_accounts(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    role: Annotated[Role | None, Query(description="only those of a role")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ClinicAccountOut]:
    """The clinic's accounts with their last sign-in, for admins."""
    roles = get_args(Role) if role is None else (role,)
    return await clinic_accounts.list_accounts(database, caller, roles=roles, limit=limit, cursor=cursor, now=now)


@router.post("/accounts", status_code=201, response_model=AccountCodeOut, responses={**CODE, **problems(403, 409, 413)})
async def invite_staff(
    given: StaffInvitationIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """A code with which one of the staff makes an account at `/v1/invitations/{code}/accept`; good once, for two weeks."""
    return _told(await codes.invite(database, caller, new=given, once=once, now=now))


@router.patch("/accounts/{account_id}", responses=problems(403, 404, 409, 413))
async def change_account(
    account_id: UUID, given: AccountChange, caller: CallerDep, database: DatabaseDep, now: Now
) -> ClinicAccountOut:
    """Gives an account another role, disables it, or lets it sign in again; its sign-ins end at once."""
    return await clinic_accounts.change(database, caller, account_id=account_id, given=given, now=now)


@router.delete("/accounts/{account_id}/factors", status_code=204, responses=problems(403, 404, 409))
async def remove_factors_of(account_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Takes every second factor off an account, as of somebody whose phone is lost; its sign-ins end at once."""
    await clinic_accounts.remove_factors(database, caller, account_id=account_id, now=now)


@router.delete("/accounts/{account_id}/sessions", status_code=204, responses=problems(403, 404))
async def end_sessions_of(account_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Ends every sign-in of an account of the clinic at once."""
    await clinic_accounts.end_sessions(database, caller, account_id=account_id, now=now)


@router.post(
    "/accounts/{account_id}/reset",
    status_code=201,
    response_model=AccountCodeOut,
    responses={**CODE, **problems(403, 404, 409)},
)
async def reset_password(
    account_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """A code with which an account of the clinic gets a new password at `/v1/resets/{code}`, good for a day and once."""
    return _told(await codes.reset(database, caller, account_id=account_id, once=once, now=now))


@router.get("/account_codes", responses=problems(403))
async def list_codes(caller: CallerDep, database: DatabaseDep, now: Now) -> Page[PendingCodeOut]:
    """Codes for staff and for new passwords that nobody has used yet, for admins."""
    return Page(items=await codes.pending(database, caller, now))


@router.delete("/account_codes/{code_id}", status_code=204, responses=problems(403, 404))
async def withdraw_code(code_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Makes a code worthless that was handed over."""
    await codes.withdraw(database, caller, code_id=code_id, now=now)


@router.post("/resets/{code}", status_code=204, responses=problems(403, 404, 413, 429))
async def set_password_by_code(
    request: Request,
    code: Annotated[str, Path(max_length=100)],
    *,
    given: ResetIn,
    database: DatabaseDep,
    now: Now,
) -> None:
    """Sets a new password; every sign-in of the account ends. No token is needed, only the code."""
    guess = bucket(CODES, network_of(address_of(request)))
    async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
        await codes.set_by_code(database, code, given=given, now=now)


@router.post("/me/password", status_code=204, responses=problems(413, 429))
async def set_password(given: PasswordIn, caller: AnybodyDep, database: DatabaseDep, now: Now, guess: GuessDep) -> None:
    """Sets a new password; every other sign-in of the account ends at once."""
    async with guess:
        await own.set_password(database, caller, given=given, now=now)


@router.get("/me/sessions", responses=problems())
async def list_sessions(caller: AnybodyDep, database: DatabaseDep, now: Now) -> Page[SessionOut]:
    """Where you are signed in."""
    return Page(items=await own.sessions(database, caller, now))


@router.delete("/me/sessions", status_code=204, responses=problems())
async def sign_out_everywhere(caller: AnybodyDep, database: DatabaseDep, now: Now) -> None:
    """Ends every sign-in of the account, this one as well."""
    await own.end_session(database, caller, session_id=None, now=now)


@router.delete("/me/sessions/{session_id}", status_code=204, responses=problems(403, 404))
async def end_session(session_id: UUID, caller: AnybodyDep, database: DatabaseDep, now: Now) -> None:
    """Ends one sign-in of your own, as of a phone that is lost."""
    await own.end_session(database, caller, session_id=session_id, now=now)


def _told(answer: Answer) -> Response:
    return JSONResponse(answer.body, answer.status, headers={"Cache-Control": "no-store"})


@router.get("/api_keys", responses=problems(403))
async def list_api_keys(caller: CallerDep, database: DatabaseDep, now: Now) -> Page[ApiKeyOut]:
    """The keys of the clinic's machines, for admins."""
    return Page(items=await keys.list_all(database, caller, now))


@router.post(
    "/api_keys",
    status_code=201,
    response_model=ApiKeyMadeOut,
    responses={201: {"model": ApiKeyMadeOut}, **problems(403, 409, 413)},
)
async def make_api_key(
    given: ApiKeyIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """A key for a machine: it stands for one of the staff, may do what its scopes say, and runs out."""
    return _told(await keys.make(database, caller, new=given, once=once, now=now))


@router.delete("/api_keys/{key_id}", status_code=204, responses=problems(403, 404))
async def end_api_key(key_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Ends a key at once."""
    await keys.end(database, caller, key_id=key_id, now=now)
