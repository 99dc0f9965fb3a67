"""Putting everything that is kept under the key that writes, while the service goes on.

Each cell is changed only where it is still as it was read; a run that is cut off leaves every cell readable, and the next
begins again. Rows are read by primary key, some hundred at a time.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Table,
    Text,
    bindparam,
    inspect,
    literal,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.database import Database
from app.base.store.keys import MARK, CellError, KeyRing
from app.base.store.metadata import metadata
from app.base.store.sealed import AFTER_ROW, JSON_MARK, Cell, Sealed, SealedJson, SealedText, row_key
from app.base.store.typed import Found, RowQuery

AT_A_TIME = 500  # rows


@dataclass
class Resealed:
    """What a pass found in clear or under another key, how much of it is sealed anew, and what it can't read."""

    changed: int = 0
    others: int = 0
    unreadable: list[str] = field(default_factory=list)


async def sealed_tables(database: Database) -> list[Table]:
    """Every table with a sealed column.

    Raises:
        RuntimeError: the database has a table that this process has not heard of: it would be passed over.
    """
    async with database.read() as connection:
        there = set(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))
    if unheard := there - set(metadata.tables) - {"alembic_version"}:
        raise RuntimeError(f"the tables {sorted(unheard)} are not known here")
    return [one for one in metadata.sorted_tables if any(isinstance(c.type, Sealed) for c in one.columns)]


async def reseal(database: Database) -> Resealed:
    """Seals anew what is in clear or under another key than the one that writes; one pass over everything.

    A cell that can't be read stays as it is, and is named in what is answered.
    """
    counted = Resealed()
    for one in await sealed_tables(database):
        async for lines in _pages(database, one):
            changes = [change for line in lines for change in _changes(one, line, ring=database.ring, counted=counted)]
            if changes:
                counted.others += len(changes)
                counted.changed += await database.write(partial(_apply, one=one, changes=changes))
    return counted


async def ids_in_use(database: Database) -> dict[str, int]:
    """How many cells are kept under each key; those in clear are not counted."""
    out: Counter[str] = Counter()
    for one in await sealed_tables(database):
        async for lines in _pages(database, one):
            for line in lines:
                for kept in line[len(one.primary_key) :]:
                    out.update(set(_ids(kept)))
    return dict(out)


async def _pages(database: Database, one: Table) -> AsyncIterator[Sequence[Found]]:
    """The rows of a table in the order of their keys: the primary key, then each sealed cell as it is kept."""
    after: tuple[object, ...] | None = None
    while True:
        async with database.read(aside=True) as connection:
            lines = (await connection.execute(_page(one, after))).all()
        if not lines:
            return
        after = tuple(lines[-1][: len(one.primary_key)])
        yield lines


def _ids(kept: str | None) -> Iterator[str]:
    for mark in (MARK, JSON_MARK):
        for part in (kept or "").split(mark)[1:]:
            yield part[:8]


def _columns(one: Table) -> list[Column[object]]:
    return [c for c in one.columns if isinstance(c.type, Sealed)]


def _raw(column: Column[object]) -> ColumnElement[str]:
    """A cell as it is kept."""
    return cast_to(type_coerce(column, JSON() if isinstance(column.type, SealedJson) else Text()), Text)


def _page(one: Table, after: tuple[object, ...] | None) -> RowQuery:
    key = list(one.primary_key)
    query = select(*key, *(_raw(c) for c in _columns(one))).order_by(*key).limit(AT_A_TIME)
    if after is None:
        return query
    return query.where(tuple_(*key) > tuple_(*(literal(value, c.type) for value, c in zip(after, key, strict=True))))


@dataclass(frozen=True)
class _Change:
    key: tuple[object, ...]
    column: Column[object]
    before: str
    after: str


def _changes(one: Table, line: Found, *, ring: KeyRing, counted: Resealed) -> Iterator[_Change]:
    size, of = len(one.primary_key), row_key(tuple(line[: len(one.primary_key)]))
    for column, kept in zip(_columns(one), line[size:], strict=True):
        kind = column.type
        assert isinstance(kind, Sealed)
        if kept is None or (isinstance(kind, SealedText) and set(_ids(kept)) == {ring.writes_with}):
            continue
        try:
            value = kind.coming_out(f"{of}{AFTER_ROW}{kept}", ring)
        except CellError as error:
            counted.unreadable.append(f"{error} (row {of})")
            continue
        again = kind.going_in(Cell(value, of), ring)
        if again is not None and list(_ids(again)) != list(_ids(kept)):
            yield _Change(tuple(line[:size]), column, kept, again)


async def _apply(connection: AsyncConnection, *, one: Table, changes: list[_Change]) -> int:
    done = 0
    for change in changes:
        this = [c == value for c, value in zip(one.primary_key, change.key, strict=True)]
        new: ColumnElement[object] = bindparam(None, change.after, Text())
        if isinstance(change.column.type, SealedJson) and connection.dialect.name == "postgresql":
            new = cast_to(new, JSON)
        statement = update(one).where(*this, _raw(change.column) == change.before).values({change.column: new})
        done += (await connection.execute(statement)).rowcount
    return done
