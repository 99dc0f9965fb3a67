"""Statements that the two databases spell differently."""

from collections.abc import Callable
from functools import cache, partial

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


def upsert(connection: AsyncConnection, into: Table, *key: str) -> Insert:
    """A statement that inserts a row, or sets its other columns where the key is taken; execute it with the rows."""
    return _upsert(connection.dialect.name, into=into, key=key)


def upsert_for(into: Table, *key: str) -> Callable[[str], Insert]:
    """The same for a prepared statement, by the dialect's name."""
    return partial(_upsert, into=into, key=key)


@cache
def _upsert(dialect: str, *, into: Table, key: tuple[str, ...]) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(into)
    changed = {c.name: statement.excluded[c.name] for c in into.columns if c.name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def insert_new(connection: AsyncConnection, into: Table, *key: str) -> Insert:
    """A statement that inserts a row, or does nothing where the key is taken: `rowcount` says which.

    Where another transaction has inserted the key and has not ended, PostgreSQL waits for it; SQLite has one writer at a
    time.
    """
    return _insert_new(connection.dialect.name, into=into, key=key, answers=False)


def insert_new_for(into: Table, *key: str) -> Callable[[str], Insert]:
    """The same for a prepared statement, which answers the row's id where it was inserted."""
    return partial(_insert_new, into=into, key=key, answers=True)


@cache
def _insert_new(dialect: str, *, into: Table, key: tuple[str, ...], answers: bool) -> Insert:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(into).on_conflict_do_nothing(index_elements=list(key))
    return statement.returning(into.c.id) if answers else statement
