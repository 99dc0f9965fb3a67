"""Middleware of the whole app: one log line and one metric per request, and the headers that every answer has."""

import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.base.http.problems import EXAMPLES, Problem, answer

log = structlog.get_logger()


class Surround:
    """Logs the route's pattern, never an id, a day or a body; and answers a body over the limit with a problem.

    The framework answers such a body in plain text, outside its exception handlers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, too_large = time.perf_counter(), 500, False

        async def watch(message: Message) -> None:
            nonlocal status, too_large
            if message["type"] == "http.response.start":
                status = message["status"]
                plain = Headers(scope=message).get("content-type", "").startswith("text/plain")
                too_large = status == 413 and plain
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "private, no-cache")  # a patient's data: revalidate, never share
            if not too_large:
                await send(message)

        try:
            await self.app(scope, receive, watch)
            if too_large:
                await answer(Problem(413, EXAMPLES[413]))(scope, receive, send)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            spent = time.perf_counter() - begun
            scope["app"].state.metrics.observe(scope["method"], route, status=status, seconds=spent)
            log.info("request", method=scope["method"], route=route, status=status, ms=round(1000 * spent, 1))
