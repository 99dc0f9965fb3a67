"""Sign-in for pages: the token of the API in a cookie, and a form token that only the page knows."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import SplitResult, quote, urlsplit

from fastapi import Depends, Form, Request, Response

from app.access.accounts.api_keys import PREFIX
from app.access.accounts.deps import SignInsDep, held
from app.access.accounts.permissions import Caller
from app.base.http.deps import Now
from app.base.http.problems import Problem
from app.base.settings import Settings
from app.doors.pages.sent_once import sent_form
from app.rules.words import STAFF

COOKIE = "reprieve_session"
ACCOUNT = "/clinic/account"  # the page of one's own account


class SignInFirst(Exception):
    """Nobody is signed in; redirects to the sign-in page, which leads back."""

    def __init__(self, back_to: str) -> None:
        self.address = f"/clinic/sign-in?next={quote(back_to, safe='/')}"


@dataclass(frozen=True)
class Visitor:
    """The signed-in account that views a page, and its form token."""

    caller: Caller
    form_token: str


class FactorFirst(SignInFirst):
    """Somebody is signed in whose clinic asks for a second factor that they have not: leads to their account's page."""

    def __init__(self) -> None:
        self.address = ACCOUNT


async def get_anybody(request: Request, sign_ins: SignInsDep, now: Now) -> Visitor:
    """The signed-in member of staff, also one who has yet to add a second factor.

    Raises:
        SignInFirst: nobody is signed in, or the sign-in has expired.
        Problem: 403 for a patient: these pages are the clinic's.
    """
    token = request.cookies.get(COOKIE)
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method == "POST":  # what it was sent to takes forms alone: back to the page that it stood on
        came_from = parts_of(request.headers.get("referer", ""))
        where = inside(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
    if not token or token.startswith(PREFIX):  # a key of a machine opens no page
        raise SignInFirst(where)
    try:
        caller = held(await sign_ins.who(token, now))
    except Problem:
        raise SignInFirst(where) from None
    if caller.role not in STAFF:
        raise Problem(403, "These pages are for the clinic's staff.")
    request.state.visitor = Visitor(caller, form_token_of(token))  # for the audit (`PageRoute`)
    return cast(Visitor, request.state.visitor)


AnyVisitorDep = Annotated[Visitor, Depends(get_anybody)]


async def get_visitor(visitor: AnyVisitorDep) -> Visitor:
    """The signed-in member of staff.

    Raises:
        FactorFirst: a second factor is to be added before anything else.
    """
    if visitor.caller.lacks_factor:
        raise FactorFirst
    return visitor


VisitorDep = Annotated[Visitor, Depends(get_visitor)]


async def get_any_writer(request: Request, visitor: AnyVisitorDep, form_token: Annotated[str, Form()] = "") -> Visitor:
    """Anybody who sent a form, once it is known to come from a page of this service.

    Raises:
        Problem: 403 for a form of another site, or an old one.
    """
    same_origin(request)
    if not hmac.compare_digest(form_token.encode(), visitor.form_token.encode()):
        raise Problem(403, "The form is of another sign-in. Go back, load the page anew and send it again.")
    return visitor


AnyWriterDep = Annotated[Visitor, Depends(get_any_writer)]


async def get_writer(request: Request, _visitor: VisitorDep, writer: AnyWriterDep) -> AsyncIterator[Visitor]:
    """The same, once they may do more than add a second factor; of a form that is sent twice, one after the other.

    Raises:
        SentBefore: the form was sent before, and done.
    """
    form = await sent_form(request, writer.caller)
    async with form.alone():
        request.state.sent_form = form  # where it leads is kept (`PageRoute`)
        yield writer


WriterDep = Annotated[Visitor, Depends(get_writer, scope="function")]


def form_token_of(token: str) -> str:
    """The form token, a hash of the session's token, which cannot be derived from it."""
    return hashlib.blake2b(b"form:" + token.encode(), digest_size=18).hexdigest()


def same_origin(request: Request) -> None:
    """Refuses what a page of another site sent.

    Raises:
        Problem: 403.
    """
    origin = request.headers.get("origin")
    foreign = origin is not None and parts_of(origin).netloc != request.headers.get("host")
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Problem(403, "The form came from another site.")


def set_cookie(request: Request, response: Response, *, token: str, seconds: int) -> None:
    """Keeps the sign-in in the browser, out of reach of scripts; over TLS only where people reach the service so."""
    secure = is_over_tls(request)
    response.set_cookie(COOKIE, token, seconds, path="/clinic", secure=secure, httponly=True, samesite="lax")


def is_over_tls(request: Request) -> bool:
    """Whether people reach the service over TLS."""
    settings = cast(Settings, request.app.state.settings)
    return settings.public_url.startswith("https:") or request.url.scheme == "https"


def parts_of(address: str) -> SplitResult:
    """The parts of an address that somebody sent; of one that is none, none."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "none", "", "", "")


def inside(address: str) -> str:
    """An address to lead back to, if it is one of these pages; the first of them otherwise."""
    parts = parts_of(address)
    good = address.startswith("/clinic") and not parts.netloc and not parts.scheme and "\\" not in address
    return address if good else "/clinic"
