"""The database: connections, transactions, and the one place that knows SQLite from PostgreSQL.

`Database.write` runs a piece of work in a transaction and returns after the commit. SQLite has one writer at a time, and a
commit costs a sync of the disk, so there the pieces that wait share one: each runs inside its own savepoint, and all are
answered after the one commit. `Database.read` gives a connection with a steady view.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

log = structlog.get_logger()

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
MOST_PER_COMMIT = 128


class Database:
    """An open database; `close` it in the event loop that used it."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url, pool_size)
        self._writer = _SharedWriter(self.engine) if self.is_sqlite else None

    async def write(self, work: Work[T]) -> T:
        """Runs work in one transaction and returns its result once that is committed; an error undoes the work alone."""
        if self._writer is not None:
            return await self._writer.run(work)
        async with self.engine.begin() as connection:
            return await work(connection)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the data for as long as it is held."""
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    async def close(self) -> None:
        """Finishes what is under way and lets the connections go."""
        if self._writer is not None:
            await self._writer.close()
        await self.engine.dispose()


def _sqlite_engine(url: str) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"timeout": 30}, pool_size=5, max_overflow=0)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None  # the driver must not begin or commit by itself
        cursor = dbapi_connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return engine


def _postgresql_engine(url: str, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=30, connect_args={"server_settings": {"timezone": "UTC"}}
    )


class _SharedWriter:
    """Runs pieces of work one after another and commits those that wait together."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: asyncio.Queue[tuple[Work[Any], asyncio.Future[Any]] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def run(self, work: Work[T]) -> T:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve())
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((work, answer))
        return await answer

    async def close(self) -> None:
        if self._task is not None:
            self._waiting.put_nowait(None)
            await self._task

    async def _serve(self) -> None:
        while (item := await self._waiting.get()) is not None:
            done: list[tuple[asyncio.Future[Any], Any]] = []
            try:
                await self._commit_together(item, done)
            except (DBAPIError, OSError) as e:
                log.error("commit failed", error=type(e).__name__)
                for answer, _ in done:
                    _fail(answer, e)
                if not done:
                    _fail(item[1], e)
            else:
                for answer, result in done:
                    if not answer.done():
                        answer.set_result(result)

    async def _commit_together(
        self, item: tuple[Work[Any], asyncio.Future[Any]] | None, done: list[tuple[asyncio.Future[Any], Any]]
    ) -> None:
        async with self._engine.execution_options(writes=True).begin() as connection:
            while item is not None:
                work, answer = item
                try:
                    async with connection.begin_nested():
                        done.append((answer, await work(connection)))
                except Exception as e:  # whatever it is, it belongs to whoever asked for this piece
                    _fail(answer, e)
                item = None
                if len(done) < MOST_PER_COMMIT and not self._waiting.empty():
                    item = self._waiting.get_nowait()
                    if item is None:
                        self._waiting.put_nowait(None)  # closing: let the loop see it after this commit


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)


async def answers(database: Database) -> bool:
    """Whether the database can be asked anything now."""
    try:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except (DBAPIError, OSError, TimeoutError):
        return False
    return True
