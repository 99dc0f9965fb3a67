"""Signing in and out of the clinic's pages."""

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Json

from app.access.accounts.deps import SignInsDep
from app.access.accounts.sessions import IssuedToken, SignIns, named
from app.access.factors.routes import SiteDep
from app.access.factors.schemas import PasskeyBeginOut
from app.access.sign_in import half_way, service
from app.access.sign_in.routes import passkey_challenge
from app.access.sign_in.service import CodeNeeded, PasskeyAnswer, Shown
from app.access.sign_on.settings import only_clinic
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import COOKIE, AnyWriterDep, inside, same_origin, set_cookie
from app.rules.words import STAFF

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
WRONG = "The name or the password is wrong."


@router.get("/sign-in")
async def sign_in_page(
    database: DatabaseDep,
    next: str = "/clinic",  # noqa: A002  # the parameter's name in the address
) -> Response:
    """The form."""
    async with database.read() as connection:
        clinic_id = await only_clinic(connection)
    sign_on = None if clinic_id is None else f"/clinic/sign-on/{clinic_id}?next={quote(inside(next), safe='/')}"
    return sign_in_form(then=next, sign_on=sign_on)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    sign_ins: SignInsDep,
    database: DatabaseDep,
    now: Now,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/clinic",  # noqa: A002  # the field's name in the form
) -> Response:
    """Begins a session, asks for a code where the account has a second factor, or says that it can't."""
    same_origin(request)
    shown = _shown(request, username=username, password=password)
    try:
        issued = await service.begin(database, sign_ins, shown, now=now)
    except CodeNeeded as needed:
        half = await half_way.begin(database, needed.whose, now)
        return ask_code(half, next, fault=None, status=200)
    except Problem as problem:
        fault = WRONG if problem.status == 401 else problem.detail
        return sign_in_form(problem.status, fault=fault, username=username, then=next)
    return await _begun(request, sign_ins, issued, now=now, username=username, then=next)


@router.post("/sign-in/code")
async def sign_in_code(
    request: Request,
    sign_ins: SignInsDep,
    database: DatabaseDep,
    now: Now,
    half: Annotated[str, Form(max_length=200)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form()] = "/clinic",  # noqa: A002  # the field's name in the form
) -> Response:
    """The second step: a code of the authenticator app, or a recovery code."""
    same_origin(request)
    try:
        issued = await half_way.go_on(database, sign_ins, half, shown=_shown(request, code=code), now=now)
    except Problem as problem:
        if problem.status == 403:
            return sign_in_form(403, fault=problem.detail, then=next)
        return ask_code(half, next, fault=problem.detail, status=problem.status)
    return await _begun(request, sign_ins, issued, now=now, username="", then=next)


@router.post("/sign-in/passkey/begin")
async def begin_passkey(request: Request, database: DatabaseDep, now: Now, site: SiteDep) -> PasskeyBeginOut:
    """What the browser is to do with a passkey; asked for by the page's script."""
    same_origin(request)
    return await passkey_challenge(request, database, site, now=now)


@router.post("/sign-in/passkey")
async def sign_in_passkey(
    request: Request,
    sign_ins: SignInsDep,
    database: DatabaseDep,
    now: Now,
    site: SiteDep,
    challenge_id: Annotated[UUID, Form()],
    credential: Annotated[Json[dict[str, Any]], Form(max_length=20_000)],  # WebAuthn's own form
    next: Annotated[str, Form()] = "/clinic",  # noqa: A002  # the field's name in the form
) -> Response:
    """Begins a session with a passkey alone."""
    same_origin(request)
    device, address = named(request.headers.get("user-agent")), address_of(request)
    answered = PasskeyAnswer(challenge_id, credential, device, address)
    try:
        issued = await service.begin_with_passkey(database, sign_ins, site, answered=answered, now=now)
    except Problem as problem:
        return sign_in_form(problem.status, fault=problem.detail, then=next)
    return await _begun(request, sign_ins, issued, now=now, username="", then=next)


@router.post("/sign-out")
async def sign_out(request: Request, visitor: AnyWriterDep, sign_ins: SignInsDep, now: Now) -> Response:
    """Ends the session at once."""
    await sign_ins.end(request.cookies[COOKIE], who=visitor.caller, now=now)
    answer = RedirectResponse("/clinic/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/clinic")
    return answer


def sign_in_form(
    status: int = 200,
    *,
    fault: str | None = None,
    username: str = "",
    then: str = "/clinic",
    sign_on: str | None = None,
) -> Response:
    """The form, with what went wrong; `sign_on` leads to the clinic's own provider."""
    return page("sign_in.html", None, status, fault=fault, username=username, next=inside(then), sign_on=sign_on)


def _shown(request: Request, *, username: str = "", password: str = "", code: str | None = None) -> Shown:
    return Shown(username, password, code, named(request.headers.get("user-agent")), address_of(request))


def ask_code(half: str, then: str, *, fault: str | None, status: int) -> Response:
    """The form of the second step."""
    return page("sign_in_code.html", None, status, half=half, next=inside(then), fault=fault)


async def _begun(
    request: Request, sign_ins: SignIns, issued: IssuedToken, *, now: datetime, username: str, then: str
) -> Response:
    """Leads on with the session in a cookie, where these pages are for the account."""
    caller = await sign_ins.who(issued.token, now)
    if caller.role not in STAFF:
        await sign_ins.end(issued.token, who=caller, now=now)
        fault = "These pages are for the clinic's staff."
        return sign_in_form(403, fault=fault, username=username, then=then)
    answer = RedirectResponse(inside(then), 303)
    set_cookie(request, answer, token=issued.token, seconds=round((issued.expires_at - now).total_seconds()))
    return answer
