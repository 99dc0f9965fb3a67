"""The database: connections, transactions, and the one place that knows SQLite from PostgreSQL.

`Database.write` runs a piece of work in a transaction and returns after the commit. SQLite has one writer at a time, and a
commit costs a sync of the disk, so there a single thread writes, and the pieces that wait share a commit (`writer.py`).
`Database.read` gives a connection with a steady view; `read_one` is for the single statement of a hot path.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache, partial
from itertools import count
from pathlib import Path
from random import random

from sqlalchemy import Connection, Table, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import configure_mappers

from app.base.store import wall
from app.base.store.failures import failure_of
from app.base.store.inline_sqlite import BUSY_READING, BUSY_WRITING, connecting_aside, connecting_to, open_file
from app.base.store.keys import ring_of
from app.base.store.postgresql import Reach, engine_of, is_pooled
from app.base.store.prepared import Parameters, Prepared, PreparedConnection, Ts, prepared_insert
from app.base.store.sealed import use_ring
from app.base.store.writer import PreparedWork, SharedWriter, T, Work
from app.base.telemetry import timed

TRIES = 5  # of a transaction that another was in the way of
READ, WRITE = "database read", "database write"  # steps, as a collector is told of them


class Database:
    """An open database; `close` it in the event loop that used it."""

    def __init__(
        self, url: str, pool_size: int = 10, *, statement_seconds: float | None = None, key_file: Path | None = None
    ) -> None:
        configure_mappers()  # what `model_construct` makes can be read from then on, also before anything was constructed
        self.ring = ring_of(url, key_file)
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self._reach = Reach(not self.is_sqlite and is_pooled(url), statement_seconds)
        self.engine = _sqlite_engine(url) if self.is_sqlite else engine_of(url, pool_size, self._reach)
        self._writer = (
            SharedWriter(lambda: self._under_keys(_sqlite_engine(url, writes=True))) if self.is_sqlite else None
        )
        self._reader = open_file(_file(url)) if self.is_sqlite else None
        self._aside = _sqlite_engine(url, aside=True) if self.is_sqlite else self.engine
        for engine in (self.engine, self._aside):
            self._under_keys(engine)
        self._gathered: dict[Table, list[tuple[dict[str, object], asyncio.Future[None]]]] = {}
        self._inserting: set[asyncio.Task[None]] = set()

    def _under_keys(self, engine: AsyncEngine) -> AsyncEngine:
        use_ring(engine.dialect, self.ring)
        return engine

    async def write(self, work: Work[T]) -> T:
        """Runs work in one transaction and returns its result after the commit; an error rolls back only this work.

        Where another transaction was in the way the work is done again: it changes nothing but the database.
        """
        with timed(WRITE, work):
            if self._writer is not None:
                return await self._writer.run(work)
            return await _again(partial(self._in_transaction, work))

    async def _in_transaction(self, work: Work[T]) -> T:
        async with self.engine.begin() as connection:
            return await work(connection)

    async def write_prepared(self, work: PreparedWork[T]) -> T:
        """The same for the hot paths: the work runs only statements that were built once (`prepared.py`)."""
        with timed(WRITE, work):
            if self._writer is not None:
                return await self._writer.run(work, prepared=True)
            return await _again(partial(self._in_prepared_transaction, work))

    async def _in_prepared_transaction(self, work: PreparedWork[T]) -> T:
        async with self.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            async with raw.transaction():
                await self._reach.begin(raw)
                return await work(PreparedConnection(raw, self.engine.dialect))

    async def insert_together(self, table: Table, row: dict[str, object]) -> None:
        """Inserts a row and returns after the commit; rows that wait at the same time go in with one statement."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._gathered.setdefault(table, [])
        waiting.append((row, done))
        if len(waiting) == 1:
            with wall.as_it_is():  # rows of any clinic
                task = asyncio.create_task(self._insert_gathered(table))
            self._inserting.add(task)
            task.add_done_callback(self._inserting.discard)
        await done

    async def _insert_gathered(self, table: Table) -> None:
        while self._gathered[table]:
            taken = list(self._gathered[table])
            try:
                await self.write_prepared(partial(_insert, into=table, rows=[row for row, _ in taken]))
            except Exception as error:
                if len(taken) > 1 and failure_of(error) in ("fault", "taken"):  # one of them: each has its own answer
                    for row, done in taken:
                        await self._insert_alone(table, row, done)
                else:
                    for _, done in taken:
                        _settle(done, error)
            else:
                for _, done in taken:
                    _settle(done, None)
            del self._gathered[table][: len(taken)]

    async def _insert_alone(self, table: Table, row: dict[str, object], done: asyncio.Future[None]) -> None:
        try:
            await self.write_prepared(partial(_insert, into=table, rows=[row]))
        except Exception as error:  # its caller gets it
            _settle(done, error)
        else:
            _settle(done, None)

    @asynccontextmanager
    async def read(self, aside: bool = False) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the data for as long as it is held.

        Args:
            aside: for what may take long: SQLite then reads in a thread of its own, where it holds up no other call.
        """
        with timed(READ):
            async with (self._aside if aside else self.engine).connect() as connection:
                if not self.is_sqlite:
                    await connection.execution_options(isolation_level="REPEATABLE READ")
                yield connection

    async def read_many(self, statement: "Prepared[*Ts]", parameters: Parameters) -> "list[tuple[*Ts]]":
        """The rows of one prepared statement, in a single round trip."""
        with timed(READ):
            if self._reader is not None:
                return await PreparedConnection(self._reader, self.engine.dialect).rows(statement, parameters)
            if self._reach.pooled:  # what is to be seen is told to a transaction
                return await self._in_prepared_transaction(lambda one: one.rows(statement, parameters))
            async with self.engine.connect() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                return await PreparedConnection(raw, self.engine.dialect).rows(statement, parameters)

    async def read_one(self, statement: "Prepared[*Ts]", parameters: Parameters) -> "tuple[*Ts] | None":
        """The first row of one prepared statement, in a single round trip."""
        rows = await self.read_many(statement, parameters)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Finishes what is under way and closes the connections."""
        while self._inserting:
            await asyncio.gather(*self._inserting)
        if self._writer is not None:
            await self._writer.close()
        if self._reader is not None:
            self._reader.close()
        await self.engine.dispose()
        await self._aside.dispose()


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():  # its caller has gone
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


async def _again(attempt: Callable[[], Awaitable[T]]) -> T:
    """The result of a transaction, begun anew where it was stopped by another. One whose end is unknown is not."""
    for tried in count(1):
        try:
            return await attempt()
        except Exception as error:
            if tried == TRIES or failure_of(error) not in ("in_the_way", "taken"):
                raise
        await asyncio.sleep(0.005 * 3**tried * random())  # noqa: S311  # so that two do not meet again
    raise AssertionError("counting has no end")


async def _insert(connection: PreparedConnection, into: Table, rows: list[dict[str, object]]) -> None:
    statement = _insert_into(into)
    if len(rows) == 1:
        await connection.rows(statement, rows[0])
    else:
        await connection.many(statement, rows)


@cache
def _insert_into(into: Table) -> Prepared[*tuple[()]]:
    return prepared_insert(into)


def _file(url: str) -> Path:
    return Path(str(make_url(url).database))


def _sqlite_engine(url: str, writes: bool = False, *, aside: bool = False) -> AsyncEngine:
    path = _file(url)
    connect = connecting_aside(path) if aside else connecting_to(path, BUSY_WRITING if writes else BUSY_READING)
    engine = create_async_engine(
        url, async_creator=connect, pool_size=1 if writes else 8, max_overflow=0, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
