"""The floor: bare Starlette routes that do the one SQL statement, with no validation, sign-in, revision or audit.

Served as `tests.benchmarks.floor:app` on the database of REPRIEVE_DATABASE_URL, with the same care for what is
acknowledged: WAL and a sync of the disk at each commit on SQLite, PostgreSQL as it is set.
"""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

URL = os.environ.get("REPRIEVE_DATABASE_URL", "")
UPSERT = "INSERT INTO floor (day, body) VALUES ({}, {}) ON CONFLICT (day) DO UPDATE SET body = excluded.body"
SELECT = "SELECT body FROM kept_verdict WHERE procedure_id = {}"


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    create = "CREATE TABLE IF NOT EXISTS floor (day TEXT PRIMARY KEY, body TEXT NOT NULL)"
    if URL.startswith("sqlite"):
        app.state.sqlite = sqlite3.connect(URL.split("///", 1)[1], isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            app.state.sqlite.execute(f"PRAGMA {pragma}")
        app.state.sqlite.execute(create)
        yield
        return
    app.state.pool = await asyncpg.create_pool(URL.replace("+asyncpg", ""), min_size=10, max_size=10)
    await app.state.pool.execute(create)
    yield
    await app.state.pool.close()


async def put(request: Request) -> Response:
    body = (await request.body()).decode()
    day = request.path_params["day"]
    if hasattr(request.app.state, "sqlite"):
        request.app.state.sqlite.execute(UPSERT.format("?", "?"), (day, body))
    else:
        await request.app.state.pool.execute(UPSERT.format("$1", "$2"), day, body)
    return Response(body, media_type="application/json")


async def get(request: Request) -> Response:
    procedure = request.path_params["procedure"]
    if hasattr(request.app.state, "sqlite"):
        row: Any = request.app.state.sqlite.execute(SELECT.format("?"), (procedure.replace("-", ""),)).fetchone()
    else:
        row = await request.app.state.pool.fetchrow(SELECT.format("$1"), procedure)
    return Response(row[0], media_type="application/json")


app = Starlette(routes=[Route("/put/{day}", put, methods=["PUT"]), Route("/get/{procedure}", get)], lifespan=lifespan)
