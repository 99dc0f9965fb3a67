"""Traces and metrics for an OpenTelemetry collector; off unless an operator names one (`REPRIEVE_TELEMETRY_URL`).

A span says what was done and how long it took, never with what: paths, queries, addresses and texts of errors may name a
patient, so that only what `SAID` lists leaves the process. The usual variables (`OTEL_TRACES_SAMPLER`,
`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`) hold, too.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from importlib.metadata import version
from threading import Thread
from time import monotonic, perf_counter
from typing import Final
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status, Tracer

SAID: Final = frozenset(
    {
        "code.function.name",
        "error.type",
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "network.protocol.version",
        "reprieve.done",
        "url.scheme",
    }
)
MILLISECONDS = 10_000  # between two times that metrics are sent
SECONDS = 2  # that what waits at the end is tried to be sent
NOTHING: Final = nullcontext()


class PlainSpans(SpanExporter):
    """Hands spans on with the attributes that `SAID` lists; what an exception said, events and links stay here."""

    def __init__(self, to: SpanExporter) -> None:
        self._to = to

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Sends spans on."""
        return self._to.export([_plain(one) for one in spans])

    def shutdown(self) -> None:
        """Closes the line."""
        self._to.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Sends what waits."""
        return self._to.force_flush(timeout_millis)


def _plain(span: ReadableSpan) -> ReadableSpan:
    said = {name: value for name, value in (span.attributes or {}).items() if name in SAID}
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=said,
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )


class Telemetry:
    """The line to a collector, by HTTP (OTLP), and the instruments of this service."""

    def __init__(self, url: str) -> None:
        about = Resource.create(
            {
                "service.name": "reprieve",
                "service.version": version("reprieve"),
                "service.instance.id": str(uuid4()),
            }
        )
        base = url.rstrip("/")
        self._spans = OTLPSpanExporter(endpoint=f"{base}/v1/traces")
        self._metrics = OTLPMetricExporter(endpoint=f"{base}/v1/metrics")
        self.tracers = TracerProvider(resource=about)
        self.tracers.add_span_processor(BatchSpanProcessor(PlainSpans(self._spans)))
        reader = PeriodicExportingMetricReader(self._metrics, export_interval_millis=MILLISECONDS)
        self.meters = MeterProvider(metric_readers=[reader], resource=about)
        self.tracer: Tracer = self.tracers.get_tracer("reprieve")
        self.seconds: Histogram = self.meters.get_meter("reprieve").create_histogram(
            "reprieve.seconds", unit="s", description="that a step took: of the database, or of the worker"
        )

    def close(self) -> None:
        """Sends what waits, for a while, and closes the line: a collector that is away or hangs must not hold up the end."""
        ends = ((self.tracers, self._spans), (self.meters, self._metrics))
        both = [(Thread(target=of.shutdown, daemon=True), exporter) for of, exporter in ends]
        until = monotonic() + SECONDS
        for thread, _ in both:
            thread.start()
        for thread, exporter in both:
            thread.join(max(0.0, until - monotonic()))
            if thread.is_alive():
                exporter.shutdown()  # which ends its waiting between two tries; a call under way is left to itself


_on: list[Telemetry] = []  # the one of this process, while there is one


def turn_on(telemetry: Telemetry) -> None:
    """From now on `timed` tells it."""
    _on[:] = [telemetry]


def turn_off() -> None:
    """From now on `timed` costs nothing."""
    _on.clear()


def timed(what: str, work: object = None) -> AbstractContextManager[None]:
    """Tells the collector, where there is one, how long a step took.

    Args:
        what: the kind of step, one of a few.
        work: the function that is the step; its name is told.
    """
    return _timed(_on[0], what, work) if _on else NOTHING


@contextmanager
def _timed(telemetry: Telemetry, what: str, work: object) -> Iterator[None]:
    begun, told = perf_counter(), {} if work is None else {"code.function.name": name_of(work)}
    with telemetry.tracer.start_as_current_span(what, attributes=told, record_exception=False) as span:
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__qualname__)
            raise
        finally:
            telemetry.seconds.record(perf_counter() - begun, {"step": what})


def tell_done(count: int) -> None:
    """Says of the step that is under way how many items it did."""
    if _on:
        trace.get_current_span().set_attribute("reprieve.done", count)


def name_of(work: object) -> str:
    """Module and name of a function, of a partial that of what it calls."""
    while isinstance(work, partial):
        work = work.func
    return f"{getattr(work, '__module__', '')}.{getattr(work, '__qualname__', type(work).__qualname__)}"
