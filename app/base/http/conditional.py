"""ETags: 304 for what the caller has, 412 for a lost update; and cursors of lists."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Header, Query

from app.base.http.problems import Problem, bad_field
from app.base.http.wire import Moment

T = TypeVar("T")
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
NO_CURSOR = "not a cursor; take `next` of the page before"
IfNoneMatch = Annotated[str | None, Header(description="ETag that you have; 304 where it still holds")]
IfMatch = Annotated[str | None, Header(description="ETag that you read; 412 where the row has changed since")]
AsKnownOn = Annotated[Moment | None, Query(description="only what had been received by this instant")]
Accept = Annotated[str, Header(description="application/json or text/csv")]
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
Limit = Annotated[int, Query(ge=1, le=200, description="at most so many items")]
Cursor = Annotated[str | None, Query(max_length=100, description="`next` of the page before")]


def etag(*parts: object) -> str:
    """A strong ETag of what an answer rests on."""
    return '"' + hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=12).hexdigest() + '"'


def matches(header: str | None, tag: str) -> bool:
    """Whether an `If-None-Match` or `If-Match` header names the tag."""
    if header is None:
        return False
    return header.strip() == "*" or any(t.strip().removeprefix("W/") == tag for t in header.split(","))


def require_match(header: str | None, tag: str) -> None:
    """412 where the caller names another state than the present one."""
    if header is not None and not matches(header, tag):
        raise Problem(412, "The row has changed since you read it; read it again.")


def to_dated_cursor(on: date, last: UUID) -> str:
    """The cursor after a row of a list that goes by days."""
    return f"{on.isoformat()}.{to_cursor(last)}"


def from_dated_cursor(cursor: str | None) -> tuple[date, UUID] | None:
    """The day and the row that a cursor stands after.

    Raises:
        Problem: 422 for what is no cursor of ours.
    """
    return _two_parts(cursor, date.fromisoformat)


def to_timed_cursor(at: datetime, last: UUID) -> str:
    """The cursor after a row of a list that goes by instants."""
    return f"{(at - EPOCH) // MICROSECOND}.{to_cursor(last)}"


def from_timed_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The instant and the row that a cursor stands after.

    Raises:
        Problem: 422 for what is no cursor of ours.
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
    """The row that a cursor stands after.

    Raises:
        Problem: 422 for what is no cursor of ours.
    """
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except (ValueError, binascii.Error):
        raise bad_field("/cursor", NO_CURSOR, where="query") from None
