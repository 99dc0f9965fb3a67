"""The steps of a flag, a review, an appointment: who did what, when and why, kept in the row itself."""

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict


class Step(TypedDict):
    """One step: when (RFC 3339), by which account (null: by the service), what, and a note."""

    at: str
    by: str | None
    what: str
    note: str | None


def step(what: str, now: datetime, *, by: UUID | None = None, note: str | None = None) -> Step:
    """A step that is taken now."""
    return {"at": now.isoformat(), "by": None if by is None else str(by), "what": what, "note": note}
