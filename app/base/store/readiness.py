"""Whether the database takes a write now."""

import asyncio
from time import monotonic

from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.database import Database
from app.base.store.leases import Lease
from app.base.store.metadata import utc_now
from app.base.store.statements import upsert
from app.base.store.typed import row, table

WITHIN, AGAIN = 1.5, 1.0  # seconds for an answer; and after which another attempt is made
NAME = "ready"  # of the row that is written


class Readiness:
    """Whoever asks at one time shares one attempt, and none of them waits for it longer than `WITHIN`."""

    def __init__(self, database: Database) -> None:
        self._database, self._begun = database, 0.0
        self._attempt: asyncio.Task[None] | None = None

    async def now(self) -> bool:
        """Whether a write was committed just now; no where the database hangs, is away or has no room."""
        attempt = self._attempt
        if attempt is None or (attempt.done() and monotonic() - self._begun > AGAIN):
            attempt = self._attempt = asyncio.create_task(self._database.write(_touch))
            attempt.add_done_callback(_heard)
            self._begun = monotonic()
        await asyncio.wait({attempt}, timeout=WITHIN)
        return attempt.done() and not attempt.cancelled() and attempt.exception() is None

    def stop(self) -> None:
        """Gives up an attempt that hangs."""
        if self._attempt is not None:
            self._attempt.cancel()


def _heard(attempt: asyncio.Task[None]) -> None:
    """Takes an error that nobody waits for any more: the library would print it, with what it holds."""
    if not attempt.cancelled():
        attempt.exception()


async def _touch(connection: AsyncConnection) -> None:
    values = row(Lease, name=NAME, holder="", until=utc_now())
    await connection.execute(upsert(connection, table(Lease), "name"), values)
