"""What brings many entries is taken some at a time, in every loop over them: what else waits has its turn between."""

import asyncio
import sys
from collections import Counter
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.base.store import long_results, prepared
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
DAYS = 60


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each function gave others a turn while it went through something long; after every ten items."""
    taken = Counter[str]()

    async def sleep(seconds: float) -> None:
        frame = sys._getframe(2)  # of who goes through; a comprehension has one of its own
        while frame.f_code.co_name == "<listcomp>" and frame.f_back is not None:
            frame = frame.f_back
        taken[frame.f_code.co_name] += 1
        await asyncio.sleep(seconds)

    monkeypatch.setattr(long_results, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(long_results, "AT_A_TIME", 10)
    return taken


@pytest.fixture
def sets(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows went to the database in each statement of many."""
    sent: list[int] = []
    whole = prepared.PreparedConnection.many

    async def many(self: prepared.PreparedConnection, statement: Any, parameters: list[Any]) -> None:
        sent.append(len(parameters))
        await whole(self, statement, parameters)

    monkeypatch.setattr(prepared.PreparedConnection, "many", many)
    monkeypatch.setattr(prepared, "AT_A_TIME", 25)
    return sent


async def test_a_batch_gives_turns_in_each_of_its_loops(service: Service, turns: Counter[str], sets: list[int]) -> None:
    first = date(2026, 3, 1)
    entries = [{"date": (first + timedelta(days=d)).isoformat(), **entry(4, note="fever of 39")} for d in range(DAYS)]
    answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    assert answer.status_code == 200, answer.text
    every = DAYS // 10
    assert turns == {"keep": 2 * every, "take_in": every, "look": 3 * every}
    assert sets == [25, 25, 10] * 2, "revisions, then days"
