"""One environment for both databases. Each run is one transaction, begun before anything is read."""

import asyncio
import sqlite3

from alembic import context
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.base.settings import get_settings
from app.base.store.migrate import LOCK
from app.base.store.postgresql import address_of, arguments_of
from app.doors.tables import metadata

WAITS = 600.0  # seconds for another process that migrates the same SQLite file


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="sqlmodel.",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def on_sqlite(path: str) -> None:
    """Begins by itself: the driver would commit before each statement that changes a table."""
    engine = create_engine(
        "sqlite://", poolclass=NullPool, creator=lambda: sqlite3.connect(path, timeout=WAITS, isolation_level=None)
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        run(connection)
    engine.dispose()


async def on_postgresql(url: str) -> None:
    engine = create_async_engine(address_of(url), poolclass=NullPool, connect_args=arguments_of(url))
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(run)
    await engine.dispose()


url = context.config.attributes.get("url") or get_settings().url
if make_url(url).get_backend_name() == "sqlite":
    on_sqlite(str(make_url(url).database))
else:
    asyncio.run(on_postgresql(url))
