"""Who does a piece of work: one at a time, for as long as it goes on, and another when the first has died."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from app.base.store import leases
from app.base.store.database import Database
from app.base.store.leases import LASTS, lag, leased, set_up_to_date, take
from app.base.store.metadata import utc_now

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


async def test_one_holds_it_and_another_goes_on_without_or_waits(database: Database) -> None:
    told: list[str] = []
    order: list[str] = []

    async def second() -> None:
        async with leased(database, "work", utc_now, wait=lambda: told.append("waits")) as held:
            order.append(f"second {held}")

    async with leased(database, "work", utc_now) as held, leased(database, "work", utc_now) as other:
        assert (held, other) == (True, False)
        async with leased(database, "other work", utc_now) as third:
            assert third
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        order.append("first")
    await waiting
    assert (told, order) == (["waits"], ["first", "second True"])
    async with leased(database, "work", utc_now, wait=lambda: told.append("again")) as held:
        assert (held, told) == (True, ["waits"])


async def test_of_many_at_once_one_takes_it(database: Database) -> None:
    taken = await asyncio.gather(*(take(database, "work", holder=f"holder {i}", now=NOON) for i in range(8)))
    assert sum(taken) == 1


async def test_of_a_dead_holder_it_runs_out(database: Database) -> None:
    assert await take(database, "work", holder="dead", now=NOON)
    assert [
        await take(database, "work", holder="next", now=NOON + after) for after in (LASTS - timedelta(seconds=1), LASTS)
    ] == [
        False,
        True,
    ]


async def test_it_is_renewed_while_the_work_goes_on(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=0.9))
    async with leased(database, "work", utc_now):
        for _ in range(4):
            await asyncio.sleep(0.4)
            assert not await take(database, "work", holder="another", now=utc_now())
    assert await take(database, "work", holder="another", now=utc_now())


async def test_the_work_outlives_a_renewal_that_fails(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    async def renewing(database: Database, name: str, *, holder: str, now: datetime) -> bool:
        nonlocal tried
        tried += 1
        if tried == 2:
            raise OSError("the database is away")
        return await take(database, name, holder=holder, now=now)

    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=0.6))
    monkeypatch.setattr(leases, "take", renewing)
    async with leased(database, "work", utc_now):
        await asyncio.sleep(0.7)
    assert tried > 2, "it goes on renewing"
    assert await take(database, "work", holder="another", now=utc_now()), "it was let go"


async def test_the_lag_is_since_nothing_was_left(database: Database) -> None:
    async with database.read() as connection:
        assert await lag(connection, "work", NOON) is None
    await set_up_to_date(database, "work", NOON)
    await set_up_to_date(database, "work", NOON + timedelta(minutes=1))
    async with database.read() as connection:
        found = [await lag(connection, "work", NOON + timedelta(minutes=after)) for after in (0, 1, 3)]
    assert found == [0.0, 0.0, 120.0]
