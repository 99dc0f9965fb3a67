"""SQLite without a thread of its own.

`aiosqlite` hands each step of each statement to a thread and waits for it; measured here, the hops of one short query cost
twenty times the query. Reads of SQLite in WAL mode never wait for a lock, so they run where they are asked for; writes run
in the one thread of the shared writer (`database.py`).
"""

import math
import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from time import monotonic
from typing import Any

import aiosqlite

BUSY_READING, BUSY_WRITING = 1_000, 5_000  # milliseconds for which another process may hold the file up
STEP_SECONDS, ASKS_EVERY = 30.0, 100_000  # how long a step may take, and after how many instructions SQLite asks
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")


class TimedConnection(aiosqlite.Connection):
    """A connection with a thread of its own; SQLite gives each step up after so many seconds."""

    def __init__(self, path: Path, busy: int) -> None:
        super().__init__(lambda: self._open(path, busy), 64)
        self._ends = math.inf

    def _open(self, path: Path, busy: int) -> sqlite3.Connection:
        connection = open_file(path, busy)
        connection.set_progress_handler(lambda: monotonic() > self._ends, ASKS_EVERY)
        return connection

    # as in aiosqlite, which runs any function of its connection
    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._ends = monotonic() + STEP_SECONDS
        return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # aiosqlite leaves it untyped


class InlineConnection(TimedConnection):
    """A connection whose steps run in the thread that awaits them."""

    # as in aiosqlite, which runs any function of its connection
    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._ends = monotonic() + STEP_SECONDS
        return fn(*args, **kwargs)

    @property
    def raw(self) -> sqlite3.Connection:
        """The driver's own connection, once it is open."""
        return self._conn

    async def _connect(self) -> "InlineConnection":
        if self._connection is None:
            self._connection = self._connector()
        return self

    def __await__(self) -> Generator[Any, None, "InlineConnection"]:  # as in aiosqlite
        return self._connect().__await__()

    def stop(self) -> None:
        """Closes without waiting; there is no thread to stop."""
        self._running = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def open_file(path: Path, busy: int = BUSY_READING) -> sqlite3.Connection:
    """A connection of the driver that never begins or commits by itself, with a sync of the disk at each commit."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in (f"busy_timeout={busy}", *PRAGMAS):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def connecting_to(path: Path, busy: int) -> Callable[..., InlineConnection]:
    """What an engine calls for a new connection."""
    return lambda *_args, **_named: InlineConnection(path, busy)


def connecting_aside(path: Path) -> Callable[..., TimedConnection]:
    """The same for connections whose reads may take long, each in a thread of its own."""
    return lambda *_args, **_named: TimedConnection(path, BUSY_READING)
