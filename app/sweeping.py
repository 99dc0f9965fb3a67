"""The call `reprieve sweep`: a round of the worker from cron, or a worker in a process of its own."""

import asyncio
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from typing import Any

from sqlalchemy import func, select

from app.logs import configure
from app.messages.sending import send_due
from app.settings import SettingError, Settings, get_settings
from app.store.base import utc_now
from app.store.database import Database
from app.store.migrate import check
from app.verdicts.sweep import stale
from app.worker import start, work_once


def run(jobs: int | None, once: bool) -> int:
    """Brings verdicts, flags and reviews up to date and sends what is due, with all cores or on a cluster.

    Args:
        once: and ends then, with a line that says how much there was; else goes on until it is told to stop.
    """
    settings = get_settings()
    configure(settings.log_level)
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(settings, jobs, once))
    return 0


async def _run(settings: Settings, jobs: int | None, once: bool) -> None:
    await check(settings.url)
    database = Database(settings.url, pool_size=2)
    try:
        if not once:
            at_work = start(database, settings, utc_now)
            if not at_work:
                raise SettingError("REPRIEVE_WORKER_SECONDS: 0 leaves the worker out")
            await asyncio.gather(*at_work)
        verdicts, rest, sent = await _once(database, settings, jobs)
    finally:
        await database.close()
    print(f"{verdicts} verdicts brought up to date, {rest} steps with flags and reviews, {sent} steps with messages")


async def _once(database: Database, settings: Settings, jobs: int | None) -> tuple[int, int, int]:
    async with database.read() as connection:
        count = select(func.count()).select_from(stale(utc_now()).order_by(None).subquery())
        total = (await connection.execute(count)).scalar_one()
    verdicts = sent = 0

    def tell(done: int) -> None:
        nonlocal verdicts
        verdicts = done
        if sys.stderr.isatty():
            print(f"\r{done} of {total}", end="", file=sys.stderr, flush=True)

    with executor(settings, jobs) as workers:
        done = await work_once(database, utc_now, None, workers, tell)
    while handled := await send_due(database, settings, utc_now):
        sent += handled
    return verdicts, done - verdicts, sent


@contextmanager
def executor(settings: Settings, jobs: int | None) -> Iterator[Executor]:
    """Processes of this machine, as many as it has cores; or, where `REPRIEVE_DASK` names a scheduler, its workers.

    Raises:
        SettingError: the scheduler can't be reached, or the package for it is not installed.
    """
    if settings.dask is None:
        with ProcessPoolExecutor(jobs or os.cpu_count(), mp_context=get_context("spawn")) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise SettingError("REPRIEVE_DASK needs the package: pip install 'reprieve[cluster]'") from None
    connect: Any = Client
    try:
        client = connect(settings.dask, timeout="10s")
    except (OSError, ValueError) as error:
        raise SettingError(f"REPRIEVE_DASK: no scheduler answers: {type(error).__name__}") from None
    try:
        yield client.get_executor(pure=False)
    finally:
        client.close()
