import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts.tables import Clinic
from app.store.base import columns, new_id, utc_now
from app.store.database import Database

pytestmark = pytest.mark.anyio
clinic = columns(Clinic)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


def adding(name: str, fail: Exception | None = None) -> Any:
    async def work(connection: AsyncConnection) -> str:
        await connection.execute(insert(clinic).values(id=new_id(), name=name, created_at=utc_now()))
        if fail is not None:
            raise fail
        return name

    return work


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(clinic))).scalar_one())


async def test_many_writers_at_once_are_all_kept_and_an_error_undoes_its_own_work_alone(database: Database) -> None:
    works = [adding(f"c{i}", ValueError("no") if i % 5 == 0 else None) for i in range(100)]
    answers = await asyncio.gather(*(database.write(w) for w in works), return_exceptions=True)
    assert [isinstance(a, ValueError) for a in answers] == [i % 5 == 0 for i in range(100)]
    assert await count(database) == 80


async def test_what_was_answered_can_be_read_at_once_by_another_connection(database: Database) -> None:
    for i in range(5):
        await database.write(adding(f"c{i}"))
        assert await count(database) == i + 1


async def test_a_broken_rule_of_the_database_is_an_error_and_the_next_write_works(database: Database) -> None:
    async def twice(connection: AsyncConnection) -> None:
        same = new_id()
        for _ in range(2):
            await connection.execute(insert(clinic).values(id=same, name="x", created_at=utc_now()))

    with pytest.raises(IntegrityError):
        await database.write(twice)
    await database.write(adding("after"))
    assert await count(database) == 1


async def test_a_writer_that_goes_away_leaves_the_others_alone(database: Database) -> None:
    async def slow(connection: AsyncConnection) -> None:
        await asyncio.sleep(0.05)
        await adding("slow")(connection)

    gone = asyncio.create_task(database.write(slow))
    others = [asyncio.create_task(database.write(adding(f"c{i}"))) for i in range(3)]
    await asyncio.sleep(0.01)
    gone.cancel()
    assert await asyncio.gather(*others) == ["c0", "c1", "c2"]
    assert await count(database) >= 3


async def test_sqlite_syncs_each_commit_and_holds_foreign_keys(database: Database) -> None:
    if not database.is_sqlite:
        return
    async with database.read() as connection:
        found = [(await connection.execute(text(f"PRAGMA {p}"))).scalar_one()
                 for p in ("journal_mode", "synchronous", "foreign_keys")]  # fmt: skip
    assert found == ["wal", 2, 1]


def test_ids_are_uuid7_and_sort_by_time() -> None:
    made = [new_id() for _ in range(1000)]
    assert {i.version for i in made} == {7}
    assert made == sorted(made)
