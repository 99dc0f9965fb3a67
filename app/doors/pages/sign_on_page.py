"""Signing in with the clinic's own provider: there and back, with an invitation, and connecting one's account."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from app.access.accounts.attempts import CODES, SIGN_ONS, attempt, bucket, count_try, network_of
from app.access.accounts.deps import SignInsDep
from app.access.accounts.sessions import named
from app.access.factors.service import check_password
from app.access.lifecycle import codes
from app.access.sign_in import half_way
from app.access.sign_in.service import CodeNeeded
from app.access.sign_on import service
from app.access.sign_on.provider import ProviderFault
from app.access.sign_on.service import Back, Begun, Reached
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.problems import Problem, not_found
from app.base.settings import Settings
from app.base.store.database import Database
from app.doors.pages.account_page import OwnGuessDep, show_account
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import ACCOUNT, AnyWriterDep, inside, is_over_tls, same_origin, set_cookie
from app.doors.pages.sign_in import ask_code, sign_in_form

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
COOKIE, PATH = "reprieve_sign_on", "/clinic/sign-on"
GAVE_UP = "You are not signed in: the provider did not let you in, or you went back."


@router.get("/sign-on/{clinic_id:uuid}/back")
async def come_back(
    clinic_id: UUID,
    request: Request,
    sign_ins: SignInsDep,
    database: DatabaseDep,
    *,
    settings: SettingsDep,
    now: Now,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Where the provider sends a browser back to."""
    browser = request.cookies.get(COOKIE, "")
    if error or not (state and code and browser):
        return _fault(GAVE_UP if error else service.TOO_LATE, 403)
    back = Back(state, code, browser, named(request.headers.get("user-agent")), iss)
    try:
        token, leads_to = await service.finish(
            database, sign_ins, _site(settings), clinic_id=clinic_id, back=back, now=now
        )
    except CodeNeeded as needed:
        half = await half_way.begin(database, needed.whose, now)
        return ask_code(half, needed.leads_to, fault=None, status=200)
    except (Problem, ProviderFault) as fault:
        return _fault_of(fault)
    answer = RedirectResponse(inside(leads_to), 303)
    answer.delete_cookie(COOKIE, path=PATH)
    set_cookie(request, answer, token=token.token, seconds=round((token.expires_at - now).total_seconds()))
    return answer


@router.get("/sign-on/{clinic_id:uuid}")
async def go_there(
    clinic_id: UUID,
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    next: str = "/clinic",  # noqa: A002  # the parameter's name in the address
) -> Response:
    """Sends a browser to a clinic's provider."""
    try:
        await count_try(database, [bucket(SIGN_ONS, network_of(address_of(request)))], now)
        begun = await service.begin(database, _site(settings), clinic_id, leads_to=inside(next), now=now)
    except (Problem, ProviderFault) as fault:
        return _fault_of(fault)
    return _with_cookie(request, RedirectResponse(begun.address, 303), begun)


@router.post("/join/provider")
async def join_with_provider(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Begins with an invitation: the account is made when the browser comes back."""
    same_origin(request)
    guess = bucket(CODES, network_of(address_of(request)))
    try:
        async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
            clinic_id = await _invited_to(database, code.strip(), now)
        begun = await service.begin(
            database, _site(settings), clinic_id, leads_to="/clinic", invitation=code.strip(), now=now
        )
    except (Problem, ProviderFault) as fault:
        return _fault_of(fault)
    return _lead_on(request, begun)


@router.post("/account/provider")
async def connect(
    request: Request,
    visitor: AnyWriterDep,
    *,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    guess: OwnGuessDep,
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Begins to connect one's account with the provider."""
    caller = visitor.caller
    try:
        async with guess:
            await check_password(database, caller, password)
        begun = await service.begin(
            database,
            _site(settings),
            caller.clinic_id,
            leads_to=ACCOUNT,
            connects=caller,
            now=now,
        )
    except ProviderFault as fault:
        return await show_account(database, visitor, now=now, problem=Problem(503, str(fault)))
    except Problem as problem:
        return await show_account(database, visitor, now=now, problem=problem)
    return _lead_on(request, begun)


@router.post("/account/provider/remove")
async def disconnect(
    visitor: AnyWriterDep,
    database: DatabaseDep,
    now: Now,
    guess: OwnGuessDep,
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Takes the connection away."""
    try:
        async with guess:
            await check_password(database, visitor.caller, password)
        await service.disconnect(database, visitor.caller, now=now)
    except Problem as problem:
        return await show_account(database, visitor, now=now, problem=problem)
    return await show_account(database, visitor, now=now, says="Your account is not connected any more.")


async def _invited_to(database: Database, code: str, now: datetime) -> UUID:
    async with database.read() as connection:
        one = await codes.find(connection, code, now=now)
    if one is None or one.purpose != "invitation":
        raise not_found("code")
    return one.clinic_id


def _site(settings: Settings) -> Reached:
    return Reached(settings.public_url, settings.private_targets)


def _with_cookie(request: Request, answer: Response, begun: Begun) -> Response:
    answer.set_cookie(
        COOKIE,
        begun.browser,
        round(service.WITHIN.total_seconds()),
        path=PATH,
        secure=is_over_tls(request),
        httponly=True,
        samesite="lax",
    )
    return answer


def _lead_on(request: Request, begun: Begun) -> Response:
    """A page that leads to the provider: a form may not be answered by another site."""
    return _with_cookie(request, page("sign_on.html", None, address=begun.address), begun)


def _fault_of(fault: Problem | ProviderFault) -> Response:
    if isinstance(fault, ProviderFault):
        return _fault(str(fault), 503)
    if fault.status == 404:
        return _fault("This clinic has no provider of its own, or the code is wrong, used or too old.", 404)
    return _fault(fault.detail, fault.status)


def _fault(says: str, status: int) -> Response:
    return sign_in_form(status, fault=says)
