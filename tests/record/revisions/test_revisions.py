"""Revisions of rows: each is kept with its times, told in order, and gives the state of any instant."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from app.record.revisions import service as revisions
from app.record.revisions.service import NewRevision
from tests.support import Service

pytestmark = pytest.mark.anyio
ROW, OTHER = uuid4(), uuid4()
Keep = Callable[..., Awaitable[None]]


@pytest.fixture
async def keep(service: Service) -> Keep:
    """Keeps a revision of a row, received so many days after the first."""
    state = service.app.state
    start: datetime = state.clock()
    caller = await state.sign_ins.who(service.tokens["cleo"], start)

    async def kept(number: int, content: Any, *, row: UUID = ROW, days: int = 0, **more: Any) -> None:
        new = NewRevision("note", row, number, content, **more)
        at = start + timedelta(days=days)
        await state.database.write(
            lambda c: revisions.keep(c, caller, patient_id=UUID(service.ada_id), new=new, now=at)
        )

    return kept


async def told(service: Service, row: UUID = ROW) -> list[dict[str, Any]]:
    async with service.app.state.database.read() as connection:
        found = await revisions.of_row(connection, service.clinic_id, kind="note", row_id=row)
        return [one.model_dump() for one in await revisions.told(connection, found)]


async def known(service: Service, days: float, kinds: tuple[str, ...] = ("note",)) -> dict[UUID, Any]:
    at = service.app.state.clock() + timedelta(days=days)
    async with service.app.state.database.read() as connection:
        found = await revisions.known_on(
            connection, service.clinic_id, patient_id=UUID(service.ada_id), kinds=list(kinds), at=at
        )
    return {one.row_id: one.content for one in found}


async def test_they_are_told_in_order_with_who_when_and_why(service: Service, keep: Keep) -> None:
    written = service.app.state.clock() - timedelta(days=3)
    await keep(1, {"a": 1}, recorded_at=written)
    await keep(2, {"a": 2}, days=1, reason="a slip")
    await keep(3, None, days=2)
    first, second, gone = await told(service)
    assert [one["revision"] for one in (first, second, gone)] == [1, 2, 3]
    assert [one["deleted"] for one in (first, second, gone)] == [False, False, True]
    assert [one["content"] for one in (first, second, gone)] == [{"a": 1}, {"a": 2}, None]
    assert [one["reason"] for one in (first, second, gone)] == [None, "a slip", None]
    assert datetime.fromisoformat(first["recorded_at"]) == written
    assert first["received_at"] > first["recorded_at"]
    assert second["recorded_at"] == second["received_at"], "written down as it was received, where nothing else is said"
    assert {one["account_id"] for one in (first, second, gone)} == {str(service.accounts["cleo"][1])}


async def test_two_at_once_with_one_number_conflict(service: Service, keep: Keep) -> None:
    await keep(1, {"a": 1})
    with pytest.raises(IntegrityError):
        await keep(1, {"a": 2})
    assert [one["content"] for one in await told(service)] == [{"a": 1}]


async def test_the_state_of_an_instant_is_that_of_what_had_been_received(service: Service, keep: Keep) -> None:
    await keep(1, {"a": 1})
    await keep(2, {"a": 2}, days=2)
    await keep(1, {"b": 1}, row=OTHER, days=3)
    await keep(3, None, days=4)
    assert await known(service, -1) == {}
    assert await known(service, 1) == {ROW: {"a": 1}}
    assert await known(service, 2.5) == {ROW: {"a": 2}}
    assert await known(service, 3.5) == {ROW: {"a": 2}, OTHER: {"b": 1}}
    assert await known(service, 5) == {OTHER: {"b": 1}}, "one that had been deleted by then is none"
    assert await known(service, 5, ("diary",)) == {}
    async with service.app.state.database.read() as connection:
        elsewhere = await revisions.of_row(connection, service.accounts["other"][0], kind="note", row_id=ROW)
    assert elsewhere == [], "another clinic has none of it"
