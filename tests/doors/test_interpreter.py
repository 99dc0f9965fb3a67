"""What is lost in circles is looked for where that is short, or after ten minutes; and a server arranges it."""

import asyncio
import gc
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from app.base.settings import Settings
from app.doors import api, interpreter, server
from app.doors.interpreter import MOST_PUT_OFF, NEVER, TURN, InterpreterTuning


class Lost:
    """Holds itself."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds, turn = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(turn)


def looked(times: int) -> list[bool]:
    """Whether something lost was gone after each look."""
    loop = asyncio.new_event_loop()
    kept = InterpreterTuning(loop)
    lost = weakref.ref(Lost())
    gone = []
    for _ in range(times):
        kept.look()
        gone.append(lost() is None)
    loop.close()
    return gone


def test_python_never_looks_through_everything_by_itself_and_threads_take_short_turns() -> None:
    assert looked(1) == [True]
    assert gc.get_threshold()[2] == NEVER
    assert sys.getswitchinterval() == pytest.approx(TURN)
    assert gc.get_freeze_count() > 10_000


def test_where_much_is_held_it_is_put_off_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "MOST_BLOCKS", -sys.getallocatedblocks())
    assert looked(MOST_PUT_OFF + 1) == [False] * MOST_PUT_OFF + [True]


def test_a_server_arranges_it_before_it_says_that_it_is_ready(
    monkeypatch: pytest.MonkeyPatch, migrated_sqlite: Path
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(api, "InterpreterTuning", lambda loop: seen.append(f"arranged {loop.is_running()}"))

    async def main_loop(self: uvicorn.Server) -> None:
        seen.append("serves")

    monkeypatch.setattr(uvicorn.Server, "main_loop", main_loop)
    settings = Settings.model_validate({"database_url": f"sqlite+aiosqlite:///{migrated_sqlite}", "worker_seconds": 0})
    app = api.create_app(settings, tuned=True)
    assert server.run(app, "127.0.0.1", port=0, when_ready=lambda _: seen.append("ready")) == 0
    assert seen == ["arranged True", "ready", "serves"]
