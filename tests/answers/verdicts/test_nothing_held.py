"""No connection and no transaction is held while the engine computes."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import make_url

from app.answers.verdicts import assemble, successive
from app.base.store.database import Database
from tests.alerts.flags.test_conclusions import BEFORE, RELIEF, work
from tests.support import Service, course

pytestmark = pytest.mark.anyio


def held(database: Database, url: str) -> list[str]:
    """What is held at this moment: connections out of their pools, and the one writer of SQLite."""
    pools: list[Any] = [database.engine.pool, database._aside.pool]  # `checkedout` is of the kind that an engine makes
    out = [f"{pool.checkedout()} connections" for pool in pools if pool.checkedout()]
    if database.is_sqlite:
        # others may write for a moment; whoever waits for the engine would hold it until this returns
        other = sqlite3.connect(str(make_url(url).database), isolation_level=None, timeout=2)
        try:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        except sqlite3.OperationalError:
            out.append("the writer")
        finally:
            other.close()
    return out


@pytest.fixture
def seen(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was held each time that the engine began, and that it had ended."""
    out: list[list[str]] = []
    state = service.app.state

    def watching(judge: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            out.append(held(state.database, state.settings.url))
            made = judge(*args, **named)
            out.append(held(state.database, state.settings.url))
            return made

        return watched

    for module in (assemble, successive):
        monkeypatch.setattr(module, "judge", watching(vars(module)["judge"]))
    monkeypatch.setattr(assemble, "judge_all", watching(vars(assemble)["judge_all"]))
    return out


async def test_none_is_held_for_a_verdict_by_whatever_way_it_is_asked(service: Service, seen: list[list[str]]) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    await service.new_procedure(performed_on="2026-02-10", baseline_pain=7)
    entries = course("2025-06-26", [*BEFORE, *RELIEF, *[6.5] * 90])
    await service("cleo", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    of = f"/v1/procedures/{procedure}"
    for address in (
        f"{of}/relief",
        f"{of}/relief?definition=eighty",
        f"{of}/relief?as_of=2026-01-01",
        f"{of}/relief?as_known_on=2026-04-30T00:00:00Z",
        f"{of}/relief.svg?as_of=2026-01-02",
        f"{of}/report.pdf?as_of=2026-01-03",
        f"{of}/follow_up?as_of=2026-01-04",
        f"/v1/patients/{service.ada_id}/relief",
    ):
        before = len(seen)
        answer = await service("cleo", "GET", address)
        assert answer.status_code == 200, (address, answer.text)
        assert len(seen) > before, f"{address}: the engine was not asked"
        assert [one for one in seen if one] == [], address


async def test_none_is_held_while_the_worker_draws_its_conclusions(service: Service, seen: list[list[str]]) -> None:
    for start in ("2025-07-10", "2025-09-10", "2025-11-10"):
        await service.new_procedure(performed_on=start)
    await service(
        "cleo", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": course("2025-07-01", [5.0] * 200)}
    )
    assert await work(service) >= 3
    assert len(seen) >= 2
    assert [one for one in seen if one] == []
