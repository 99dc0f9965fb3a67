"""The sweep on processes and on a cluster: the same verdicts, and a killed run that is gone on with."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from app.answers.verdicts.service import kept, outcome
from app.answers.verdicts.sweep import sweep
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.leases import CONCLUSIONS, take
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.doors.commands.sweep import executor
from app.doors.demo.build import build

PROCEDURES = 16  # of the demo's two clinics


async def filled(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await build(database, utc_now(), lambda name: None)
    await database.close()


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    upgrade(f"sqlite+aiosqlite:///{tmp_path / 'demo.db'}")
    return tmp_path / "demo.db"


@pytest.fixture
def cluster() -> Iterator[str]:
    with LocalCluster(n_workers=4, threads_per_worker=1, dashboard_address=None) as running:  # type: ignore[no-untyped-call]  # untyped
        yield running.scheduler_address


async def bodies(database: Database) -> dict[Any, str]:
    async with database.read() as connection:
        return {row.procedure_id: row.body for row in await connection.execute(kept.select())}


@pytest.mark.anyio
async def test_a_cluster_of_four_makes_the_same_verdicts(empty: Path, cluster: str) -> None:
    await filled(empty)
    database = Database(f"sqlite+aiosqlite:///{empty}")
    made = []
    for settings in ({}, {"dask": cluster}):
        async with database.engine.begin() as connection:
            await connection.execute(kept.delete())
            await connection.execute(outcome.delete())
        with executor(Settings.model_validate(settings), 2) as workers:
            done = [swept.done async for swept in sweep(database, utc_now, workers)]
        assert done[-1] == PROCEDURES
        made.append(await bodies(database))
    assert made[0] == made[1]
    assert len(made[0]) == PROCEDURES
    await database.close()


def test_a_killed_sweep_is_gone_on_with(empty: Path) -> None:
    asyncio.run(filled(empty))
    environment = {**os.environ, "REPRIEVE_DATABASE_URL": f"sqlite:///{empty}"}
    slow = (
        "from datetime import timedelta; import app.answers.verdicts.sweep as s, app.base.store.leases as leases\n"
        "from app.doors.commands.main import main; s.BATCH, leases.LASTS = 2, timedelta(seconds=3); main()"
    )
    command = [sys.executable, "-c", slow, "sweep", "--jobs", "1"]
    for _ in range(3):
        before = count(empty)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None and count(empty) == before:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    partly = count(empty)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert 0 < partly < PROCEDURES
    assert done.stdout.startswith(f"{PROCEDURES - partly} verdicts brought up to date, ")
    assert count(empty) == PROCEDURES


def test_a_sweep_says_so_where_it_waits_for_another(empty: Path) -> None:
    async def held(until: datetime) -> bool:
        database = Database(f"sqlite+aiosqlite:///{empty}")
        taken = await take(database, CONCLUSIONS, holder="another", now=until)
        await database.close()
        return taken

    assert asyncio.run(held(utc_now()))
    environment = {**os.environ, "REPRIEVE_DATABASE_URL": f"sqlite:///{empty}"}
    command = [sys.executable, "-m", "app", "sweep", "--jobs", "1"]
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None and process.stdout is not None
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
