"""Statements of the hot paths, straight to the driver.

Measured here, SQLAlchemy's way from a Core statement to the driver and back costs several times the statement. The
statements of the hot paths are built once; each is compiled once for the database at hand, with SQLAlchemy's own types
in and out, and is then only text and a tuple. Everything else takes the ordinary way, on the same connection.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ClauseElement, Dialect, Executable

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
FLOAT8 = 701  # PostgreSQL's number for a double, the only numeric type of our columns
Convert = Callable[[Any], Any] | None


class Connection(Protocol):
    """What the hot paths ask of a connection; SQLAlchemy's and the quick one both have it."""

    @property
    def dialect(self) -> Dialect:
        """Which database it is."""

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Runs a statement that was built once, with its parameters: one mapping, or a list of them."""


class Found:
    """The rows of a statement."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def first(self) -> Any | None:
        """The first row, if there is one."""
        return self._rows[0] if self._rows else None


@dataclass(frozen=True)
class _Compiled:
    text: str
    names: list[str]
    into: list[Convert]
    constants: dict[str, Any]
    make_row: Callable[..., Any] | None
    out: list[Convert]

    def values(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in the order of the text, a statement's own constants among them."""
        constants = self.constants
        return tuple(
            (constants[n] if n in constants else parameters[n] if c is None else c(parameters[n]))
            for n, c in zip(self.names, self.into, strict=True)
        )

    def rows(self, raw: Sequence[Sequence[Any]]) -> list[Any]:
        """The driver's rows as rows with names."""
        if self.make_row is None:
            return []
        if not any(self.out):
            return [self.make_row(*row) for row in raw]
        return [self.make_row(*(v if c is None else c(v) for v, c in zip(row, self.out, strict=True))) for row in raw]


_known: dict[
    tuple[str, int, tuple[str, ...]], tuple[Executable, _Compiled]
] = {}  # holds the statement, so ids stay its own


class QuickConnection:
    """Runs statements on a raw connection of the driver: `sqlite3` or `asyncpg`."""

    def __init__(self, raw: Any, dialect: Dialect) -> None:
        self._raw, self._dialect = raw, dialect
        self._is_sqlite = dialect.name == "sqlite"

    @property
    def dialect(self) -> Dialect:
        """Which database it is."""
        return self._dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> Found:
        """Runs a statement that was built once."""
        many: Sequence[Mapping[str, Any]] = parameters if isinstance(parameters, list) else [parameters or {}]
        compiled = self._compile(statement, many[0])
        if len(many) > 1:
            values = [compiled.values(p) for p in many]
            if self._is_sqlite:
                self._raw.executemany(compiled.text, values)
            else:
                await self._raw.executemany(compiled.text, values)
            return Found([])
        one = compiled.values(many[0])
        if self._is_sqlite:
            raw = self._raw.execute(compiled.text, one).fetchall()
        else:
            raw = await self._raw.fetch(compiled.text, *one)
        return Found(compiled.rows(raw))

    def _compile(self, statement: Executable, parameters: Mapping[str, Any]) -> _Compiled:
        key = (self._dialect.driver, id(statement), tuple(parameters))
        known = _known.get(key)
        if known is None:
            known = _known[key] = (statement, _compile(statement, self._dialect, list(parameters)))
        return known[1]


def _compile(statement: Any, dialect: Dialect, named: list[str]) -> _Compiled:
    assert isinstance(statement, ClauseElement)
    compiled: Any = statement.compile(dialect=dialect, column_keys=named)
    names = list(compiled.positiontup or [])
    processors = compiled._bind_processors
    columns = compiled._result_columns or []
    row = namedtuple("Row", [c.keyname for c in columns]) if columns else None
    out = [c.type._cached_result_processor(dialect, FLOAT8) for c in columns]
    own = {n: b.value for n, b in compiled.binds.items() if not b.required and n not in named}
    return _Compiled(str(compiled), names, [processors.get(n) for n in names], own, row, out)
