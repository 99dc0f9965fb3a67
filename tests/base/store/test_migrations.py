"""Migrations end migrated, whatever happens on the way."""

import asyncio
import os
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app.base.settings import SettingError
from app.base.store.migrate import config, upgrade
from tests.base.store.test_carry_over import OLD, fill
from tests.commands import reprieve

STEPS_APART = 5  # every fifth statement and each commit, in the suite; `tests/benchmarks/kills.py` takes all


def dying(url: str, at: int, count: str | None) -> None:
    """Migrates, and is killed at the `at`-th statement or commit; writes how many there were."""
    done = 0

    def step(*_: object) -> None:
        nonlocal done
        done += 1
        if done == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", step)
    upgrade(url)
    if count is not None:
        Path(count).write_text(str(done))


def killed_at(url: str, at: int, count: Path | None = None) -> int | None:
    process = get_context("forkserver").Process(target=dying, args=(url, at, str(count) if count else None))
    process.start()
    process.join(60)
    return process.exitcode


def schema(path: Path) -> dict[str, list[str]]:
    """The lines of each statement that makes a table or an index, sorted: constraints come in any order."""
    with sqlite3.connect(path) as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(line.strip(" \t,") for line in sql.splitlines()) for name, sql in made}


@pytest.mark.unmeasured
def test_a_kill_at_any_step_ends_migrated(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    upgrade(f"sqlite+aiosqlite:///{old}", "0001")
    asyncio.run(fill(f"sqlite+aiosqlite:///{old}"))
    whole = tmp_path / "whole.db"
    whole.write_bytes(old.read_bytes())
    assert killed_at(f"sqlite+aiosqlite:///{whole}", 0, tmp_path / "count") == 0
    steps = int((tmp_path / "count").read_text())
    assert steps > 30
    command.check(config(f"sqlite+aiosqlite:///{whole}"))
    for at in range(1, steps + 1, STEPS_APART):
        path = tmp_path / f"{at}.db"
        path.write_bytes(old.read_bytes())
        url = f"sqlite+aiosqlite:///{path}"
        assert killed_at(url, at) == -signal.SIGKILL
        upgrade(url)
        assert schema(path) == schema(whole)
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM patient").fetchone() == (len(OLD["patient"]),)
        path.unlink()


def test_four_processes_migrate_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: reprieve("migrate", url=empty_url), range(4)))
    assert [d.returncode for d in done] == [0] * 4, [d.stderr for d in done]
    command.check(config(empty_url))


def test_a_newer_database_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'newer.db'}"
    upgrade(url)
    with sqlite3.connect(tmp_path / "newer.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for call in (["migrate"], ["serve", "--migrate"]):
        done = reprieve(*call, url=url)
        assert done.returncode == 2
        assert "newer than this version of Reprieve" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_step_that_fails_names_itself_and_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "odd.db"
    url = f"sqlite+aiosqlite:///{path}"
    upgrade(url, "0001")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE kept_answer (id INTEGER)")
    with pytest.raises(SettingError, match="migration 0002 failed, and the database is as it was before it"):
        upgrade(url)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        connection.execute("DROP TABLE kept_answer")
    upgrade(url)
