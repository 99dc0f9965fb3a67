"""Leases: which of many processes does a piece of work.

A lease is held until an instant, and its holder renews it while the work goes on. Where the process dies, the lease runs
out and another takes it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from secrets import token_hex

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from app.base.store.database import Database
from app.base.store.statements import insert_new
from app.base.store.typed import col, row, table, to

log = structlog.get_logger()
LASTS = timedelta(seconds=60)
AGAIN = 0.5  # seconds between two attempts to take a lease
CONCLUSIONS = "worker"  # the lease of what draws conclusions: verdicts, flags, reviews


class Lease(SQLModel, table=True):
    """A piece of work that one process does at a time, until an instant unless it goes on.

    `up_to_date_at` is when nothing was left to do the last time: its age is the lag.
    """

    name: str = Field(primary_key=True, max_length=40)
    holder: str = Field(max_length=64)
    until: datetime
    up_to_date_at: datetime | None = None


lease = table(Lease)


@asynccontextmanager
async def leased(
    database: Database, name: str, clock: Callable[[], datetime], *, wait: Callable[[], None] | None = None
) -> AsyncIterator[bool]:
    """Whether this task holds the lease for the block: it is renewed while that runs, and let go at its end.

    Args:
        wait: where it is given and another holds the lease, it is called once, and the block waits until the other has
            let it go or it has run out; without it the block goes on without the lease.
    """
    holder = token_hex(16)
    held = await take(database, name, holder=holder, now=clock())
    if wait is not None and not held:
        wait()
        while not held:
            await asyncio.sleep(AGAIN)
            held = await take(database, name, holder=holder, now=clock())
    if not held:
        yield False
        return
    renewing = asyncio.create_task(_renew(database, name, holder=holder, clock=clock))
    try:
        yield True
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await _let_go(database, name, holder=holder, now=clock())


async def take(database: Database, name: str, *, holder: str, now: datetime) -> bool:
    """Takes or renews a lease; false where another holds it."""

    async def work(connection: AsyncConnection) -> bool:
        new = row(Lease, name=name, holder=holder, until=now + LASTS)
        if (await connection.execute(insert_new(connection, lease, "name"), new)).rowcount:
            return True
        free = (col(Lease.holder) == holder) | (col(Lease.until) <= now)
        taken = (
            update(lease)
            .where(col(Lease.name) == name, free)
            .ordered_values(to(col(Lease.holder), holder), to(col(Lease.until), now + LASTS))
        )
        return bool((await connection.execute(taken)).rowcount)

    return await database.write(work)


async def _renew(database: Database, name: str, *, holder: str, clock: Callable[[], datetime]) -> None:
    while True:
        await asyncio.sleep(LASTS.total_seconds() / 3)
        try:
            await take(database, name, holder=holder, now=clock())
        except Exception as error:  # the work goes on; the next attempt may reach the database again
            log.warning("lease", name=name, error=type(error).__name__)


async def _let_go(database: Database, name: str, *, holder: str, now: datetime) -> None:
    async def work(connection: AsyncConnection) -> None:
        mine = update(lease).where(col(Lease.name) == name, col(Lease.holder) == holder)
        await connection.execute(mine.ordered_values(to(col(Lease.until), now)))

    await database.write(work)


async def set_up_to_date(database: Database, name: str, now: datetime) -> None:
    """Notes that nothing is left to do of a piece of work."""

    async def work(connection: AsyncConnection) -> None:
        new = row(Lease, name=name, holder="", until=now, up_to_date_at=now)
        if not (await connection.execute(insert_new(connection, lease, "name"), new)).rowcount:
            done = update(lease).where(col(Lease.name) == name)
            await connection.execute(done.ordered_values(to(col(Lease.up_to_date_at), now)))

    await database.write(work)


async def lag(connection: AsyncConnection, name: str, now: datetime) -> float | None:
    """Seconds since everything of a piece of work was up to date; None where it never was."""
    query = select(col(Lease.up_to_date_at)).where(col(Lease.name) == name)
    at = (await connection.execute(query)).scalar_one_or_none()
    return None if at is None else max(0.0, (now - at).total_seconds())
