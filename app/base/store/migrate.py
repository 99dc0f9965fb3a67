"""Bringing a database up to date, and refusing one that does not fit the code."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

import migrations
from app.base.settings import SettingError


def config(url: str) -> Config:
    """Alembic's configuration for a database URL, from any working directory."""
    out = Config()
    out.set_main_option("script_location", str(Path(migrations.__file__).parent))
    out.attributes["url"] = url
    return out


def upgrade(url: str, revision: str = "head") -> None:
    """Brings the database to a revision; run it outside an event loop.

    Raises:
        SettingError: the database cannot be reached.
    """
    _probe(url)
    try:
        command.upgrade(config(url), revision)
    except (DBAPIError, OSError) as e:
        raise unreachable(url, e) from None


async def check(url: str) -> None:
    """Refuses a database that cannot be reached, is not migrated, or is newer than the code.

    Raises:
        SettingError: says which, and what to do.
    """
    _probe(url)
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            found = await connection.run_sync(_revision)
    except (DBAPIError, OSError) as e:
        raise unreachable(url, e) from None
    finally:
        await engine.dispose()
    script = ScriptDirectory.from_config(config(url))
    known = {s.revision for s in script.walk_revisions()}
    if found == script.get_current_head():
        return
    if found is None:
        raise SettingError("the database is not migrated; run `reprieve migrate`, or `reprieve serve --migrate`")
    if found not in known:
        raise SettingError(
            f"the database is at revision {found}, which is newer than this version of Reprieve; upgrade Reprieve"
        )
    raise SettingError(
        f"the database is at the older revision {found}; run `reprieve migrate`, or `reprieve serve --migrate`"
    )


def unreachable(url: str, error: Exception) -> SettingError:
    """One sentence for a database that does not answer; the address without its password."""
    cause = getattr(error, "orig", None) or error
    reason = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return SettingError(f"the database {make_url(url).render_as_string(hide_password=True)} can't be reached: {reason}")


def _probe(url: str) -> None:
    """Opens an SQLite file once in this thread, because a failure in the driver's own thread gives no clear message."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        try:
            sqlite3.connect(str(parts.database)).close()
        except sqlite3.Error as error:
            raise unreachable(url, error) from None


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
