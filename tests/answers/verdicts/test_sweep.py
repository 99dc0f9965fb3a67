"""The sweep on processes and on a cluster: the same verdicts, and a killed run that is gone on with."""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster
from sqlalchemy import update

from app.answers.verdicts import claims
from app.answers.verdicts import sweep as sweeping
from app.answers.verdicts.service import kept, outcome
from app.answers.verdicts.sweep import sweep
from app.base.settings import Settings
from app.base.store import leases
from app.base.store.database import Database
from app.base.store.leases import CONCLUSIONS, take
from app.base.store.metadata import utc_now
from app.base.store.typed import col, to
from app.doors.commands.main import main
from app.doors.commands.sweep import executor
from app.doors.demo.people import PEOPLE, SECOND_PEOPLE
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from tests.commands import forks, serving

pytestmark = pytest.mark.unmeasured
PROCEDURES = sum(len(one.treatments) for one in (*PEOPLE, *SECOND_PEOPLE))  # of the demo's two clinics


@pytest.fixture
def filled(tmp_path: Path, demo_template: Path) -> Path:
    return Path(shutil.copy(demo_template, tmp_path / "demo.db"))


@pytest.fixture
def cluster() -> Iterator[str]:
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as running:  # type: ignore[no-untyped-call]  # distributed has no types
        yield running.scheduler_address


async def bodies(database: Database) -> dict[Any, str]:
    async with database.read() as connection:
        return {row.procedure_id: row.body for row in await connection.execute(kept.select())}


@pytest.mark.anyio
async def test_a_cluster_makes_the_same_verdicts(filled: Path, cluster: str) -> None:
    database = Database(f"sqlite+aiosqlite:///{filled}")
    made = []
    for settings in ({}, {"dask": cluster}):
        async with database.engine.begin() as connection:
            await connection.execute(kept.delete())
            await connection.execute(outcome.delete())
            await connection.execute(update(patient).ordered_values(to(col(Patient.stale_since), utc_now())))
        with executor(Settings.model_validate(settings), 2) as workers:
            done = [swept.done async for swept in sweep(database, utc_now, workers)]
        assert done[-1] == PROCEDURES
        made.append(await bodies(database))
    assert made[0] == made[1]
    assert len(made[0]) == PROCEDURES
    await database.close()


def sweep_slowly(url: str, said: Path) -> None:
    """The call, two procedures a batch and with a lease that ends soon; a killed process leaves its group with it."""
    os.setsid()
    os.environ["REPRIEVE_DATABASE_URL"] = url
    sweeping.BATCH, leases.LASTS, claims.LASTS = 2, timedelta(seconds=2), timedelta(seconds=2)
    sys.argv = ["reprieve", "sweep", "--jobs", "1"]
    with said.open("w") as sys.stdout:
        main()


def test_a_killed_sweep_is_gone_on_with(filled: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"

    def begin() -> ForkServerProcess:
        process = forks().Process(target=sweep_slowly, args=(f"sqlite:///{filled}", said))
        process.start()
        return process

    for _ in range(3):
        before = count(filled)
        process = begin()
        while process.exitcode is None and count(filled) == before:
            process.join(0.01)
        assert process.pid is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.join()
    partly = count(filled)
    process = begin()
    process.join()
    assert process.exitcode == 0
    assert 0 < partly < PROCEDURES
    assert said.read_text().startswith(f"{PROCEDURES - partly} verdicts brought up to date, ")
    assert count(filled) == PROCEDURES


def test_a_sweep_says_so_where_it_waits_for_another(migrated_sqlite: Path) -> None:
    async def held(until: datetime) -> bool:
        database = Database(f"sqlite+aiosqlite:///{migrated_sqlite}")
        taken = await take(database, CONCLUSIONS, holder="another", now=until)
        await database.close()
        return taken

    assert asyncio.run(held(utc_now()))
    with serving("sweep", "--jobs", "1", url=f"sqlite:///{migrated_sqlite}") as process:
        assert (
            process.stderr.readline()
            == "another process is at it, or died within the last 60 seconds: waiting for it\n"
        )
        assert asyncio.run(held(utc_now() - timedelta(hours=1))), "it has run out"
        assert process.stdout.read().startswith("0 verdicts brought up to date")
        assert process.wait() == 0


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM kept_verdict").fetchone()[0])
