"""How many statements the calls cost that are made most; each is a round trip to PostgreSQL."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from app.base.store.database import Database
from tests.doors.pages.test_pages import enter
from tests.support import Service, course

pytestmark = pytest.mark.anyio
BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", ";")  # of a transaction, and the driver's own ping


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements of the block: those that SQLAlchemy runs, and those that go straight to the driver."""
    seen: list[str] = []

    def log(record: Any) -> None:
        if not record.query.lstrip().upper().startswith(BRACKETS):
            seen.append(record.query)

    def listen(raw: Any, *_: object) -> None:
        raw.driver_connection.add_query_logger(log)

    def run(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine.pool, "checkout", listen)
    event.listen(engine, "before_cursor_execute", run)
    try:
        yield seen
    finally:
        event.remove(engine.pool, "checkout", listen)
        event.remove(engine, "before_cursor_execute", run)


@pytest.fixture
async def followed(service: Service) -> str:
    """A procedure with half a year of diary, each thing asked for once before."""
    procedure = await service.new_procedure(joints=["L4-5"])
    entries = course("2025-06-26", [7.0] * 14 + [2.0] * 180)
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")
    return procedure


async def test_the_calls_that_are_made_most_cost_few_statements(service: Service, followed: str) -> None:
    database = service.app.state.database
    if database.is_sqlite:
        return  # its driver tells of none
    await enter(service)
    calls: tuple[tuple[str, int, Callable[[], Awaitable[httpx.Response]]], ...] = (
        ("a page of a procedure", 10, lambda: service("nobody", "GET", f"/clinic/procedures/{followed}")),
        ("a verdict that is kept", 4, lambda: service("cleo", "GET", f"/v1/procedures/{followed}/relief")),
        ("an entry", 7, lambda: service.put("2026-04-20", 6)),
    )
    for name, most, call in calls:
        await service("cleo", "GET", f"/v1/procedures/{followed}/relief")
        with counted(database) as seen:
            answer = await call()
        print(f"{name}: {len(seen)} statements")
        assert answer.status_code in (200, 201)
        assert 0 < len(seen) <= most, "\n".join([name, *(" ".join(one.split())[:150] for one in seen)])
