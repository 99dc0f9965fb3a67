"""Tables and columns by the attributes of their models: a misspelt column, a value of the wrong type are type errors.

Statements stay SQLAlchemy Core: no session, no objects that are tracked. What a model gives is the names and the types.
"""

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, ParamSpec, TypeVar, cast

from sqlalchemy import Column, ColumnElement, FromClause, Row, Select, Table
from sqlmodel import SQLModel

from app.base.store.sealed import Cell, Sealed, row_key

P = ParamSpec("P")
T = TypeVar("T")
Setting = tuple[Column[Any], object]  # of any type: `to` has checked that the two fit
M = TypeVar("M", bound=SQLModel)
RowQuery = Select[*tuple[Any, ...]]  # of many columns: what reads its rows gives them their types, as `whole` does
Found = Row[*tuple[Any, ...]]  # a row of such a query


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]  # SQLModel makes it, and does not declare it


def col(attribute: T) -> Column[T]:
    """The Core column behind a model's attribute: `col(Flag.state)`."""
    return cast("Column[T]", attribute.property.columns[0])  # type: ignore[attr-defined]  # of a class, not of a row


def col_of(source: FromClause, attribute: T) -> ColumnElement[T]:
    """The same column in an alias or a subquery."""
    return cast("ColumnElement[T]", source.c[col(attribute).name])


def row(model: Callable[P, SQLModel], *_: P.args, **values: P.kwargs) -> dict[str, object]:
    """Values of a row to insert, checked like the arguments of its model; what is left out has the model's default."""
    whole_row = {**{name: make() for name, make in _defaults(model).items() if name not in values}, **values}
    return _with_cells(cast("type[SQLModel]", model), whole_row)


def values_of(one: SQLModel) -> dict[str, object]:
    """The values of a row that was made as its model."""
    return {name: getattr(one, name) for name in type(one).model_fields}


def row_of(one: SQLModel) -> dict[str, object]:
    """The same to insert."""
    return _with_cells(type(one), values_of(one))


def _with_cells(model: type[SQLModel], values: dict[str, object]) -> dict[str, object]:
    """The values with those of sealed columns bound to their row."""
    sealed, key = _sealed(model)
    if sealed:
        of = row_key(tuple(values[name] for name in key))
        for name in sealed:
            if values[name] is not None:
                values[name] = Cell(values[name], of)
    return values


@cache
def _sealed(model: type[SQLModel]) -> tuple[list[str], list[str]]:
    """The names of a model's sealed columns, and of its primary key."""
    of = table(model)
    return [c.name for c in of.columns if isinstance(c.type, Sealed)], [c.name for c in of.primary_key]


def to(column: Column[T], value: T | ColumnElement[T]) -> Setting:
    """A column and its new value, for `update(...).ordered_values(...)`; one that is sealed needs `for_row` yet."""
    return column, value


def for_row(settings: Iterable[Setting], *key: object) -> list[Setting]:
    """Settings for the row of a primary key, in the order of its table: those of sealed columns are bound to it."""
    of = row_key(key)
    return [
        (column, Cell(value, of) if isinstance(column.type, Sealed) and value is not None else value)
        for column, value in settings
    ]


def whole(model: type[M], found: Found) -> M:
    """A row that holds every column of a table, as its model; it has no session, so changes to it are not saved."""
    names = model.model_fields
    return model(**{name: value for name, value in found._mapping.items() if name in names})


def wholes(model: type[M], found: Iterable[Found]) -> list[M]:
    """The same of many rows."""
    return [whole(model, one) for one in found]


@cache
def _defaults(model: Callable[..., SQLModel]) -> dict[str, Callable[[], object]]:
    fields = cast("type[SQLModel]", model).model_fields
    made: dict[str, Callable[[], object]] = {}
    for name, info in fields.items():
        if not info.is_required():
            made[name] = partial(info.get_default, call_default_factory=True)
    return made
