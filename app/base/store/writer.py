"""The one writer of an SQLite database: a thread that runs pieces of work and commits those that wait together."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.base.store.origin import Origin, coming_from, origin
from app.base.store.prepared import PreparedConnection

log = structlog.get_logger()
NOTHING = text("SELECT 1")

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
PreparedWork = Callable[[PreparedConnection], Awaitable[T]]
Answered = Future[Any]  # of whatever the work gives: pieces of many kinds wait in one queue
MOST_PER_COMMIT = 128
LONGEST_WAIT = 20.0  # seconds that a piece of work waits for its turn


@dataclass(frozen=True, eq=False)
class QueuedWork:
    """A piece of work that waits; prepared work gets the raw connection of the same transaction."""

    work: Callable[[Any], Awaitable[object]]  # of an ordinary or of a prepared connection
    prepared: bool
    answer: Answered
    asked_from: Origin
    since: float = field(default_factory=time.monotonic)


class RolledBackError(Exception):
    """SQLite has rolled back by itself, as it does where the disk is full: nothing since the last commit is kept."""


class SharedWriter:
    """Each piece of work runs inside its own savepoint, one after another, and is answered after the commit.

    Work may await nothing but the connection that it is given: it runs in the event loop of this thread.
    """

    def __init__(self, make_engine: Callable[[], AsyncEngine]) -> None:
        self._make_engine = make_engine
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._waiting: asyncio.Queue[QueuedWork | None] = asyncio.Queue()

    async def run(self, work: Work[T] | PreparedWork[T], prepared: bool = False) -> T:
        """The result of the work, once it is committed."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
            self._thread.start()
        answer: Future[T] = Future()
        self._loop.call_soon_threadsafe(self._waiting.put_nowait, QueuedWork(work, prepared, answer, origin()))
        return await asyncio.wrap_future(answer)

    async def close(self) -> None:
        """Ends the thread when everything that waits is done."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._waiting.put_nowait, None)
            await asyncio.to_thread(self._thread.join)
            self._loop.close()

    async def _serve(self) -> None:
        engine = self._make_engine()
        while (item := await self._waiting.get()) is not None:
            if time.monotonic() - item.since > LONGEST_WAIT:  # another process holds the file: nobody waits for ever
                _fail(item.answer, TimeoutError())
                continue
            done: list[tuple[Answered, object]] = []
            try:
                await self._commit_together(engine, item, done)
            except Exception as error:  # nothing of this commit is kept, and the thread must go on
                log.error("commit failed", error=type(error).__name__)
                for answer in {item.answer, *(answer for answer, _ in done)}:
                    _fail(answer, error)
            else:
                for answer, result in done:
                    if answer.set_running_or_notify_cancel():
                        answer.set_result(result)
        await engine.dispose()

    async def _commit_together(
        self, engine: AsyncEngine, first: QueuedWork, done: list[tuple[Answered, object]]
    ) -> None:
        item: QueuedWork | None = first
        async with engine.begin() as connection:
            raw = await _raw_of(connection)
            prepared = PreparedConnection(raw, engine.dialect)
            while item is not None:
                try:
                    with coming_from(item.asked_from):
                        if item.prepared:
                            done.append((item.answer, await _in_savepoint(raw, item.work(prepared))))
                        else:
                            async with connection.begin_nested():
                                done.append((item.answer, await item.work(connection)))
                except Exception as error:  # the error goes to the caller of this piece alone
                    _fail(item.answer, error)
                if not raw.in_transaction:
                    raise RolledBackError("the database gave the whole transaction up")
                item = None
                if len(done) < MOST_PER_COMMIT and not self._waiting.empty():
                    item = self._waiting.get_nowait()
                    if item is None:
                        self._waiting.put_nowait(None)  # closing: let the loop see it after this commit


async def _raw_of(connection: AsyncConnection) -> sqlite3.Connection:
    """The driver's own connection, its transaction begun."""
    await connection.execute(NOTHING)
    inline: Any = (await connection.get_raw_connection()).driver_connection  # SQLAlchemy has no type for it
    raw: sqlite3.Connection = inline.raw
    return raw


async def _in_savepoint(raw: sqlite3.Connection, work: Awaitable[T]) -> T:
    raw.execute("SAVEPOINT piece")
    try:
        result = await work
    except BaseException:  # whatever it was, cancelled too: nothing of the piece may stay
        raw.execute("ROLLBACK TO piece")
        raw.execute("RELEASE piece")
        raise
    raw.execute("RELEASE piece")
    return result


def _fail(answer: Answered, error: BaseException) -> None:
    if not answer.done() and answer.set_running_or_notify_cancel():
        answer.set_exception(error)
