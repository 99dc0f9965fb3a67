"""The ASGI app: the rooms put together."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from app import problems
from app.accounts.routes import router as accounts
from app.accounts.service import SignIns
from app.diary.routes import router as diary
from app.diary.schemas import DatedEntryIn
from app.pages.routes import router as pages
from app.patients.routes import router as patients
from app.problems import Problem, ProblemDetail
from app.procedures.routes import router as procedures
from app.settings import Settings
from app.store.base import utc_now
from app.store.database import Database, answers
from app.store.deps import Clock, DatabaseDep
from app.verdicts.routes import router as verdicts

log = structlog.get_logger()
BODY_LIMIT = 4 * 1024 * 1024  # a batch of a thousand long entries fits
DESCRIPTION = """Follows people after a medial branch rhizotomy from their own diary: did it work, how long has it held, is
it ending? Sign in under *Authorize*, or `POST /v1/token`. Errors are RFC 9457 problems. Reprieve shows one person's
course; it does not diagnose, and a person decides."""


def create_app(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The service on the database of the settings; the database is opened when the app starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.url, settings.pool_size)
        app.state.database, app.state.clock = database, clock
        app.state.sign_ins = SignIns(database, settings.token_hours)
        yield
        await database.close()

    app = FastAPI(
        title="Reprieve",
        version=version("reprieve"),
        description=DESCRIPTION,
        lifespan=lifespan,
        max_body_size=BODY_LIMIT,
        redoc_url=None,
        dependencies=[Depends(refuse_unknown_query)],
    )
    problems.install(app)
    for router in (operators, accounts, patients, procedures, diary, verdicts, pages):
        app.include_router(router)
    app.middleware("http")(leave_a_line)
    _complete_document(app)
    return app


def refuse_unknown_query(request: Request) -> None:
    """422 for a query parameter that the call does not have: a typing error must not be taken for "no filter"."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = {p.alias for p in route.dependant.query_params}
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise Problem(
            422,
            "The call has no such parameter.",
            [
                problems.FieldProblem(where="query", pointer=f"/{name[:50]}", detail="unknown parameter")
                for name in unknown
            ],
        )


async def leave_a_line(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """One log line a request: the route's pattern, never an id, a day or a body."""
    begun = time.perf_counter()
    response = await call_next(request)
    route = request.scope.get("route")
    log.info(
        "request",
        method=request.method,
        route=getattr(route, "path", "-"),
        status=response.status_code,
        ms=round(1000 * (time.perf_counter() - begun), 1),
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


operators = APIRouter(tags=["operators"])


@operators.get("/healthz")
async def is_alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@operators.get("/readyz", responses={503: {"description": "the database does not answer"}})
async def is_ready(database: DatabaseDep) -> Response:
    """The process and its database answer."""
    ready = await answers(database)
    return JSONResponse({"status": "ok" if ready else "no database"}, 200 if ready else 503)


def _complete_document(app: FastAPI) -> None:
    """Adds the schemas that the document names but no route declares."""
    make = app.openapi

    def openapi() -> dict[str, object]:
        if app.openapi_schema is None:
            document = make()
            for model in (ProblemDetail, DatedEntryIn):
                schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
                parts = schema.pop("$defs", {})
                document["components"]["schemas"] |= {**parts, model.__name__: schema}
            document["components"]["schemas"].pop("HTTPValidationError", None)
            document["components"]["schemas"].pop("ValidationError", None)
        return app.openapi_schema or make()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
