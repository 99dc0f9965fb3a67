"""Tells what is impossible for a while (another in the way, a full disk, a database away) from a fault of ours."""

import errno
import sqlite3
from collections.abc import Iterator
from typing import Literal

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.base.store.writer import RolledBackError

Failure = Literal["in_the_way", "taken", "away", "fault"]
IN_THE_WAY = {"40001", "40P01"}  # serialisation failure, deadlock: the transaction was rolled back whole
TAKEN = {"23505", "23503"}  # somebody else's row came first, or went: the work, done again, sees it
# of PostgreSQL: connection, sign-in, no such database, resources, operator's intervention, system error, lock not
# available, object not ready, read-only, idle in a transaction
AWAY = ("08", "28", "3D000", "53", "57", "58", "55P03", "55000", "25006", "25P03")
OF_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
OF_SYSTEM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


class DatabaseAwayError(Exception):
    """The database can't be reached."""


def failure_of(error: BaseException) -> Failure:
    """Of which kind an exception is, by itself or by whatever caused it.

    What it arose from is followed too: after a full disk the rollback of a savepoint fails, and hides the cause.
    """
    seen = list(_causes(error))
    states = {str(state) for one in seen if (state := getattr(one, "sqlstate", None)) is not None}
    if states & IN_THE_WAY:
        return "in_the_way"
    if states & TAKEN:
        return "taken"
    return "away" if any(state.startswith(AWAY) for state in states) or any(map(_is_away, seen)) else "fault"


def is_unavailable(error: BaseException) -> bool:
    """Whether the same may succeed in a while, without anything being mended in the code."""
    return failure_of(error) in ("in_the_way", "away")


def _causes(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        further = (getattr(one, "orig", None), one.__cause__, one.__context__)
        waiting += [cause for cause in further if isinstance(cause, BaseException)]


def _is_away(one: BaseException) -> bool:
    if isinstance(one, sqlite3.Error):
        return (getattr(one, "sqlite_errorcode", None) or 0) & 0xFF in OF_SQLITE
    if isinstance(one, DBAPIError):
        return one.connection_invalidated
    if isinstance(one, DatabaseAwayError | RolledBackError | PoolTimeout | TimeoutError | ConnectionError):
        return True
    if isinstance(one, OSError):
        return one.errno in OF_SYSTEM
    return type(one).__name__ == "InterfaceError" and "closed" in str(one)  # asyncpg's, on the prepared path
