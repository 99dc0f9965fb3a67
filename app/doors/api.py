"""The ASGI app, put together from the routers of all packages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from typing import cast

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from app.access.accounts.sessions import SignInLimits, SignIns
from app.access.audit.routes import router as audit
from app.access.audit.service import of_sign_in
from app.access.factors.routes import router as factors
from app.access.lifecycle.routes import router as lifecycle
from app.access.sign_in.routes import router as sign_in
from app.access.sign_on.routes import router as sign_on
from app.alerts.flags.routes import router as flags
from app.alerts.messages import push
from app.alerts.messages.routes import router as messages
from app.answers.cohorts.routes import router as cohorts
from app.answers.eligibility.routes import router as policies
from app.answers.follow_up.routes import router as reports
from app.answers.pictures.routes import router as pictures
from app.answers.verdicts.routes import router as verdicts
from app.base.http import problems
from app.base.http.deps import Clock
from app.base.http.long_json import LONGEST
from app.base.http.middleware import RequestMiddleware
from app.base.http.problems import Problem
from app.base.settings import SettingError, Settings
from app.base.store.database import Database
from app.base.store.known_keys import in_clear, know_keys
from app.base.store.metadata import utc_now
from app.base.store.readiness import Readiness
from app.base.telemetry import Telemetry, turn_off, turn_on
from app.doors import document
from app.doors.interpreter import InterpreterTuning
from app.doors.metrics import Metrics
from app.doors.metrics import router as metrics
from app.doors.pages.routes import mount_last
from app.doors.pages.routes import router as pages
from app.doors.phone.routes import router as phone
from app.doors.system import router as system
from app.record.assessments.routes import router as assessments
from app.record.blocks.routes import router as blocks
from app.record.contacts.routes import router as plans
from app.record.diary.catalogue import router as medications
from app.record.diary.routes import router as diary
from app.record.events.routes import router as events
from app.record.patients.consents.routes import router as consents
from app.record.patients.invitations.routes import router as invitations
from app.record.patients.proxies.routes import router as proxies
from app.record.patients.routes import router as patients
from app.record.patients.sites.routes import router as sites
from app.record.patients.teams.routes import router as teams
from app.record.procedures.routes import router as procedures
from app.record.whole.hand_overs.routes import router as hand_overs
from app.record.whole.routes import router as records
from app.rules.red_words import said
from app.work.calendar.routes import router as calendar
from app.work.clinic.routes import router as clinics
from app.work.quality.routes import router as quality
from app.work.reminders.routes import router as reminders
from app.work.reviews.appointment_routes import router as appointments
from app.work.reviews.routes import router as reviews
from app.work.today.routes import router as today
from app.work.worker import start

PACKED_FROM = 1_000  # bytes of an answer
PACKED_ALREADY = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/pdf")
BODY_LIMIT = LONGEST  # of what is read on the loop; a work-up with fifty long notes fits, in any script
DESCRIPTION = """Follows people after a medial branch rhizotomy from their own diary: did it work, how long has it held, is
it ending? Sign in under *Authorize*, or `POST /v1/token`. Errors are RFC 9457 problems. Reprieve shows one person's
course; it does not diagnose, and a person decides."""


log = structlog.get_logger()
ROUTERS = (
    diary,  # an address is looked for from the first on: these two are asked for most
    verdicts,
    today,
    sign_in,
    sign_on,
    factors,
    lifecycle,
    audit,
    patients,
    blocks,
    procedures,
    plans,
    medications,
    assessments,
    events,
    pictures,
    reports,
    policies,
    cohorts,
    quality,
    flags,
    reviews,
    calendar,
    appointments,
    clinics,
    messages,
    reminders,
    invitations,
    consents,
    proxies,
    teams,
    sites,
    records,
    hand_overs,
    phone,
    pages,
)


class Service(FastAPI):
    """The app with everything around it, the framework's own layers included."""

    def build_middleware_stack(self) -> ASGIApp:
        """The layers that a request passes."""
        inner = RequestMiddleware(super().build_middleware_stack())
        # long answers are packed aside; short ones, as that of an entry, would not gain
        every = GZipMiddleware(inner, minimum_size=PACKED_FROM, compresslevel=5, exclude_content_types=PACKED_ALREADY)
        origins = self.state.settings.cors_origins
        if not origins:
            return every
        return CORSMiddleware(  # tokens are sent by hand, no cookie goes along
            every,  # within it, so that a web app can read a refusal too
            allow_origins=origins,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=(
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "Reprieve-For",
            ),
            expose_headers=("ETag", "Location", "Next-Cursor", "Retry-After", "X-Request-ID"),
            max_age=600,
        )


def create_app(settings: Settings, clock: Clock = utc_now, *, tuned: bool = False) -> FastAPI:
    """The service on the database of the settings; the database is opened when the app starts.

    Args:
        tuned: whether the process is this app's alone, so that it may set how the interpreter works.

    Raises:
        SettingError: a setting is not as it must be.
    """
    if settings.push_key is not None:
        try:
            push.signer(settings.push_key.get_secret_value())
        except ValueError as error:
            raise SettingError(f"REPRIEVE_PUSH_KEY: {error}") from None
        if not push.is_contact(settings.mail_from):
            raise SettingError(
                "REPRIEVE_PUSH_KEY: Web Push needs somebody whom its services can write to;"
                f" set REPRIEVE_MAIL_FROM, which is {settings.mail_from}"
            )

    telemetry = None if settings.telemetry_url is None else Telemetry(settings.telemetry_url.get_secret_value())
    app = Service(
        title="Reprieve",
        version=version("reprieve"),
        description=DESCRIPTION,
        openapi_tags=[{"name": name, "description": says} for name, says in document.TAGS.items()],
        lifespan=_open,
        max_body_size=BODY_LIMIT,
        openapi_url=None,  # `document.complete` adds it
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_unknown_query)],
        generate_unique_id_function=document.call_name,
        telemetry=_told_of(telemetry),
    )
    app.state.telemetry = telemetry
    app.state.settings, app.state.clock, app.state.tuned = settings, clock, tuned
    problems.install(app)
    for router in (*ROUTERS, system, operators, metrics):
        app.include_router(router)
    mount_last(app)
    document.complete(app)
    return app


def _told_of(telemetry: Telemetry | None) -> TelemetryConfig:
    """What the framework tells the collector of calls: none of its logs, which may hold what an exception said."""
    if telemetry is None:
        return {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    return {
        "tracer_provider": telemetry.tracers,
        "meter_provider": telemetry.meters,
        "logs": False,
        "operation_spans": False,
        "auto_configure": False,
        "exclude": lambda scope: scope.get("path") in ("/healthz", "/readyz", "/metrics"),
    }


@asynccontextmanager
async def _open(app: FastAPI) -> AsyncIterator[None]:
    """What the app needs while it runs: its database, and what works beside the calls."""
    settings, clock = app.state.settings, app.state.clock
    database = Database(
        settings.url,
        settings.pool_size,
        statement_seconds=settings.statement_seconds,
        key_file=settings.key_file,
    )
    try:
        await know_keys(database)
        if (clear := await in_clear(database)) is not None:
            log.warning("not everything is kept under a key", why=clear)
        if app.state.telemetry is not None:
            turn_on(app.state.telemetry)
        app.state.database, app.state.metrics = database, Metrics()
        app.state.readiness = Readiness(database)
        app.state.sign_ins = SignIns(database, limits_of(settings), of_sign_in)
        await asyncio.to_thread(said, "the phrases are read once, before the first note")
        await asyncio.to_thread(_prepare, app)
        if app.state.tuned:
            InterpreterTuning(asyncio.get_running_loop())
        at_work = start(database, settings, clock)
        try:
            yield
        finally:
            for task in at_work:
                task.cancel()
            if at_work:
                await asyncio.wait(at_work)
            app.state.readiness.stop()
    finally:
        await database.close()
        if app.state.telemetry is not None:
            turn_off()
            await asyncio.to_thread(app.state.telemetry.close)


def limits_of(settings: Settings) -> SignInLimits:
    """How long people stay signed in."""
    return SignInLimits(
        staff=timedelta(hours=settings.token_hours),
        idle=timedelta(minutes=settings.idle_minutes),
        phone=timedelta(days=settings.phone_days),
    )


def _prepare(app: FastAPI) -> None:
    """Looks once for an address that there is not: the framework builds each route when it is first looked at."""
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": [], "query_string": b""}
    for route in app.router.routes:
        route.matches({**nowhere, "app": app})


async def refuse_unknown_query(request: Request) -> None:
    """422 for a query parameter that the call does not have: a typing error must not be taken for "no filter"."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return  # a page reads its own address
    asked = route.dependant.query_params
    if any(isinstance(p.field_info.annotation, type) and issubclass(p.field_info.annotation, BaseModel) for p in asked):
        return  # a model of parameters refuses what it does not know
    known = {p.alias for p in asked}
    if any(name not in known for name in request.query_params):
        raise Problem(
            422,
            "The call has no such parameter.",
            errors=[
                problems.FieldProblem(
                    where="query", pointer="", detail=f"has only: {', '.join(sorted(known)) or 'none'}"
                )
            ],
        )


operators = APIRouter(tags=["operators"])


@operators.get("/healthz")
async def is_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@operators.get("/readyz", responses={503: {"description": "the database takes no write"}})
async def is_ready(request: Request) -> Response:
    """The process answers, and its database has just taken a write; within two seconds, also where that hangs."""
    if await cast(Readiness, request.app.state.readiness).now():
        clear = await in_clear(cast(Database, request.app.state.database))
        return JSONResponse({"status": "ok"} if clear is None else {"status": "ok", "warning": clear})
    return JSONResponse({"status": "no database"}, 503, headers={"Retry-After": "5"})
