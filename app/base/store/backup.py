"""A copy of the whole database while it is in use, and such a copy put into an empty one.

SQLite copies itself page by page as of one moment; PostgreSQL is copied by its own tools, which must be at least of the
server's version.
"""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

from app.base.settings import SettingError
from app.base.store.keys import PRIVATE
from app.base.store.postgresql import POOLED, is_pooled

PAGES = 2000  # of SQLite copied in one go: writers get their turn in between
JOURNALS = ("-wal", "-journal")  # of SQLite: what an older file has left would be read into the new one
SQLITE, POSTGRESQL = b"SQLite format 3\x00", b"PGDMP"


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """A file that only its owner reads; it takes the place of the target, on the disk, where the block does not fail.

    Raises:
        SettingError: it can't be written.
    """
    part = None
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        part = Path(name)
        yield part
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    except OSError as error:
        raise SettingError(f"{target} can't be written: {error.strerror or type(error).__name__}") from None
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def back_up(url: str, into: Path, *, tools: Path | None = None) -> None:
    """Writes a copy of the database; the file is there whole or not at all, and only its owner reads it.

    Raises:
        SettingError: the database can't be read, or the tools for it are missing or too old; it is named through a pooler.
    """
    where = make_url(url)
    with written_whole(into) as part:
        if where.get_backend_name() == "sqlite":
            _copy_sqlite(Path(where.database or ""), part)
        else:
            _run(tools, "pg_dump", where, "--format=custom", "--no-owner", "--no-privileges", f"--file={part}")


def restore(url: str, copy: Path, *, tools: Path | None = None) -> None:
    """Puts a copy into an empty database; it is there whole or not at all.

    Raises:
        SettingError: the copy is none, or is one of the other database; there is something in the database already.
    """
    where = make_url(url)
    with copy.open("rb") as file:
        begins = file.read(len(SQLITE))
    kind = "sqlite" if begins == SQLITE else "postgresql" if begins.startswith(POSTGRESQL) else None
    if kind is None:
        raise SettingError(f"{copy} is no copy that `reprieve backup` has written")
    if kind != where.get_backend_name():
        raise SettingError(f"{copy} is a copy of {kind}, and REPRIEVE_DATABASE_URL names {where.get_backend_name()}")
    if kind == "postgresql":
        whole = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
        _run(tools, "pg_restore", where, *whole, f"--dbname={_plain(where)}", str(copy))
        return
    target = Path(where.database or "")
    for there in (target, *(target.with_name(f"{target.name}{rest}") for rest in JOURNALS)):
        if there.exists() and there.stat().st_size > 0:
            raise SettingError(f"{there} is there already; restore into a file that is not, nor its journal")
    with written_whole(target) as part:
        _copy_sqlite(copy, part)


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.is_file():
        raise SettingError(f"there is no database at {source}")
    try:
        reading = f"{source.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(reading, uri=True, timeout=30)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other, pages=PAGES, sleep=0.01)
            other.execute("PRAGMA journal_mode=DELETE")  # all of it in one file
            (good,) = other.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise SettingError(f"{source} can't be copied: {error}") from None
    if good != "ok":
        raise SettingError(f"{source} is damaged: {str(good)[:200]}")
    target.chmod(PRIVATE)


def _run(tools: Path | None, name: str, where: URL, *arguments: str) -> None:
    """Runs a tool of PostgreSQL; the password goes by the environment, where no list of processes shows it."""
    if is_pooled(where.render_as_string(hide_password=False)):
        raise SettingError(
            f"{name} goes to the server itself: name that for this call, without the pooler and ?{POOLED}=true"
        )
    tool = shutil.which(name, path=None if tools is None else str(tools))
    if tool is None:
        place = "REPRIEVE_PG_TOOLS" if tools is not None else "the path"
        raise SettingError(f"{name} is not in {place}; install PostgreSQL's client of the server's version")
    environment = os.environ | ({"PGPASSWORD": str(where.password)} if where.password else {})
    source = () if name == "pg_restore" else (f"--dbname={_plain(where)}",)
    done = subprocess.run([tool, *source, *arguments], capture_output=True, text=True, env=environment)  # noqa: S603  # no shell, and nothing of it comes from a caller
    if done.returncode:
        says = [line.partition(": ")[2] for line in done.stderr.splitlines() if line.startswith(f"{name}: ")]
        raise SettingError("; ".join(one.removeprefix("error: ") for one in says[:2]) or f"{name} has failed")


def _plain(where: URL) -> str:
    """The URL as PostgreSQL's own tools read it: `ssl` is their `sslmode`."""
    query = {"sslmode" if name == "ssl" else name: value for name, value in where.query.items()}
    plain = URL.create("postgresql", where.username, None, where.host, where.port, where.database, query)
    return plain.render_as_string(hide_password=False)
