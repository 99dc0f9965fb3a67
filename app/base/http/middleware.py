"""Middleware of the whole app: a log line and a metric per request, headers of every answer, a limit for late bodies."""

import asyncio
import re
import time
from secrets import token_hex

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.base.http.client import address_in
from app.base.http.long_json import MOST_VALUES
from app.base.http.problems import EXAMPLES, Problem, answer
from app.base.store import wall
from app.base.store.origin import Origin, coming_from

log = structlog.get_logger()
GIVEN_NAME = re.compile(r"[A-Za-z0-9._-]{8,40}", re.ASCII)
SAFE = {  # of an answer that is no page: nothing in it is run, shown inside another page, or tells where it was
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
BODY_SECONDS = 60.0  # for a whole body, however it drips


def reads_aside(scope: Scope) -> bool:
    """Whether the call reads its body off the loop, and has a limit of its own."""
    return getattr(scope.get("route"), "max_body_size", None) is not None


def _name_of(scope: Scope) -> str:
    """The name that a request has in the log and the audit: what a proxy gave it, else a fresh one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if GIVEN_NAME.fullmatch(given) else token_hex(16)


def _complete(begin: Message, name: str) -> None:
    """Gives an answer the headers that every answer has."""
    headers = MutableHeaders(scope=begin)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Request-ID"] = name
    for header, value in SAFE.items():
        headers.setdefault(header, value)  # a page says what it allows
    headers.setdefault("Cache-Control", "private, no-cache")  # a patient's data: revalidate, never share


class RequestMiddleware:
    """Logs the route's pattern, never an id, a day or a body; and answers a body over a limit with a problem.

    The framework answers one that is too large in plain text, outside its exception handlers, and waits for one that
    never comes for ever.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, answered = time.perf_counter(), 500, False
        name = _name_of(scope)
        refused, whole = 0, False  # the status that is answered instead; whether the body is complete
        values = 0

        async def take() -> Message:
            nonlocal refused, whole, values
            if whole:
                return await receive()  # waits for the caller to go
            try:
                async with asyncio.timeout(begun + BODY_SECONDS - time.perf_counter()):
                    message = await receive()
            except TimeoutError:
                refused = 408
                return {"type": "http.disconnect"}
            whole = not message.get("more_body", False)
            values += 0 if reads_aside(scope) else message.get("body", b"").count(b",")
            if values > MOST_VALUES:
                refused = 413
                return {"type": "http.disconnect"}
            return message

        async def watch(message: Message) -> None:
            nonlocal status, refused, answered
            if message["type"] == "http.response.start":
                plain = Headers(scope=message).get("content-type", "").startswith("text/plain")
                if message["status"] == 413 and plain:
                    refused = 413
                status, answered = refused or message["status"], True
                _complete(message, name)
            if not refused:
                await send(message)

        async def refuse(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(message, name)
            await send(message)

        try:
            try:
                with wall.own_reach(), coming_from(Origin(address_in(scope), name)):
                    await self.app(scope, take, watch)
            except Exception:  # it was logged and answered (`problems.install`): the server prints nothing
                if not answered:
                    await answer(Problem(500, EXAMPLES[500]))(scope, receive, watch)
            if refused:
                closing = {"Connection": "close"} if refused == 408 else None  # another caller still sends, and listens
                await answer(Problem(refused, EXAMPLES[refused], headers=closing))(scope, receive, refuse)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            spent = time.perf_counter() - begun
            scope["app"].state.metrics.observe(scope["method"], route, status=status, seconds=spent)
            log.info("request", id=name, method=scope["method"], route=route, status=status, ms=round(1000 * spent, 1))
