"""The call `reprieve sweep`."""

import asyncio
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from sqlalchemy import func, select

from app.settings import SettingError, Settings, get_settings
from app.store.base import utc_now
from app.store.database import Database
from app.store.migrate import check
from app.verdicts.sweep import stale, sweep


def run(jobs: int | None) -> int:
    """Brings every stale verdict up to date, with all cores or on a cluster, and says how many there were."""
    return asyncio.run(_run(get_settings(), jobs))


async def _run(settings: Settings, jobs: int | None) -> int:
    await check(settings.url)
    database = Database(settings.url, pool_size=2)
    done = 0
    try:
        async with database.read() as connection:
            count = select(func.count()).select_from(stale(utc_now()).order_by(None).subquery())
            total = (await connection.execute(count)).scalar_one()
        with executor(settings, jobs) as workers:
            async for swept in sweep(database, utc_now, workers):
                done = swept.done
                if sys.stderr.isatty():
                    print(f"\r{done} of {total}", end="", file=sys.stderr, flush=True)
    finally:
        await database.close()
    print(f"{done} verdicts brought up to date")
    return 0


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
