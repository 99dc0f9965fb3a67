"""Bringing a database up to date, and refusing one that does not fit the code."""

import asyncio
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from app.base.settings import SettingError
from app.base.store import wall
from app.base.store.keys import PRIVATE
from app.base.store.postgresql import address_of, arguments_of, is_untold

LOCK = 0x52455052  # a number of our own, which processes that migrate one PostgreSQL database wait for
WAITS = 600.0  # seconds for a process that migrates the same file


def config(url: str) -> Config:
    """Alembic's configuration for a database URL, from any working directory."""
    out = Config()
    out.set_main_option("script_location", str(Path(migrations.__file__).parent))
    out.attributes["url"] = url
    return out


def upgrade(url: str, revision: str = "head") -> None:
    """Brings the database to a revision, each step one transaction; run it outside an event loop.

    Several processes may do so at once: each step waits for the others' and does nothing where one of them has done it.

    Raises:
        SettingError: it can't be reached, is newer than the code, or a step has failed.
    """
    found, script = asyncio.run(_found(url)), ScriptDirectory.from_config(config(url))
    _refuse_newer(found, script)
    done: set[str] = set() if found is None else {one.revision for one in script.walk_revisions("base", found)}
    for step in reversed([one.revision for one in script.walk_revisions("base", revision)]):
        if step in done:
            continue
        try:
            command.upgrade(config(url), step)
        except CommandError:  # another process, of a newer version, was faster
            raise SettingError("another process brings the database up to a newer version of Reprieve") from None
        except Exception as error:  # whatever a step runs into
            raise SettingError(
                f"migration {step} failed, and the database is as it was before it: {_reason(error)}"
            ) from None
    if revision == "head":
        wall_up(url)


def wall_up(url: str) -> None:
    """Makes sure of the second wall between clinics, on PostgreSQL; run it outside an event loop."""
    if make_url(url).get_backend_name() != "sqlite":
        asyncio.run(_wall_up(url))


async def _wall_up(url: str) -> None:
    engine = create_async_engine(address_of(url), connect_args=arguments_of(url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.run_sync(wall.build)
    finally:
        await engine.dispose()


class OlderDatabaseError(SettingError):
    """The database has not been migrated to this version."""


async def check(url: str) -> None:
    """Refuses a database that cannot be reached, is not migrated, is newer than the code, or lies behind a pooler untold.

    Raises:
        SettingError: says which, and what to do.
    """
    found, script = await _found(url), ScriptDirectory.from_config(config(url))
    if make_url(url).get_backend_name() != "sqlite" and await is_untold(url):
        raise SettingError(
            "a pooler stands before the database: say ?pooled=true in REPRIEVE_DATABASE_URL where it hands connections on "
            "by transaction, or one clinic's reach would be another's; ?pooled=false where a connection stays whose it is"
        )
    if found == script.get_current_head():
        return
    if found is None:
        raise SettingError("the database is not migrated; run `reprieve migrate`, or `reprieve serve --migrate`")
    _refuse_newer(found, script)
    raise OlderDatabaseError(
        f"the database is at the older revision {found}; run `reprieve migrate`, or `reprieve serve --migrate`"
    )


async def _found(url: str) -> str | None:
    """The revision of a database; None where it has none."""
    _probe(url)
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    engine = create_async_engine(address_of(url), connect_args={"timeout": WAITS} if is_sqlite else arguments_of(url))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_revision)
    except (DBAPIError, OSError) as e:
        raise unreachable(url, e) from None
    finally:
        await engine.dispose()


def _refuse_newer(found: str | None, script: ScriptDirectory) -> None:
    if found is not None and found not in {one.revision for one in script.walk_revisions()}:
        raise SettingError(
            f"the database is at revision {found}, which is newer than this version of Reprieve; upgrade Reprieve"
        )


def _reason(error: Exception) -> str:
    """What the database or the operating system says; of anything else only the kind: its text may hold data."""
    cause = getattr(error, "orig", None) or error
    if not isinstance(error, DBAPIError | OSError):
        return type(error).__name__
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__


def unreachable(url: str, error: Exception) -> SettingError:
    """One sentence for a database that does not answer; the address without its password."""
    address = make_url(url).render_as_string(hide_password=True)
    return SettingError(f"the database {address} can't be reached: {_reason(error)}")


def _probe(url: str) -> None:
    """Opens an SQLite file once in this thread, because a failure in the driver's own thread gives no clear message.

    A new one is the owner's alone, as its key and its backups are; what lies beside it takes its mode.
    """
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        try:
            with suppress(OSError):  # which the next line tells better
                os.close(os.open(str(parts.database), os.O_CREAT | os.O_RDWR, PRIVATE))
            sqlite3.connect(str(parts.database)).close()
        except sqlite3.Error as error:
            raise unreachable(url, error) from None


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
