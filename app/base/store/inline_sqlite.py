"""SQLite without a thread of its own.

`aiosqlite` hands each step of each statement to a thread and waits for it; measured here, the hops of one short query cost
twenty times the query. Reads of SQLite in WAL mode never wait for a lock, so they run where they are asked for; writes run
in the one thread of the shared writer (`database.py`).
"""

import sqlite3
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import aiosqlite

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000")


class InlineConnection(aiosqlite.Connection):
    """A connection whose steps run in the thread that awaits them."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, 64)

    # as in aiosqlite, which runs any function of its connection
    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
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


def open_file(path: Path) -> sqlite3.Connection:
    """A connection of the driver that never begins or commits by itself, with a sync of the disk at each commit."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def connecting_to(path: Path) -> Callable[..., InlineConnection]:
    """What an engine calls for a new connection."""
    return lambda *_args, **_named: InlineConnection(lambda: open_file(path))
