"""Side effects of the time after a procedure, gathered by kind."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, TypedDict

from sqlalchemy import Row

RESOLVED_AFTER = timedelta(days=14)  # not reported again in entries that reach so far past the last report


class SideEffectCourse(TypedDict):
    """One kind: first and last day reported, the span of days, and whether later entries no longer name it."""

    kind: str
    first_on: str
    last_on: str
    days: int
    resolved: bool


def gather(entries: Iterable[Row[Any]], performed_on: date) -> list[SideEffectCourse]:
    """Each kind that was reported since the procedure, in the order of its first day.

    Resolved means that she answered the question later and no longer named it; silence resolves nothing.
    """
    first: dict[str, date] = {}
    last: dict[str, date] = {}
    asked = performed_on
    for row in entries:
        effects = row.content.get("side_effects")
        if effects is None or row.date < performed_on:
            continue
        asked = row.date
        for effect in effects:
            first.setdefault(effect["kind"], row.date)
            last[effect["kind"]] = row.date
    return [
        SideEffectCourse(
            kind=kind,
            first_on=begun.isoformat(),
            last_on=last[kind].isoformat(),
            days=(last[kind] - begun).days + 1,
            resolved=asked - last[kind] >= RESOLVED_AFTER,
        )
        for kind, begun in sorted(first.items(), key=lambda item: item[1])
    ]
