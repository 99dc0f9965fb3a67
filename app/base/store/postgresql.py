"""PostgreSQL: how its connections are made, what each may see, and what a pooler in between takes away.

A pooler that hands a connection on after each transaction (PgBouncer in transaction mode) keeps nothing of it between two of
them: no prepared statement, no setting, no role. Left alone, the reach of one clinic would be another's. `?pooled=true` in
the URL says that there is one; then nothing is kept, and each transaction is told again what it may see.
"""

from typing import Any

import asyncpg
import structlog
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.base.store import wall
from app.base.store.failures import DatabaseAwayError

POOLED = "pooled"  # of a URL: whether a pooler hands its connections on by transaction
CONNECTS, WAITS = 10, 10  # seconds for a connection to be made, and to be free
IDLE = 60  # seconds that a transaction may be held without a statement
Arguments = dict[str, object]
log = structlog.get_logger()


class _InTransactions(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection through a pooler: what takes two messages happens in one transaction, so on one server's connection."""

    __slots__ = ()

    async def set_type_codec(self, *args: Any, **named: Any) -> None:  # as asyncpg takes them
        async with self.transaction():
            await super().set_type_codec(*args, **named)


async def is_untold(url: str) -> bool:
    """Whether a pooler stands before the server of which the URL says nothing.

    The server tells a new connection the number of the process that serves it. A pooler tells a number of its own, for it
    does not know yet which process that will be.
    """
    if POOLED in make_url(url).query:
        return False
    engine = create_async_engine(address_of(url), connect_args=_THROUGH_A_POOLER, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            told: Any = (await connection.get_raw_connection()).driver_connection  # asyncpg has no types
            serves = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            return bool(told.get_server_pid() != serves)
    finally:
        await engine.dispose()


def is_pooled(url: str) -> bool:
    """Whether a URL says that a pooler hands connections on by transaction."""
    return make_url(url).query.get(POOLED) == "true"


def address_of(url: str) -> URL:
    """A URL as the driver takes it."""
    return make_url(url).difference_update_query([POOLED])


def arguments_of(url: str) -> Arguments:
    """What the driver is told for a connection to a URL: through a pooler it names no statement and keeps none."""
    return _THROUGH_A_POOLER if is_pooled(url) else {"timeout": CONNECTS}


_THROUGH_A_POOLER: Arguments = {
    "timeout": CONNECTS,
    "connection_class": _InTransactions,
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": str,  # no name
}


class Reach:
    """What is told to each connection, or through a pooler to each transaction: role, clinic and patience.

    Args:
        pooled: whether a pooler hands connections on by transaction.
        statement_seconds: after which a statement is given up; None waits for ever.
    """

    def __init__(self, pooled: bool, statement_seconds: float | None) -> None:
        self.pooled = pooled
        self.patience = (
            {}
            if statement_seconds is None
            else {
                "statement_timeout": str(round(1000 * statement_seconds)),
                "idle_in_transaction_session_timeout": str(1000 * IDLE),
            }
        )
        self._has_role = True

    async def meet(self, raw: Any) -> None:  # an asyncpg connection, which has no public type here
        """Tells a new connection its role; through a pooler only asks whether there is one."""
        if not self.pooled:
            await wall.take_role(raw)
            return
        self._has_role = await wall.may_take_role(raw)

    def settings(self) -> dict[str, str]:
        """What a transaction of now is told, by name."""
        role = {"role": wall.ROLE} if self._has_role else {}
        return {**role, wall.SETTING: wall.held(), **self.patience}

    async def begin(self, raw: Any) -> None:  # as in `meet`
        """Tells a transaction that has just begun on a connection of the driver."""
        if self.pooled:
            await raw.execute("; ".join(f"SET LOCAL {name} = '{value}'" for name, value in self.settings().items()))


def engine_of(url: str, pool_size: int, reach: Reach) -> AsyncEngine:
    """An engine whose connections see what they may, and give a statement up also where the server no longer answers."""

    async def connect(*args: Any, **named: Any) -> Any:  # as asyncpg takes them
        try:
            connection = await asyncpg.connect(*args, **named)
        except OSError as error:  # refused, not found, too slow
            raise DatabaseAwayError("the database can't be reached") from error
        try:
            await reach.meet(connection)
        except BaseException:  # cut off or given up in between: no pool knows of it yet
            connection.terminate()
            raise
        return connection

    server = {"timezone": "UTC", **({} if reach.pooled else reach.patience)}
    arguments: Arguments = {**arguments_of(url), "server_settings": server, "async_creator_fn": connect}
    if reach.patience:
        arguments["command_timeout"] = int(reach.patience["statement_timeout"]) / 1000 + 5
    engine = create_async_engine(
        address_of(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAITS,
        connect_args=arguments,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "checkout")
    def still_open(dbapi_connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # asyncpg has no types
        if dbapi_connection.driver_connection.is_closed():  # the server has gone; the pool takes a new one
            raise DisconnectionError
        if not reach.pooled:
            wall.show_held(dbapi_connection, record.info)

    if reach.pooled:

        @event.listens_for(engine.sync_engine, "begin")
        def tell(connection: Connection) -> None:
            told = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in reach.settings().items())
            connection.exec_driver_sql(f"SELECT {told}")

    return engine
