"""The call `reprieve sweep`: a round of the worker from cron, or a worker in a process of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import get_context
from typing import Annotated, Any

import typer

from app.access.audit.sealing import seal_due
from app.alerts.messages.sending import send_due
from app.answers.verdicts import claims
from app.answers.verdicts.sweep import count_stale
from app.base.logs import configure
from app.base.settings import SettingError, Settings, get_settings
from app.base.store import leases
from app.base.store.database import Database
from app.base.store.leases import CONCLUSIONS, leased
from app.base.store.metadata import utc_now
from app.doors.commands.common import new_call, opened
from app.work.worker import judge, start, work_once

app = new_call()


@app.command()
def sweep(
    jobs: Annotated[int | None, typer.Option(min=1, help="processes; as many as there are cores if not given")] = None,
    once: Annotated[bool, typer.Option("--once/--watch", help="end when all is done, or go on until stopped")] = True,
) -> None:
    """Brings verdicts, flags and reviews up to date and sends what is due; a run that was killed is resumed."""
    settings = get_settings()
    configure(settings.log_level)
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(settings, jobs, once))


async def _run(settings: Settings, jobs: int | None, once: bool) -> None:
    async with opened() as database:
        if not once:
            at_work = start(database, settings, utc_now)
            if not at_work:
                raise SettingError("REPRIEVE_WORKER_SECONDS: 0 leaves the worker out")
            await asyncio.gather(*at_work)
        verdicts, rest, sent = await _once(database, settings, jobs)
    print(f"{verdicts} verdicts brought up to date, {rest} steps with flags and reviews, {sent} steps with messages")


async def _once(database: Database, settings: Settings, jobs: int | None) -> tuple[int, int, int]:
    await database.write(partial(claims.mark_of_older_engine, now=utc_now()))
    async with database.read() as connection:
        total = await count_stale(connection, utc_now())
    verdicts = done = sent = before = 0

    def tell(in_this_round: int) -> None:
        nonlocal verdicts
        verdicts = before + in_this_round
        if sys.stderr.isatty():
            print(f"\r{verdicts} of {total}", end="", file=sys.stderr, flush=True)

    with executor(settings, jobs) as workers:
        done = await judge(database, utc_now, most=None, executor=workers, tell=tell)  # beside whoever else judges
        async with leased(database, CONCLUSIONS, utc_now, wait=_say_that_it_waits):
            before, until = verdicts, utc_now() + claims.LASTS
            done += await work_once(database, utc_now, most=None, executor=workers, tell=tell)
            while utc_now() < until and await _is_left(database):  # others have it in hand, or died with it
                await asyncio.sleep(leases.AGAIN)
                before = verdicts
                done += await work_once(database, utc_now, most=None, executor=workers, tell=tell)
    await seal_due(database, utc_now)
    while handled := await send_due(database, settings, utc_now):
        sent += handled
    return verdicts, done - verdicts, sent


async def _is_left(database: Database) -> bool:
    async with database.read() as connection:
        return await claims.is_anything_left(connection, utc_now())


def _say_that_it_waits() -> None:
    most = leases.LASTS.total_seconds()
    print(f"another process is at it, or died within the last {most:.0f} seconds: waiting for it", file=sys.stderr)


@contextmanager
def executor(settings: Settings, jobs: int | None) -> Iterator[Executor]:
    """Processes of this machine, as many as it has cores; or, where `REPRIEVE_DASK` names a scheduler, its workers.

    Raises:
        SettingError: the scheduler can't be reached, or the package for it is not installed.
    """
    if settings.dask is None:
        # an interrupt from a terminal goes to all: this process ends the others in order
        alone = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
        with ProcessPoolExecutor(jobs or os.cpu_count(), mp_context=get_context("spawn"), initializer=alone) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise SettingError("REPRIEVE_DASK needs the package: pip install 'reprieve[cluster]'") from None
    connect: Any = Client  # the package has no types
    try:
        client = connect(settings.dask, timeout="10s")
    except (OSError, ValueError) as error:
        raise SettingError(f"REPRIEVE_DASK: no scheduler answers: {type(error).__name__}") from None
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()
