"""Keeps conclusions up to date: verdicts, flags, reviews. One process or many; whatever is killed is gone on with.

Each round does what is due and keeps it in transactions of its own, so that a process that dies loses nothing and does
nothing twice. Of many processes one works at a time: it holds a lease, which runs out when it dies.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.flags.service import escalate
from app.reviews.keeping import close_answered, open_for_returns
from app.store.base import columns
from app.store.database import Database
from app.store.leases import Lease
from app.store.statements import insert_new
from app.verdicts.sweep import sweep

log = structlog.get_logger()
lease = columns(Lease)
LEASE = timedelta(seconds=60)
REST = 20
AT_ONCE = 200  # verdicts a round; the rest follows in the next


async def work_once(database: Database, clock: Callable[[], datetime], most: int | None = AT_ONCE) -> int:
    """One round; answers how many things it did."""
    done = 0
    async for swept in sweep(database, clock, most=most):
        done = swept.done
    for step in (escalate, open_for_returns, close_answered):
        done += await database.write(partial(step, now=clock()))
    return done


async def take_lease(database: Database, holder: str, now: datetime) -> bool:
    """Whether the holder may work until a minute from now: nobody else holds the lease."""

    async def work(connection: AsyncConnection) -> bool:
        values = {"name": "worker", "holder": holder, "until": now + LEASE}
        if (await connection.execute(insert_new(connection, lease, "name"), values)).rowcount:
            return True
        free = (lease.c.holder == holder) | (lease.c.until <= now)
        taken = update(lease).where(lease.c.name == "worker", free).values(holder=holder, until=now + LEASE)
        return bool((await connection.execute(taken)).rowcount)

    return await database.write(work)


async def run(database: Database, clock: Callable[[], datetime], seconds: float) -> None:
    """Works until it is cancelled; a round that fails is logged and tried again."""
    holder = token_hex(16)
    while True:
        done, begun = 0, time.monotonic()
        try:
            if await take_lease(database, holder, clock()):
                done = await work_once(database, clock)
        except Exception as error:  # it must outlive a database that is away
            log.error("worker", error=type(error).__name__, exc_info=error)
        if not done:
            # looking for work in a large database costs time: it may take a twentieth of it at most
            await asyncio.sleep(max(seconds, REST * (time.monotonic() - begun)))
