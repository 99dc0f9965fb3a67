"""Pages of lists: their limits, and the cursors after which the next page begins."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from app.base.http.problems import bad_field

T = TypeVar("T")
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
NO_CURSOR = "not a cursor; take `next` of the page before"
Limit = Annotated[int, Query(ge=1, le=200, description="at most so many items")]
Cursor = Annotated[str | None, Query(max_length=100, description="`next` of the page before")]


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` is the cursor of the rest, null at the end."""

    items: list[T]
    next: str | None = Field(default=None, description="give it as `cursor` to go on")


def page(rows: Sequence[T], limit: int, cursor_of: Callable[[T], str]) -> tuple[list[T], str | None]:
    """A page of at most `limit` rows, and the cursor of the rest; the query was asked for one row more."""
    shown = list(rows[:limit])
    return shown, cursor_of(shown[-1]) if len(rows) > limit else None


def to_dated_cursor(on: date, last: UUID) -> str:
    """The cursor after a row of a list that is ordered by days."""
    return f"{on.isoformat()}.{to_cursor(last)}"


def from_dated_cursor(cursor: str | None) -> tuple[date, UUID] | None:
    """The day and the id of the row that a cursor stands after.

    Raises:
        Problem: 422 for a cursor that this service has not made.
    """
    return _two_parts(cursor, date.fromisoformat)


def to_timed_cursor(at: datetime, last: UUID) -> str:
    """The cursor after a row of a list that is ordered by instants."""
    return f"{(at - EPOCH) // MICROSECOND}.{to_cursor(last)}"


def from_timed_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The instant and the id of the row that a cursor stands after.

    Raises:
        Problem: 422 for a cursor that this service has not made.
    """
    return _two_parts(cursor, lambda text: EPOCH + int(text) * MICROSECOND)


def _two_parts(cursor: str | None, read: Callable[[str], T]) -> tuple[T, UUID] | None:
    if cursor is None:
        return None
    first, _, last = cursor.partition(".")
    row = from_cursor(last)
    try:
        assert row is not None
        return read(first), row
    except (ValueError, OverflowError, OSError):
        raise bad_field("/cursor", NO_CURSOR, where="query") from None


def to_cursor(last: UUID) -> str:
    """The cursor after a row."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def from_cursor(cursor: str | None) -> UUID | None:
    """The id of the row that a cursor stands after.

    Raises:
        Problem: 422 for a cursor that this service has not made.
    """
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except (ValueError, binascii.Error):
        raise bad_field("/cursor", NO_CURSOR, where="query") from None
