"""The database: connections, transactions, and the one place that knows SQLite from PostgreSQL.

`Database.write` runs a piece of work in a transaction and returns after the commit. SQLite has one writer at a time, and a
commit costs a sync of the disk, so there a single thread writes, and the pieces that wait share a commit (`writer.py`).
`Database.read` gives a connection with a steady view; `read_one` is for the single statement of a hot path.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, event, make_url, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.base.store.inline_sqlite import connecting_to, open_file
from app.base.store.prepared import Parameters, Prepared, PreparedConnection, Ts, prepared_insert
from app.base.store.writer import PreparedWork, SharedWriter, T, Work


class Database:
    """An open database; `close` it in the event loop that used it."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url, pool_size)
        self._writer = SharedWriter(lambda: _sqlite_engine(url, writes=True)) if self.is_sqlite else None
        self._reader = open_file(_file(url)) if self.is_sqlite else None
        self._gathered: dict[Table, list[tuple[dict[str, object], asyncio.Future[None]]]] = {}
        self._inserting: set[asyncio.Task[None]] = set()

    async def write(self, work: Work[T]) -> T:
        """Runs work in one transaction and returns its result after the commit; an error rolls back only this work."""
        if self._writer is not None:
            return await self._writer.run(work)
        async with self.engine.begin() as connection:
            return await work(connection)

    async def write_prepared(self, work: PreparedWork[T]) -> T:
        """The same for the hot paths: the work runs only statements that were built once (`prepared.py`)."""
        if self._writer is not None:
            return await self._writer.run(work, prepared=True)
        async with self.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            async with raw.transaction():
                return await work(PreparedConnection(raw, self.engine.dialect))

    async def insert_together(self, table: Table, row: dict[str, object]) -> None:
        """Inserts a row and returns after the commit; rows that wait at the same time go in with one statement."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._gathered.setdefault(table, [])
        waiting.append((row, done))
        if len(waiting) == 1:
            task = asyncio.create_task(self._insert_gathered(table))
            self._inserting.add(task)
            task.add_done_callback(self._inserting.discard)
        await done

    async def _insert_gathered(self, table: Table) -> None:
        while self._gathered[table]:
            taken = list(self._gathered[table])
            try:
                await self.write_prepared(partial(_insert, into=table, rows=[row for row, _ in taken]))
            except Exception as error:  # every waiting caller must get the error
                for _, done in taken:
                    if not done.done():
                        done.set_exception(error)
            else:
                for _, done in taken:
                    if not done.done():
                        done.set_result(None)
            del self._gathered[table][: len(taken)]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one state of the data for as long as it is held."""
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    async def read_many(self, statement: "Prepared[*Ts]", parameters: Parameters) -> "list[tuple[*Ts]]":
        """The rows of one prepared statement, in a single round trip."""
        if self._reader is not None:
            return await PreparedConnection(self._reader, self.engine.dialect).rows(statement, parameters)
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


def _sqlite_engine(url: str, writes: bool = False) -> AsyncEngine:
    connect = connecting_to(_file(url))
    engine = create_async_engine(
        url, async_creator=connect, pool_size=1 if writes else 8, max_overflow=0, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: str, pool_size: int) -> AsyncEngine:
    settings = {"server_settings": {"timezone": "UTC"}}
    engine = create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=30, connect_args=settings, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def still_open(dbapi_connection: Any, _record: object, _proxy: object) -> None:  # asyncpg has no types
        if dbapi_connection.driver_connection.is_closed():  # the server has gone; the pool takes a new one
            raise DisconnectionError

    return engine


async def answers(database: Database) -> bool:
    """Whether the database answers a query now."""
    try:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
    except (DBAPIError, OSError, TimeoutError):
        return False
    return True
