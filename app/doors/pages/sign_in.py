"""Signing in and out of the clinic's pages."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.access.accounts.deps import SignInsDep, address_of
from app.access.accounts.service import named
from app.base.http.deps import Now
from app.base.http.problems import Problem
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import COOKIE, STAFF, WriterDep, inside, same_origin, set_cookie

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
WRONG = "The name or the password is wrong."


@router.get("/sign-in")
async def sign_in_page(next: str = "/clinic") -> Response:  # noqa: A002  # the parameter's name in the address
    """The form."""
    return page("sign_in.html", None, fault=None, username="", next=inside(next))


@router.post("/sign-in")
async def sign_in(
    request: Request,
    sign_ins: SignInsDep,
    now: Now,
    username: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "/clinic",  # noqa: A002  # the field's name in the form
) -> Response:
    """Begins a session, or says that it can't."""
    same_origin(request)
    try:
        device, address = named(request.headers.get("user-agent")), address_of(request)
        issued = await sign_ins.begin(username, password, now, device=device, address=address)
    except Problem as problem:
        fault = WRONG if problem.status == 401 else problem.detail
        return page("sign_in.html", None, problem.status, fault=fault, username=username, next=inside(next))
    caller = await sign_ins.who(issued.token, now)
    if caller.role not in STAFF:
        await sign_ins.end(issued.token)
        fault = "These pages are for the clinic's staff."
        return page("sign_in.html", None, 403, fault=fault, username=username, next=inside(next))
    answer = RedirectResponse(inside(next), 303)
    set_cookie(request, answer, token=issued.token, seconds=round((issued.expires_at - now).total_seconds()))
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, _visitor: WriterDep, sign_ins: SignInsDep) -> Response:
    """Ends the session at once."""
    await sign_ins.end(request.cookies[COOKIE])
    answer = RedirectResponse("/clinic/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/clinic")
    return answer
