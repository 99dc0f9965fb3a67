"""Columns that are kept under a key: the row that a value belongs to is part of what is sealed.

A value that is swapped with another row's, or moved to another column, can't be read any more. So a value goes in with the
key of its row (`row` and `for_row` see to it), and comes out with it: the column is selected together with its row's
primary key. Neither the rest of a statement nor the readers of its rows know of it. Sealed text can't be compared, searched
or sorted by the database (`record/patients/names.py` does it for names).
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from typing import Any, TypeVar, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Dialect,
    Label,
    String,
    Text,
    Uuid,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.types import TypeDecorator

from app.base.store.keys import CLEAR, MARK, KeyRing

T = TypeVar("T")
AFTER_ROW = "\x1f"  # between the key of the row and the value, as they are selected
BETWEEN, AFTER = (literal_column(f"'{mark}'", String) for mark in ("|", AFTER_ROW))
ALL = "*"
JSON_MARK = json.dumps(MARK)[1:-1]
_rings: "WeakKeyDictionary[Dialect, KeyRing]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a sealed column, and the primary key of its row."""

    value: object = field(repr=False)
    of: str


def use_ring(dialect: Dialect, ring: KeyRing) -> None:
    """Says under which keys what goes through a dialect is kept."""
    _rings[dialect] = ring


def ring_in_use(dialect: Dialect) -> KeyRing:
    """The keys of a dialect; where nobody said, nothing is sealed and only what is in clear is read."""
    return _rings.get(dialect, CLEAR)


def row_key(of: tuple[object, ...]) -> str:
    """A primary key as text, the same for both databases."""
    return "|".join(_part(one) for one in of)


def _part(one: object) -> str:
    if isinstance(one, UUID):
        return one.hex
    return one.isoformat() if isinstance(one, date) else str(one)


def _text_of(part: ColumnElement[object]) -> ColumnElement[str]:
    """A part of a primary key as `_part` has it: one database writes ids with hyphens, the other without."""
    text = cast_to(part, Text)
    return (
        func.replace(text, literal_column("'-'", String), literal_column("''", String))
        if isinstance(part.type, Uuid)
        else text
    )


class Sealed(TypeDecorator[Any], ABC):  # of a type by column
    """What the two kinds share: the key of the row goes out with the value."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: ColumnElement[object]) -> ColumnElement[object]:
        """The value behind the primary key of its row."""
        plain = column.element if isinstance(column, Label) else column
        own = next(iter(plain.base_columns)) if isinstance(plain, ColumnElement) else plain
        source = getattr(plain, "table", None)
        if not isinstance(own, Column) or source is None:
            raise TypeError(f"{column}: a sealed value is selected as its column, beside its row's primary key")
        missing = [part.name for part in own.table.primary_key if part.name not in source.c]
        if missing:
            raise TypeError(f"{column}: select {missing[0]} as well; it is part of what the value is sealed with")
        key: list[ColumnElement[str]] = [_text_of(source.c[part.name]) for part in own.table.primary_key]
        row = reduce(lambda before, part: before + BETWEEN + part, key)
        return type_coerce(row + AFTER + cast_to(type_coerce(plain, self.impl_instance), Text), self)

    def bind_processor(self, dialect: Dialect) -> Callable[[object], object]:
        """Seals what goes in."""
        ring = ring_in_use(dialect)
        return lambda value: self.going_in(value, ring)

    def result_processor(self, dialect: Dialect, _coltype: object) -> Callable[[str | None], object]:
        """Opens what comes out."""
        ring = ring_in_use(dialect)
        return lambda value: self.coming_out(value, ring)

    @abstractmethod
    def going_in(self, value: object, ring: KeyRing) -> str | None:
        """A cell as it is kept."""

    @abstractmethod
    def coming_out(self, value: str | None, ring: KeyRing) -> Any:  # as the column's type
        """What was selected as its value."""


class SealedText(Sealed):
    """Text that is sealed as a whole.

    Args:
        of: table and column.
        only_with: text that holds something to be sealed has this in it; None where all does.
    """

    cache_ok = True

    def __init__(self, of: str, only_with: str | None = None) -> None:
        super().__init__()
        self.of, self.only_with = of, only_with

    def going_in(self, value: object, ring: KeyRing) -> str | None:
        """A cell as it is kept."""
        if value is None:
            return None
        one = _as_cell(value, self.of)
        text = cast(str, one.value)
        if self.only_with is not None and self.only_with not in text:
            return text
        return ring.seal(text, f"{self.of}|{one.of}")

    def coming_out(self, value: str | None, ring: KeyRing) -> str | None:
        """What was selected as its text."""
        if value is None:
            return None
        of, _, kept = value.partition(AFTER_ROW)
        return ring.open(kept, f"{self.of}|{of}") if kept.startswith(MARK) else kept


class SealedJson(Sealed):
    """JSON in which the texts of some names are sealed, and the rest is in clear.

    Args:
        of: table and column.
        names: of fields, at any depth, whose texts are sealed; `ALL` for every text.
    """

    impl = JSON  # type: ignore[assignment]  # either is a type of SQLAlchemy
    cache_ok = True

    def __init__(self, of: str, *names: str, none_as_null: bool = True) -> None:
        super().__init__(none_as_null)
        self.of, self.names, self.none_as_null = of, names, none_as_null

    def going_in(self, value: object, ring: KeyRing) -> str | None:
        """A cell as it is kept."""
        if value is None:
            return None if self.none_as_null else "null"
        one = _as_cell(value, self.of)
        text = json.dumps(one.value)
        if ring.writes_with is None or not (ALL in self.names or any(f'"{name}"' in text for name in self.names)):
            return text
        of = f"{self.of}|{one.of}"
        return json.dumps(_changed(one.value, self.names, change=lambda part, place: ring.seal(part, f"{of}{place}")))

    def coming_out(self, value: str | None, ring: KeyRing) -> Any:  # any JSON
        """What was selected as its JSON."""
        if value is None:
            return None
        row, _, text = value.partition(AFTER_ROW)
        found = json.loads(text)
        if JSON_MARK not in text:
            return found
        of = f"{self.of}|{row}"
        return _changed(found, self.names, change=lambda part, place: ring.open(part, f"{of}{place}"))


Change = Callable[[str, str], str]


def _changed(
    value: Any,  # JSON
    names: tuple[str, ...],
    *,
    change: Change,
    place: str = "",
    inside: bool = False,
) -> Any:  # JSON
    """JSON whose texts under some names are changed; each is told its place."""
    if isinstance(value, str):
        return change(value, place) if inside else value
    if isinstance(value, list):
        return [
            _changed(one, names, change=change, place=f"{place}/{number}", inside=inside)
            for number, one in enumerate(value)
        ]
    if isinstance(value, dict):
        return {
            name: _changed(
                one, names, change=change, place=f"{place}/{name}", inside=inside or ALL in names or name in names
            )
            for name, one in value.items()
        }
    return value


def _as_cell(value: object, of: str) -> Cell:
    if not isinstance(value, Cell):
        raise TypeError(f"{of}: is sealed; give it by `row` or `for_row`, and compare or search it elsewhere")
    return value
