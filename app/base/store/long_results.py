"""Long lists, some items at a time: what else waits for the event loop has its turn between them.

Of a result the driver has read all rows by then; what takes long is to make values of them: JSON, days, instants.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import CursorResult, Row
from sqlmodel import SQLModel

from app.base.store.typed import whole

Columns = TypeVarTuple("Columns")
T = TypeVar("T")
M = TypeVar("M", bound=SQLModel)
AT_A_TIME = 100  # rows: some ten milliseconds, where each is a day with all that may be told of it


async def by_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items, in their order."""
    for count, one in enumerate(items, start=1):
        yield one
        if count % AT_A_TIME == 0:
            await asyncio.sleep(0)


async def in_turns(found: "CursorResult[*Columns]", make: "Callable[[Row[*Columns]], T]") -> list[T]:
    """What is made of each row."""
    out: list[T] = []
    while rows := found.fetchmany(AT_A_TIME):
        out += [make(one) for one in rows]
        if len(rows) < AT_A_TIME:
            break
        await asyncio.sleep(0)
    return out


async def wholes_in_turns(model: type[M], found: "CursorResult[*tuple[Any, ...]]") -> list[M]:  # as `whole` takes them
    """The rows as their model."""
    return await in_turns(found, partial(whole, model))
