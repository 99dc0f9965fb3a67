"""Prepared statements: the hot paths, straight to the driver.

Running a Core statement through SQLAlchemy takes several times as long as the statement itself (`docs/speed.md`). A
`Prepared` statement is built once as a module's constant, compiled once for each database, with SQLAlchemy's own types in
and out, and is then only text and a tuple. On an ordinary connection it is run by SQLAlchemy.

The parts of SQLAlchemy that are used here and are not public are named in `PRIVATE`; a test checks them, and the
library has an upper bound in `pyproject.toml`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVarTuple, cast
from uuid import UUID

from sqlalchemy import ClauseElement, Dialect, Executable, Insert, Select, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.keys import KeyRing
from app.base.store.sealed import Sealed, ring_in_use

Ts = TypeVarTuple("Ts")
Parameters = Mapping[str, object]
Convert = Callable[[Any], Any] | None  # between a type of Python and one of the driver
AT_A_TIME = 500  # sets of parameters made ready and sent in one go
PRIVATE = {
    "sqlalchemy.sql.compiler.SQLCompiler": ("_bind_processors", "_result_columns"),
    "sqlalchemy.types.TypeEngine": ("_cached_result_processor",),
}
FLOAT8 = 701  # PostgreSQL's number for a double, the only numeric type of our columns


class Prepared(Generic[*Ts]):
    """A statement that is run often; its rows are tuples of the types that it selects.

    Args:
        statement: or a function that gives it for a dialect's name, where the two databases spell it differently.
        names: of the parameters. Each call gives exactly these.
    """

    def __init__(self, statement: "Select[*Ts] | Executable | Callable[[str], Executable]", *names: str) -> None:
        self._statement, self._names = statement, names
        self._compiled: dict[str, _Compiled] = {}

    def statement(self, dialect: str) -> Executable:
        """The statement for a dialect."""
        return self._statement if isinstance(self._statement, Executable) else self._statement(dialect)

    def compiled(self, dialect: Dialect) -> "_Compiled":
        """Its text and its conversions for a driver."""
        found = self._compiled.get(dialect.driver)
        if found is None:
            statement = self.statement(dialect.name)
            found = self._compiled[dialect.driver] = _compile(statement, dialect, list(self._names))
        return found


def prepared_select(statement: "Select[*Ts]", *names: str) -> "Prepared[*Ts]":
    """A query; its rows have the types of its columns."""
    return Prepared(statement, *names)


def prepared_insert(into: Table) -> Prepared[*tuple[()]]:
    """An insert of whole rows, as `row` gives them."""
    return Prepared(insert(into), *into.columns.keys())


def prepared_by_dialect(build: Callable[[str], Insert], into: Table) -> Prepared[*tuple[()]]:
    """An insert of whole rows that the two databases spell differently."""
    return Prepared(build, *into.columns.keys())


def prepared_insert_new(build: Callable[[str], Insert], into: Table) -> Prepared[UUID]:
    """The same, of rows whose key may be taken; it answers the id of the row where it was inserted."""
    return Prepared(build, *into.columns.keys())


@dataclass(frozen=True)
class _Compiled:
    text: str
    names: list[str]
    into: list[Convert]
    constants: dict[str, object]
    out: list[Convert]
    sealed_in: "list[tuple[int, Sealed]]"
    sealed_out: "list[tuple[int, Sealed]]"

    def values(self, parameters: Parameters, ring: KeyRing) -> tuple[object, ...]:
        """The parameters in the order of the text, the statement's own constants among them, each through its type."""
        constants = self.constants
        made = [
            value if convert is None else convert(value)
            for value, convert in zip(
                (constants[n] if n in constants else parameters[n] for n in self.names), self.into, strict=True
            )
        ]
        for place, kind in self.sealed_in:
            made[place] = kind.going_in(made[place], ring)
        return tuple(made)

    def rows(self, raw: Sequence[Sequence[object]], ring: KeyRing) -> list[Any]:  # `Prepared` says of which types
        """The driver's rows, each value through its type."""
        if self.sealed_out:
            return [self._opened(row, ring) for row in raw]
        if not any(self.out):
            return [tuple(row) for row in raw]
        return [tuple(v if c is None else c(v) for v, c in zip(row, self.out, strict=True)) for row in raw]

    def _opened(self, row: Sequence[object], ring: KeyRing) -> tuple[object, ...]:
        made = [v if c is None else c(v) for v, c in zip(row, self.out, strict=True)]
        for place, kind in self.sealed_out:
            made[place] = kind.coming_out(cast("str | None", made[place]), ring)
        return tuple(made)


class PreparedConnection:
    """Runs prepared statements, and nothing else, on a raw connection of the driver: `sqlite3` or `asyncpg`."""

    def __init__(self, raw: Any, dialect: Dialect) -> None:  # two drivers without a common type
        self._raw, self.dialect, self._ring = raw, dialect, ring_in_use(dialect)
        self._is_sqlite = dialect.name == "sqlite"

    async def rows(self, statement: "Prepared[*Ts]", parameters: Parameters) -> "list[tuple[*Ts]]":
        """The rows of a statement."""
        compiled = statement.compiled(self.dialect)
        values = compiled.values(parameters, self._ring)
        if self._is_sqlite:
            return compiled.rows(self._raw.execute(compiled.text, values).fetchall(), self._ring)
        return compiled.rows(await self._raw.fetch(compiled.text, *values), self._ring)

    async def many(self, statement: "Prepared[*Ts]", parameters: Sequence[Parameters]) -> None:
        """Runs a statement once for each set of parameters."""
        compiled = statement.compiled(self.dialect)
        values = [compiled.values(p, self._ring) for p in parameters]
        if self._is_sqlite:
            self._raw.executemany(compiled.text, values)
        else:
            await self._raw.executemany(compiled.text, values)


Connection = AsyncConnection | PreparedConnection


async def rows_of(connection: Connection, statement: "Prepared[*Ts]", parameters: Parameters) -> "list[tuple[*Ts]]":
    """The rows of a prepared statement, on either kind of connection."""
    if isinstance(connection, PreparedConnection):
        return await connection.rows(statement, parameters)
    found = await connection.execute(statement.statement(connection.dialect.name), parameters)
    return [tuple(row) for row in found.all()] if found.returns_rows else []


async def first_of(connection: Connection, statement: "Prepared[*Ts]", parameters: Parameters) -> "tuple[*Ts] | None":
    """The first of them, if there is one."""
    found = await rows_of(connection, statement, parameters)
    return found[0] if found else None


async def run_many(connection: Connection, statement: "Prepared[*Ts]", parameters: Sequence[Parameters]) -> None:
    """Runs a prepared statement once for each set of parameters, in one round trip for AT_A_TIME of them."""
    for begin in range(0, len(parameters), AT_A_TIME):
        some = list(parameters[begin : begin + AT_A_TIME])
        if isinstance(connection, PreparedConnection):
            await connection.many(statement, some)
        else:
            await connection.execute(statement.statement(connection.dialect.name), some)


def _compile(statement: Executable, dialect: Dialect, named: list[str]) -> _Compiled:
    assert isinstance(statement, ClauseElement)
    # the compiler's own parts have no public types
    compiled: Any = statement.compile(dialect=dialect, column_keys=named)  # see above
    names = list(compiled.positiontup or [])
    processors, kinds = compiled._bind_processors, {n: b.type for n, b in compiled.binds.items()}
    found = [c.type for c in compiled._result_columns or []]
    # what is sealed goes by the keys of the database that a statement runs on, not of the first that it ran on
    sealed_in = [(place, kinds[n]) for place, n in enumerate(names) if isinstance(kinds[n], Sealed)]
    sealed_out = [(place, kind) for place, kind in enumerate(found) if isinstance(kind, Sealed)]
    into = [None if isinstance(kinds[n], Sealed) else processors.get(n) for n in names]
    out = [None if isinstance(kind, Sealed) else kind._cached_result_processor(dialect, FLOAT8) for kind in found]
    own = {n: b.value for n, b in compiled.binds.items() if not b.required and n not in named}
    return _Compiled(str(compiled), names, into, own, out, sealed_in, sealed_out)
