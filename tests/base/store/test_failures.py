"""What fails for a while is told from what is our fault; what was in another's way is done again."""

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Clinic
from app.base.store.database import Database
from app.base.store.failures import DatabaseAwayError, failure_of
from app.base.store.metadata import new_id, utc_now
from app.base.store.typed import col, row, table
from app.base.store.writer import RolledBackError

pytestmark = pytest.mark.anyio
clinic = table(Clinic)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


def of_sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    return error


def behind(hidden: BaseException) -> BaseException:
    """An error that arose while another was handled."""
    try:
        try:
            raise hidden
        except BaseException:
            raise KeyError("no such savepoint")  # noqa: B904  # the cause that is hidden is what is tested
    except KeyError as error:
        return error


KINDS: list[tuple[BaseException, str]] = [
    (asyncpg.DeadlockDetectedError(), "in_the_way"),
    (asyncpg.SerializationError(), "in_the_way"),
    (IntegrityError("", {}, asyncpg.UniqueViolationError()), "taken"),
    (asyncpg.ForeignKeyViolationError(), "taken"),
    (asyncpg.DiskFullError(), "away"),
    (asyncpg.TooManyConnectionsError(), "away"),
    (asyncpg.QueryCanceledError(), "away"),
    (asyncpg.AdminShutdownError(), "away"),
    (asyncpg.ConnectionDoesNotExistError(), "away"),
    (asyncpg.ReadOnlySQLTransactionError(), "away"),
    (asyncpg.InterfaceError("connection is closed"), "away"),
    (DBAPIError("", {}, Exception(), connection_invalidated=True), "away"),
    (of_sqlite(sqlite3.SQLITE_FULL), "away"),
    (of_sqlite(sqlite3.SQLITE_BUSY | 2 << 8), "away"),
    (OSError(errno.ENOSPC, "no"), "away"),
    (DatabaseAwayError(), "away"),
    (RolledBackError(), "away"),
    (PoolTimeout(), "away"),
    (TimeoutError(), "away"),
    (behind(of_sqlite(sqlite3.SQLITE_FULL)), "away"),
    (of_sqlite(sqlite3.SQLITE_CONSTRAINT), "fault"),
    (asyncpg.UndefinedTableError(), "fault"),
    (asyncpg.NotNullViolationError(), "fault"),
    (asyncpg.InterfaceError("wrong number of arguments"), "fault"),
    (OSError(errno.EACCES, "no"), "fault"),
    (ValueError(), "fault"),
    (behind(ValueError()), "fault"),
]


@pytest.mark.parametrize(("error", "kind"), KINDS, ids=[f"{type(e).__name__}-{i}" for i, (e, _) in enumerate(KINDS)])
def test_each_kind_is_told_apart(error: BaseException, kind: str) -> None:
    assert failure_of(error) == kind


async def test_two_that_lock_in_two_orders_both_succeed(database: Database) -> None:
    ids = [new_id(), new_id()]
    rows = [row(Clinic, id=i, name="", created_at=utc_now()) for i in ids]
    await database.write(lambda c: c.execute(insert(clinic), rows))
    met = asyncio.Barrier(2)
    tried = 0

    async def work(connection: AsyncConnection, first: int) -> int:
        nonlocal tried
        tried += 1
        for place in (first, 1 - first):
            one = select(clinic).where(col(Clinic.id) == ids[place]).with_for_update()
            await connection.execute(one)
            if place == first and tried <= 2 and not database.is_sqlite:
                await met.wait()
        return first

    both = await asyncio.gather(*(database.write(lambda c, i=i: work(c, i)) for i in (0, 1)))  # type: ignore[misc]  # a default ties each to its own number
    assert both == [0, 1]
    assert tried == 2 if database.is_sqlite else tried > 2


async def test_a_row_that_does_not_fit_fails_only_its_own_caller(database: Database) -> None:
    one, same = new_id(), new_id()
    rows = [row(Clinic, id=i, name="", created_at=utc_now()) for i in (one, same, same, new_id())]
    done = await asyncio.gather(*(database.insert_together(clinic, r) for r in rows), return_exceptions=True)
    assert [isinstance(d, Exception) for d in done] == [False, False, True, False]


async def test_a_full_disk_is_told_and_what_was_kept_stays(migrated_sqlite: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{migrated_sqlite}")
    kept, failed = [], []

    async def one(name: str) -> None:
        values = row(Clinic, id=new_id(), name=name, created_at=utc_now())

        async def work(connection: AsyncConnection) -> None:
            pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
            await connection.execute(text(f"PRAGMA max_page_count = {min(pages + 2, LIMIT[0])}"))
            await connection.execute(insert(clinic), values)

        try:
            await database.write(work)
        except Exception as error:
            failed.append(failure_of(error))
        else:
            kept.append(name)

    await one("first")
    with sqlite3.connect(migrated_sqlite) as connection:
        LIMIT[0] = connection.execute("PRAGMA page_count").fetchone()[0] + 2
    await asyncio.gather(*(one("x" * 190 + str(i)) for i in range(400)))
    assert kept and failed and set(failed) == {"away"}
    with sqlite3.connect(migrated_sqlite) as connection:
        assert {name for (name,) in connection.execute("SELECT name FROM clinic")} == set(kept)
    await database.close()


LIMIT = [10_000]  # pages
