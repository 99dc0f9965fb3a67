"""Statements that the two databases spell differently."""

from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from app.base.store.prepared import Connection


def upsert(connection: Connection, table: Table, *key: str) -> Any:
    """A statement that inserts a row, or sets its other columns where the key is taken; execute it with the rows."""
    return _upsert(connection.dialect.name, table, key)


@cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...]) -> Any:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table)
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in key}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def insert_new(connection: Connection, table: Table, *key: str, answers: bool = False) -> Any:
    """A statement that inserts a row, or does nothing where the key is taken: `rowcount` says which.

    Where another transaction has the key and is not over, PostgreSQL waits for it; SQLite has one writer at a time.

    Args:
        answers: the statement answers the row's id where it was inserted, for connections that count no rows.
    """
    return _insert_new(connection.dialect.name, table, key, answers)


@cache
def _insert_new(dialect: str, table: Table, key: tuple[str, ...], answers: bool) -> Any:
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing(index_elements=list(key))
    return statement.returning(table.c.id) if answers else statement
