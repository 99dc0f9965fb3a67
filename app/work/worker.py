"""Keeps conclusions up to date, and sends what is to be sent. One process or many; whatever is killed is gone on with.

Each step does what is due and keeps it in transactions of its own, so that a process that dies loses nothing and does
nothing twice. Conclusions are brought up to date by one process at a time: it holds a lease, which runs out when it dies.
Messages are sent by all of them, each taking what no other has.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.budget import release
from app.alerts.flags.escalation import hand_on
from app.alerts.messages.outbox import forget
from app.alerts.messages.sending import send_due
from app.answers.verdicts.sweep import sweep
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.leases import Lease
from app.base.store.metadata import columns
from app.base.store.statements import insert_new
from app.work.reviews.reconcile import close_answered, open_by_date, open_for_returns

log = structlog.get_logger()
lease = columns(Lease)
LEASE = timedelta(seconds=60)
REST = 20
AT_ONCE = 200  # verdicts a round; the rest follows in the next
STEPS = (release, hand_on, open_for_returns, open_by_date, close_answered, forget)
Clock = Callable[[], datetime]


async def work_once(
    database: Database,
    clock: Clock,
    most: int | None = AT_ONCE,
    executor: Executor | None = None,
    tell: Callable[[int], None] = lambda _done: None,
) -> int:
    """One round: verdicts with their flags, then what follows from flags; answers how many things it did.

    Args:
        most: verdicts in this round.
        tell: hears how many verdicts are done.
    """
    verdicts = 0
    async for swept in sweep(database, clock, executor, most=most):
        verdicts = swept.done
        tell(verdicts)
    done = verdicts
    for step in STEPS:
        while count := await database.write(partial(step, now=clock())):
            done += count
    if most is None or verdicts < most:  # then nothing is left
        await database.write(partial(_up_to_date, now=clock()))
    return done


async def take_lease(database: Database, holder: str, now: datetime) -> bool:
    """Whether the holder may work until a minute from now: nobody else holds the lease."""

    async def work(connection: AsyncConnection) -> bool:
        values = {"name": "worker", "holder": holder, "until": now + LEASE, "up_to_date_at": None}
        if (await connection.execute(insert_new(connection, lease, "name"), values)).rowcount:
            return True
        free = (lease.c.holder == holder) | (lease.c.until <= now)
        taken = update(lease).where(lease.c.name == "worker", free).values(holder=holder, until=now + LEASE)
        return bool((await connection.execute(taken)).rowcount)

    return await database.write(work)


async def lag(connection: AsyncConnection, now: datetime) -> float | None:
    """Seconds since everything that is concluded was up to date; None where it never was."""
    row = (await connection.execute(select(lease.c.up_to_date_at).where(lease.c.name == "worker"))).first()
    return None if row is None or row.up_to_date_at is None else max(0.0, (now - row.up_to_date_at).total_seconds())


async def _up_to_date(connection: AsyncConnection, now: datetime) -> None:
    values = {"name": "worker", "holder": "", "until": now, "up_to_date_at": now}
    if not (await connection.execute(insert_new(connection, lease, "name"), values)).rowcount:
        await connection.execute(update(lease).where(lease.c.name == "worker").values(up_to_date_at=now))


def start(database: Database, settings: Settings, clock: Clock) -> list[asyncio.Task[None]]:
    """Sets the worker to work inside a server: conclusions, and messages beside them, so that neither waits for the other.

    None is started where the settings leave the worker out.
    """
    holder = token_hex(16)

    async def conclude() -> int:
        return await work_once(database, clock) if await take_lease(database, holder, clock()) else 0

    async def send() -> int:
        return await send_due(database, settings, clock)

    if not settings.worker_seconds:
        return []
    return [asyncio.create_task(run(work, settings.worker_seconds)) for work in (conclude, send)]


async def run(work: Callable[[], Awaitable[int]], seconds: float) -> None:
    """Works until it is cancelled; a round that fails is logged and tried again."""
    while True:
        done, begun = 0, time.monotonic()
        try:
            done = await work()
        except Exception as error:  # it must outlive a database that is away
            log.error("worker", error=type(error).__name__, exc_info=error)
        if not done:
            # looking for work in a large database costs time: it may take a twentieth of it at most
            await asyncio.sleep(max(seconds, REST * (time.monotonic() - begun)))
