"""The page of one's own account: the password, second factors, and where one is signed in."""

from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup
from pydantic import Json

from app.access.accounts.attempts import PASSWORDS, attempt, bucket
from app.access.factors import service as factors
from app.access.factors.routes import SiteDep
from app.access.factors.schemas import AddedOut, CodeFactorIn, CodeFactorOut, PasskeyBeginOut, PasskeyIn
from app.access.lifecycle import own
from app.access.lifecycle.schemas import PasswordIn
from app.access.sign_on.service import is_connected
from app.access.sign_on.settings import is_set
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem, answer
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import ACCOUNT, AnyVisitorDep, AnyWriterDep, Visitor
from app.doors.pages.steps import PageForm, faults_of, filled, problem_of
from app.work.clinic import service as clinics

router = APIRouter(prefix=ACCOUNT, route_class=PageRoute, include_in_schema=False)


class AccountForm(PageForm):
    """What the forms of the page hold."""

    password: str = ""
    new_password: str | None = None
    name: str | None = None
    code: str = ""


AccountFormDep = Annotated[AccountForm, Form()]


async def get_guess(visitor: AnyVisitorDep, database: DatabaseDep, now: Now) -> AbstractAsyncContextManager[None]:
    """What a guess at the password, or at a code, is made within: too many are 429."""
    tries = bucket(PASSWORDS, str(visitor.caller.session_id))
    return attempt(database, [tries], now=now, failed=factors.is_wrong_guess)


OwnGuessDep = Annotated[AbstractAsyncContextManager[None], Depends(get_guess)]


@router.get("")
async def account_page(visitor: AnyVisitorDep, database: DatabaseDep, now: Now) -> Response:
    """What the account has, and where it is signed in."""
    return await show_account(database, visitor, now=now)


@router.post("/password")
async def set_password(
    form: AccountFormDep, visitor: AnyWriterDep, database: DatabaseDep, now: Now, guess: OwnGuessDep
) -> Response:
    """A new password; the account's other sign-ins end."""

    async def step() -> None:
        async with guess:
            await own.set_password(database, visitor.caller, given=filled(PasswordIn, form), now=now)

    return await _taken(database, visitor, step(), says="The password is changed.", now=now)


@router.post("/code")
async def begin_code(
    form: AccountFormDep, visitor: AnyWriterDep, database: DatabaseDep, now: Now, guess: OwnGuessDep
) -> Response:
    """Shows what an authenticator app is to scan."""
    begun: list[CodeFactorOut] = []

    async def step() -> None:
        async with guess:
            given = filled(CodeFactorIn, form)
            begun.append(await factors.begin_code(database, visitor.caller, given=given, now=now))

    problem = await problem_of(step())
    return await show_account(database, visitor, now=now, problem=problem, begun=begun[0] if begun else None)


@router.post("/code/{factor_id:uuid}")
async def confirm_code(
    factor_id: UUID, form: AccountFormDep, visitor: AnyWriterDep, database: DatabaseDep, now: Now, guess: OwnGuessDep
) -> Response:
    """Counts the app, and shows the recovery codes, this once."""
    added: list[AddedOut] = []

    async def step() -> None:
        async with guess:
            code = form.code
            added.append(await factors.confirm_code(database, visitor.caller, factor_id=factor_id, code=code, now=now))

    problem = await problem_of(step())
    return await _added(database, visitor, added, problem=problem, now=now)


@router.post("/passkey/begin")
async def begin_passkey(
    form: AccountFormDep, visitor: AnyWriterDep, database: DatabaseDep, now: Now, guess: OwnGuessDep, site: SiteDep
) -> Response:
    """What the browser is to do; asked for by the page's script."""
    try:
        async with guess:
            challenge_id, options = await factors.begin_passkey(
                database, visitor.caller, site, password=form.password, now=now
            )
    except Problem as problem:
        return answer(problem)
    told = PasskeyBeginOut(challenge_id=challenge_id, options=options)
    return JSONResponse(to_wire(PasskeyBeginOut, told), headers={"Cache-Control": "no-store"})


@router.post("/passkey")
async def add_passkey(
    visitor: AnyWriterDep,
    database: DatabaseDep,
    now: Now,
    site: SiteDep,
    challenge_id: Annotated[UUID, Form()],
    credential: Annotated[Json[dict[str, Any]], Form(max_length=20_000)],  # WebAuthn's own form
    name: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Adds the passkey that the browser has made."""
    added: list[AddedOut] = []

    async def step() -> None:
        given = PasskeyIn(challenge_id=challenge_id, credential=credential, name=name.strip() or "passkey")
        added.append(await factors.add_passkey(database, visitor.caller, site, given=given, now=now))

    problem = await problem_of(step())
    return await _added(database, visitor, added, problem=problem, now=now)


@router.post("/factors/{factor_id:uuid}/remove")
async def remove_factor(
    factor_id: UUID, form: AccountFormDep, visitor: AnyWriterDep, database: DatabaseDep, now: Now, guess: OwnGuessDep
) -> Response:
    """Takes a second factor off the account."""

    async def step() -> None:
        async with guess:
            await factors.remove(database, visitor.caller, factor_id=factor_id, password=form.password, now=now)

    return await _taken(database, visitor, step(), says="It is removed.", now=now)


@router.post("/recovery-codes")
async def renew_codes(
    form: AccountFormDep, visitor: AnyWriterDep, database: DatabaseDep, now: Now, guess: OwnGuessDep
) -> Response:
    """Ten new recovery codes instead of those of before."""
    made: list[str] = []

    async def step() -> None:
        async with guess:
            told = await factors.renew_codes(database, visitor.caller, password=form.password, now=now)
            made.extend(told.recovery_codes)

    problem = await problem_of(step())
    return await show_account(database, visitor, now=now, problem=problem, codes=made)


@router.post("/sessions/{session_id:uuid}/end")
async def end_session(session_id: UUID, visitor: AnyWriterDep, database: DatabaseDep, now: Now) -> Response:
    """Ends one of the account's sign-ins."""
    await own.end_session(database, visitor.caller, session_id=session_id, now=now)
    return RedirectResponse(ACCOUNT, 303)


@router.post("/sessions/end")
async def end_sessions(visitor: AnyWriterDep, database: DatabaseDep, now: Now) -> Response:
    """Ends all of them, this one as well."""
    await own.end_session(database, visitor.caller, session_id=None, now=now)
    return RedirectResponse("/clinic/sign-in", 303)


async def _taken(database: Database, visitor: Visitor, step: Awaitable[None], *, says: str, now: datetime) -> Response:
    problem = await problem_of(step)
    return await show_account(database, visitor, now=now, problem=problem, says="" if problem else says)


async def _added(
    database: Database, visitor: Visitor, added: list[AddedOut], *, problem: Problem | None, now: datetime
) -> Response:
    codes = [code for one in added for code in one.recovery_codes]
    says = f"“{added[0].factor.name}” is added." if added else ""
    return await show_account(database, visitor, now=now, problem=problem, codes=codes, says=says)


async def show_account(
    database: Database,
    visitor: Visitor,
    *,
    now: datetime,
    problem: Problem | None = None,
    begun: CodeFactorOut | None = None,
    codes: list[str] | None = None,
    says: str = "",
) -> Response:
    """The page, with what a step has made or why it failed."""
    caller = visitor.caller
    async with database.read() as connection:
        connected = await is_connected(connection, caller.clinic_id, caller.account_id)
        has_provider = await is_set(connection, caller.clinic_id)
    return page(
        "account.html",
        visitor,
        200 if problem is None else problem.status,
        connected=connected,
        has_provider=has_provider,
        held=await factors.read(database, visitor.caller),
        sessions=await own.sessions(database, visitor.caller, now),
        username=await own.name_of(database, visitor.caller),
        begun=begun,
        zone=(await clinics.read(database, caller, now)).time_zone or "UTC",
        picture=None if begun is None else Markup(begun.picture),  # noqa: S704  # drawn here, of black and white squares
        codes=codes or [],
        says=says,
        faults=faults_of(problem),
    )
