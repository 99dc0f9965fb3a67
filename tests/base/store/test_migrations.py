"""Migrations end migrated, whatever happens on the way."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command

from app.base.settings import SettingError
from app.base.store.keys import PRIVATE
from app.base.store.migrate import config, upgrade
from tests.base.store.test_carry_over import OLD, fill
from tests.commands import reprieve

ROOT = Path(__file__).parents[3]
STEPS_APART = 181  # between the steps that are tried in the suite; `tests/benchmarks/kills.py` tries all


def killed_at(steps: dict[str, int], count: Path) -> list[int]:
    """Migrates each database by URL, killed at its step; the signals that ended them, or 0."""
    call = [sys.executable, "-m", "tests.base.store.dying_migration", str(count)]
    call += [part for url, at in steps.items() for part in (url, str(at))]
    done = subprocess.run(call, cwd=ROOT, check=True, capture_output=True, text=True, timeout=900)
    return [int(line) for line in done.stdout.split()]


def schema(path: Path) -> dict[str, list[str]]:
    """The lines of each statement that makes a table or an index, sorted: constraints come in any order."""
    with sqlite3.connect(path) as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(line.strip(" \t,") for line in sql.splitlines()) for name, sql in made}


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    upgrade(f"sqlite+aiosqlite:///{path}")
    assert path.stat().st_mode & 0o777 == PRIVATE
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE beside (id INTEGER)")
        connection.commit()
        assert {one.stat().st_mode & 0o777 for one in tmp_path.glob("new.db*")} == {PRIVATE}


@pytest.mark.unmeasured
def test_a_kill_at_any_step_ends_migrated(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    upgrade(f"sqlite+aiosqlite:///{old}", "0001")
    asyncio.run(fill(f"sqlite+aiosqlite:///{old}"))
    whole = tmp_path / "whole.db"
    whole.write_bytes(old.read_bytes())
    assert killed_at({f"sqlite+aiosqlite:///{whole}": 0}, tmp_path / "count") == [0]
    steps = int((tmp_path / "count").read_text())
    assert steps > 30
    command.check(config(f"sqlite+aiosqlite:///{whole}"))
    paths = {at: tmp_path / f"{at}.db" for at in range(1, steps + 1, STEPS_APART)}
    for path in paths.values():
        path.write_bytes(old.read_bytes())
    dying = {f"sqlite+aiosqlite:///{path}": at for at, path in paths.items()}
    assert killed_at(dying, tmp_path / "never") == [signal.SIGKILL] * len(paths)
    for path in paths.values():
        upgrade(f"sqlite+aiosqlite:///{path}")
        assert schema(path) == schema(whole)
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM patient").fetchone() == (len(OLD["patient"]),)


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
