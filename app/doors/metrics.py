"""What an operator watches: how far behind the worker is, what waits to be sent, and how long requests take.

No figure is of a clinic or a person. Without a token the call answers only to the machine itself, and only directly: a
proxy in front of the service has the token.
"""

import hmac
import os
from collections.abc import Callable
from ipaddress import ip_address
from typing import Annotated, cast

from anyio import to_thread
from fastapi import APIRouter, Header, Request, Response
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from app.alerts.flags.service import open_by_severity
from app.alerts.messages.outbox import waiting_since
from app.answers.verdicts.sweep import count_stale
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.problems import Problem
from app.base.store.leases import CONCLUSIONS, lag
from app.rules.reviews import OPEN
from app.work.reviews.service import open_by_state

router = APIRouter(tags=["operators"])
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # set by a server of several processes; the library adds up what lies there
TEXT = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one app."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "reprieve_request_seconds",
            "time that requests took",
            ("method", "route", "status"),
            buckets=BOUNDS,
            registry=self.registry,
        )
        self.lag = self._gauge("lag_seconds", "since all conclusions were up to date; NaN before the first round")
        self.stale = self._gauge("stale_verdicts", "procedures whose verdict is to be made anew")
        self.flags = self._gauge("open_flags", "flags that nobody has acknowledged", "severity")
        self.reviews = self._gauge("open_reviews", "reviews under way", "state")
        self.late = self._gauge("message_lag_seconds", "that the oldest message is overdue")
        self.waiting = self._gauge("messages_waiting", "messages and deliveries that are due")
        self.dead = self._gauge("dead_letters", "deliveries that were given up")

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        # of several processes, the one that was asked last has looked
        return Gauge(f"reprieve_{name}", says, labels, registry=self.registry, multiprocess_mode="mostrecent")

    def observe(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Counts a request by its route's pattern."""
        self.requests.labels(method, route, str(status)).observe(seconds)

    def text(self) -> bytes:
        """All figures, of every process of the server where there are several."""
        if METRICS_FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        collect: Callable[[CollectorRegistry], object] = MultiProcessCollector  # the library gives it no types
        collect(together)
        return generate_latest(together)


@router.get("/metrics", include_in_schema=False)
async def read_metrics(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    now: Now,
    authorization: Annotated[str | None, Header()] = None,
) -> Response:
    """The figures in the text form of Prometheus."""
    token = settings.metrics_token
    if token is not None:
        given = (authorization or "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
            raise Problem(401, "The metrics need their token.", headers={"WWW-Authenticate": "Bearer"})
    elif not _from_here(request):
        raise Problem(404, "There is nothing at this address.")
    metrics = cast(Metrics, request.app.state.metrics)
    async with database.read(aside=True) as connection:
        behind = await lag(connection, CONCLUSIONS, now)
        late, waiting, dead = await waiting_since(connection, now)
        metrics.stale.set(await count_stale(connection, now))
        open_flags = await open_by_severity(connection)
        open_reviews = await open_by_state(connection)
    metrics.lag.set(float("nan") if behind is None else behind)
    metrics.late.set(late)
    metrics.waiting.set(waiting)
    metrics.dead.set(dead)
    for severity in ("now", "soon", "later"):
        metrics.flags.labels(severity).set(open_flags.get(severity, 0))
    for state in OPEN:
        metrics.reviews.labels(state).set(open_reviews.get(state, 0))
    return Response(await to_thread.run_sync(metrics.text), media_type=TEXT)


def _from_here(request: Request) -> bool:
    if any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via")):
        return False
    host = request.client.host if request.client else ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
