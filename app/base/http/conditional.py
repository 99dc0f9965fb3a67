"""ETags: 304 for what the caller has, 412 for a lost update."""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import Header, Query

from app.base.http.problems import Problem, Responses
from app.base.http.wire import Moment

IfNoneMatch = Annotated[str | None, Header(description="ETag that you have; 304 where it still holds")]
IfMatch = Annotated[str | None, Header(description="ETag that you read; 412 where the row has changed since")]
AsKnownOn = Annotated[Moment | None, Query(description="only what had been received by this instant")]
NOT_MODIFIED: Responses = {304: {"description": "Not modified"}}


def etag(clinic_id: UUID, *parts: object) -> str:
    """A strong ETag: a digest of all that an answer depends on; ids are unique only within a clinic."""
    return _digest(clinic_id, *parts)


def etag_after(tag: str, *parts: object) -> str:
    """The ETag of what is made of another answer, by that answer's own."""
    return _digest(tag, *parts)


def _digest(*parts: object) -> str:
    return '"' + hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=12).hexdigest() + '"'


def matches(header: str | None, tag: str) -> bool:
    """Whether an `If-None-Match` header names the tag."""
    if header is None:
        return False
    return header.strip() == "*" or any(t.strip().removeprefix("W/") == tag for t in header.split(","))


def require_match(header: str | None, tag: str) -> None:
    """Checks an `If-Match` header; without one everything matches, and a weak tag never does (RFC 9110, 13.1.1).

    Raises:
        Problem: 412 where it does not name the current ETag.
    """
    named = None if header is None else [one.strip() for one in header.split(",")]
    if named is not None and named != ["*"] and tag not in named:
        raise Problem(412, "The row has changed since you read it; read it again.")
