"""The worker: keeps verdicts, flags and reviews up to date, and sends messages. It runs in one process or many.

Each step does what is due in transactions of its own, so that after a process dies the next one continues, and nothing
is lost or done twice. All processes make verdicts with their flags, each of patients whom no other has claimed, and send
messages that no other has taken. What follows from flags, and reviews, is one process's at a time: it holds a lease, which
expires if the process dies.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial

import structlog

from app.access.audit.sealing import seal_due
from app.alerts.flags.budget import release
from app.alerts.flags.escalation import hand_on
from app.alerts.messages.outbox import forget
from app.alerts.messages.sending import Lanes
from app.answers.verdicts.claims import is_anything_left, mark_of_older_engine
from app.answers.verdicts.own_cohort import learn_from_outcomes
from app.answers.verdicts.sweep import sweep
from app.base.http.deps import Clock
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.leases import CONCLUSIONS, leased, set_up_to_date
from app.base.telemetry import tell_done, timed
from app.work.calendar.absences import withdraw_offers_in_absences
from app.work.calendar.deaths import let_go, wait_again
from app.work.calendar.offers import pass_on
from app.work.calendar.reminders import remind
from app.work.reminders.service import remind_to_log
from app.work.reviews.reconcile import close_answered, open_by_date, open_for_returns, reopen_unanswered

log = structlog.get_logger()
REST = 20
SEALS_EVERY = 15.0  # seconds between two looks for audit events to seal
AT_ONCE = 200  # verdicts a round; the rest follows in the next
STEPS = (
    release,
    hand_on,
    reopen_unanswered,  # before others are opened beside them
    open_for_returns,
    open_by_date,
    close_answered,
    let_go,
    wait_again,
    withdraw_offers_in_absences,
    pass_on,
    remind,
    remind_to_log,
    forget,
)


async def work_once(
    database: Database,
    clock: Clock,
    *,
    most: int | None = AT_ONCE,
    executor: Executor | None = None,
    tell: Callable[[int], None] = lambda _done: None,
) -> int:
    """One round: verdicts with their flags, then what follows from flags; returns how many items it did.

    Args:
        most: verdicts in this round.
        tell: is called with the number of verdicts done so far.
    """
    with timed("worker learns"):
        await learn_from_outcomes(database, clock)
    done = await judge(database, clock, most=most, executor=executor, tell=tell)
    for step in STEPS:
        with timed("worker step", step):
            begun = done
            while count := await database.write(partial(step, now=clock())):
                done += count
            tell_done(done - begun)
    async with database.read() as connection:
        left = await is_anything_left(connection, clock())
    if not left:
        await set_up_to_date(database, CONCLUSIONS, clock())
    return done


async def judge(
    database: Database,
    clock: Clock,
    *,
    most: int | None = AT_ONCE,
    executor: Executor | None = None,
    tell: Callable[[int], None] = lambda _done: None,
) -> int:
    """Verdicts with their flags, beside whoever else judges; returns how many procedures were looked at."""
    done = 0
    with timed("worker judges"):
        async for swept in sweep(database, clock, executor, most=most):
            done = swept.done
            tell(done)
        tell_done(done)
    return done


def start(database: Database, settings: Settings, clock: Clock) -> list[asyncio.Task[None]]:
    """Starts the worker inside a server as three tasks, verdicts, messages and the audit: none waits for another.

    Starts none where `worker_seconds` is 0.
    """

    looked = False

    async def conclude() -> int:
        nonlocal looked
        async with leased(database, CONCLUSIONS, clock) as held:
            if held and not looked:  # once a process: another version may have come with it
                await database.write(partial(mark_of_older_engine, now=clock()))
                looked = True
            if held:
                return await work_once(database, clock)
        return await judge(database, clock)

    async def send() -> None:
        lanes = Lanes(database, settings, clock)
        try:
            await run(lanes.begin, settings.worker_seconds)
        finally:
            await lanes.close()

    if not settings.worker_seconds:
        return []
    seal = run(partial(seal_due, database, clock), max(settings.worker_seconds, SEALS_EVERY))
    return [asyncio.create_task(one) for one in (run(conclude, settings.worker_seconds), send(), seal)]


async def run(work: Callable[[], Awaitable[int]], seconds: float) -> None:
    """Works until it is cancelled; a round that fails is logged and tried again."""
    while True:
        done, begun = 0, time.monotonic()
        try:
            with timed("worker round", work):
                done = await work()
                tell_done(done)
        except Exception as error:  # the worker must survive a database that can't be reached
            log.error("worker", error=type(error).__name__, exc_info=error)
        if not done:
            # a search for work in a large database costs time: it may take a twentieth of the time at most
            await asyncio.sleep(max(seconds, REST * (time.monotonic() - begun)))
