"""A long diary holds up nobody: what is made of its rows is made some at a time."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

import pytest

from app.base.store import long_results
from app.record.diary import service as diaries
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
DAYS = 203


async def test_others_have_their_turn_while_a_long_diary_is_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = date(2025, 1, 1)
    sent = [{"date": str(begin + timedelta(days=n)), **entry(n % 11)} for n in range(DAYS)]
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": sent})
    assert answer.status_code == 200, answer.text
    monkeypatch.setattr(long_results, "AT_A_TIME", 10)
    rounds = 0

    async def beside() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    other = asyncio.create_task(beside())
    await asyncio.sleep(0)
    begun = rounds
    async with service.app.state.database.read() as connection:
        found = await diaries.entries(connection, service.clinic_id, UUID(service.ada_id))
    other.cancel()
    assert [one.date for one in found] == [begin + timedelta(days=n) for n in range(DAYS)]
    assert [one.content["pain"][0]["average"] for one in found] == [n % 11 for n in range(DAYS)]
    assert rounds - begun >= DAYS // 10
    kept = await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")
    assert [one["date"] for one in kept.json()["diary"]] == [str(one.date) for one in found]
