import asyncio
import inspect
import re
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest
import sqlalchemy
from sqlalchemy import Uuid, bindparam, create_mock_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Clinic
from app.base.store import prepared, wall
from app.base.store.database import Database
from app.base.store.metadata import new_id, utc_now
from app.base.store.prepared import PRIVATE, Connection, first_of, prepared_insert, prepared_select, rows_of
from app.base.store.typed import col, row, table

pytestmark = pytest.mark.anyio
clinic = table(Clinic)


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
        found = [
            (await connection.execute(text(f"PRAGMA {p}"))).scalar_one()
            for p in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_ids_are_uuid7_and_sort_by_time() -> None:
    made = [new_id() for _ in range(1000)]
    assert {i.version for i in made} == {7}
    assert made == sorted(made)


INSERT_CLINIC = prepared_insert(clinic)
NAMES = prepared_select(
    select(col(Clinic.id), col(Clinic.name), col(Clinic.created_at)).where(col(Clinic.name) == bindparam("name")),
    "name",
)


def test_the_parts_of_sqlalchemy_that_are_not_public_are_still_there() -> None:
    used = set(re.findall(r"\w\._([a-z_]+)", inspect.getsource(prepared).replace("self._", "")))
    assert used == {name.strip("_") for names in PRIVATE.values() for name in names}
    statement = NAMES.statement("sqlite")
    assert isinstance(statement, sqlalchemy.ClauseElement)
    compiled = statement.compile(dialect=create_mock_engine("sqlite://", print).dialect)
    for name in PRIVATE["sqlalchemy.sql.compiler.SQLCompiler"]:
        assert hasattr(compiled, name), name
    for name in PRIVATE["sqlalchemy.types.TypeEngine"]:
        assert hasattr(Uuid(), name), name
    assert sqlalchemy.__version__.startswith("2.1."), "look at prepared.py before the bound in pyproject.toml is moved"


async def test_prepared_work_has_the_same_promises_and_shares_transactions_with_the_other(database: Database) -> None:
    at = utc_now()

    def quickly(name: str, fail: bool) -> Any:
        async def work(connection: Connection) -> Any:
            await rows_of(connection, INSERT_CLINIC, a_clinic(name, at))
            found = await first_of(connection, NAMES, {"name": name})
            if fail:
                raise ValueError("no")
            return found

        return work

    mixed = [database.write_prepared(quickly(f"q{i}", i % 4 == 0)) for i in range(40)]
    mixed += [database.write(adding(f"c{i}", ValueError("no") if i % 4 == 1 else None)) for i in range(40)]
    answers = await asyncio.gather(*mixed, return_exceptions=True)
    assert [isinstance(a, ValueError) for a in answers] == [i % 4 == 0 for i in range(40)] + [
        i % 4 == 1 for i in range(40)
    ]
    assert await count(database) == 60
    found = await database.read_one(NAMES, {"name": "q1"})
    assert found is not None
    which, name, created_at = found
    assert (name, created_at, which.version) == ("q1", at, 7)
    assert await database.read_one(NAMES, {"name": "q4"}) is None


async def test_a_broken_rule_in_prepared_work_is_an_error_and_the_next_write_works(database: Database) -> None:
    async def twice(connection: Connection) -> None:
        same = new_id()
        for _ in range(2):
            await rows_of(connection, INSERT_CLINIC, row(Clinic, id=same, name="x", created_at=utc_now()))

    with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
        await database.write_prepared(twice)
    with pytest.raises(KeyError):
        await database.read_one(NAMES, {})
    await database.write(adding("after"))
    assert await count(database) == 1


async def test_rows_inserted_together_are_all_there_when_each_is_answered(database: Database) -> None:
    rows = [a_clinic(f"t{i}") for i in range(50)]
    await asyncio.gather(*(database.insert_together(clinic, row) for row in rows))
    assert await count(database) == 50
    with pytest.raises(Exception, match=r"UNIQUE|unique"):
        await database.insert_together(clinic, rows[0])
    await database.insert_together(clinic, a_clinic("after"))
    assert await count(database) == 51


async def test_what_sqlite_rolled_back_by_itself_is_never_answered_as_kept(database: Database) -> None:
    if not database.is_sqlite:
        return

    async def lose_everything(connection: AsyncConnection) -> None:
        await connection.execute(text("ROLLBACK"))

    answers = await asyncio.gather(
        database.write(adding("before")), database.write(lose_everything), return_exceptions=True
    )
    kept = [a for a in answers if a == "before"]
    assert await count(database) == len(kept)
    assert isinstance(answers[1], Exception)
    await database.write(adding("after"))
    assert await count(database) == len(kept) + 1


async def test_a_restart_of_the_server_costs_no_later_write(database: Database) -> None:
    if database.is_sqlite:
        return
    await asyncio.gather(*(database.insert_together(clinic, a_clinic("early")) for _ in range(3)))
    await asyncio.gather(*(database.write(adding(f"c{i}")) for i in range(5)))
    end_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    async with database.read() as connection:
        with pytest.raises(Exception, match=r"terminat|closed"):
            await connection.execute(text(end_others))
    await asyncio.sleep(0.2)  # until the sockets have heard of it
    await database.insert_together(clinic, a_clinic("late"))
    assert await count(database) == 9


@pytest.mark.parametrize("how", [asyncio.CancelledError, OSError])
async def test_a_connection_given_up_before_a_pool_knows_of_it_is_closed(
    database: Database, how: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        return
    opened = []

    async def given_up(raw: asyncpg.Connection) -> None:
        opened.append(raw)
        raise how

    monkeypatch.setattr(wall, "take_role", given_up)
    with pytest.raises(how):
        await count(database)
    assert [one.is_closed() for one in opened] == [True]


def a_clinic(name: str, at: datetime | None = None) -> dict[str, object]:
    """A row to insert."""
    return row(Clinic, id=new_id(), name=name, created_at=at or utc_now())
