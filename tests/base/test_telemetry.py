"""What a collector is told: how long what took, and nothing of anybody."""

import gzip
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import ValidationError

from app.base import telemetry
from app.base.settings import Settings
from app.base.telemetry import NOTHING, SAID, timed
from app.doors.api import create_app
from app.work.worker import work_once
from tests.alerts.messages.receivers import Hook, free_port, web_server
from tests.conftest import Clock
from tests.support import Service, open_service

pytestmark = pytest.mark.anyio
SECRET = "Zoster Quillfeather"


@pytest.fixture
def collector() -> Iterator[Hook]:
    with web_server() as hook:
        hook.answers = [(200, {})] * 1000
        yield hook


def settings(database_url: str, url: str) -> Settings:
    given = {"database_url": database_url, "worker_seconds": 0, "telemetry_url": url, "idle_minutes": 720}
    return Settings.model_validate(given)


def told(collector: Hook, kind: str) -> list[bytes]:
    """The bodies of what the collector got of a kind."""
    bodies = [(head, body) for path, head, body in collector.got if path == f"/hook/v1/{kind}"]
    return [gzip.decompress(body) if head.get("content-encoding") == "gzip" else body for head, body in bodies]


def spans_in(collector: Hook) -> list[Any]:
    """The spans, in the library's own form."""
    requests = [ExportTraceServiceRequest.FromString(body) for body in told(collector, "traces")]
    return [one for r in requests for of in r.resource_spans for scope in of.scope_spans for one in scope.spans]


async def course(service: Service, clock: Clock) -> None:
    """Calls of which a path, a query, a body, a header or an error names somebody, and a round of the worker."""
    found = await service("cleo", "GET", "/v1/reviews", params={"name": SECRET})
    assert found.status_code == 200
    await service.put("2026-04-30", 4, note=SECRET)
    assert (await service("cleo", "GET", f"/v1/patients/{SECRET}")).status_code in (404, 422)
    head = {"User-Agent": SECRET, "Host": "quillfeather.example", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/diary", headers=head)).status_code == 200
    await service("nobody", "GET", "/healthz")
    await work_once(service.app.state.database, clock)


async def test_a_collector_is_told_of_calls_the_database_and_the_worker_and_of_nobody(
    database_url: str, clock: Clock, collector: Hook
) -> None:
    async with open_service(create_app(settings(database_url, collector.url), clock), clock) as service:
        patient = service.ada_id
        await course(service, clock)
    spans = spans_in(collector)
    names = {one.name for one in spans}
    assert "PUT /v1/patients/{patient_id}/diary/{date}" in names and "GET /v1/reviews" in names
    assert {"database write", "database read", "worker judges", "worker step", "worker learns"} <= names
    assert not any("healthz" in name for name in names)
    (put,) = (one for one in spans if one.name.startswith("PUT"))
    within = [one for one in spans if one.parent_span_id == put.span_id]
    assert "database write" in {one.name for one in within}, "what a call waited for is seen in its trace"
    assert {part.key for one in spans for part in one.attributes} <= SAID
    everything = b"".join(told(collector, "traces") + told(collector, "metrics"))
    for part in (SECRET, SECRET.split()[1].lower(), patient, "Ada", "Muster"):
        assert part.encode() not in everything, part
    metrics = [ExportMetricsServiceRequest.FromString(body) for body in told(collector, "metrics")]
    kept = {m.name for r in metrics for of in r.resource_metrics for scope in of.scope_metrics for m in scope.metrics}
    assert {"http.server.request.duration", "reprieve.seconds"} <= kept


async def test_an_error_is_told_by_its_kind_alone(database_url: str, clock: Clock, collector: Hook) -> None:
    async with open_service(create_app(settings(database_url, collector.url), clock), clock) as service:

        async def fail(_connection: object) -> None:
            raise LookupError(SECRET)

        with pytest.raises(LookupError):
            await service.app.state.database.write(fail)
    (one,) = (
        one for one in spans_in(collector) if any(part.value.string_value == "LookupError" for part in one.attributes)
    )
    assert (one.name, one.status.message, list(one.events)) == ("database write", "", [])
    assert not any(SECRET.encode() in body for body in told(collector, "traces"))


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_collector_that_is_away_holds_up_nothing(database_url: str, clock: Clock, hangs: bool) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with closing(socket.create_server(("127.0.0.1", port)) if hangs else socket.socket()):
        await is_held_up_by_nothing(database_url, url, clock)


async def is_held_up_by_nothing(database_url: str, url: str, clock: Clock) -> None:
    async with open_service(create_app(settings(database_url, url), clock), clock) as service:
        assert (await service.put("2026-04-30", 4)).status_code == 201
        began = time.monotonic()
    assert time.monotonic() - began < 6, "and the service ends while people wait for its successor"


async def test_nothing_is_told_unless_somebody_asks(service: Service) -> None:
    assert service.app.state.telemetry is None
    assert (telemetry._on, timed("database write")) == ([], NOTHING)


@pytest.mark.parametrize("url", ["collector:4318", "ftp://collector", "http://", "http://collector?x=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="not the address of a collector"):
        Settings.model_validate({"telemetry_url": url})
