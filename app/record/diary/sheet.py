"""A diary as a sheet: one row a day and site, in the columns that `import` knows."""

from datetime import UTC, date, datetime
from typing import Any

from app.base.http.sheets import line, safe

COLUMNS = (
    "date",
    "region",
    "side",
    "pain_average",
    "pain_worst",
    "pain_now",
    "opioid_mme",
    "steps",
    "active_minutes",
    "activity_level",
    "interference",
    "side_effects",
    "note",
    "recorded_at",
)


def heading() -> str:
    """The first line."""
    return line(COLUMNS)


def lines(on: date, content: dict[str, Any], opioid_mme: float | None, recorded_at: datetime) -> str:
    """The rows of one day; what does not belong to a site stands in the first of them."""
    activity = content.get("activity") or {}
    effects = content.get("side_effects")
    shared = (
        opioid_mme,
        activity.get("steps"),
        activity.get("active_minutes"),
        activity.get("level"),
        content.get("interference"),
        None if effects is None else _effects(effects),
        safe(content.get("note")),
    )
    nothing = (None,) * len(shared)
    out = ""
    for i, pain in enumerate(content.get("pain") or [{}]):
        site = (pain.get("region"), pain.get("side"), pain.get("average"), pain.get("worst"), pain.get("now"))
        out += line((on.isoformat(), *site, *(shared if i == 0 else nothing), recorded_at.astimezone(UTC).isoformat()))
    return out


def _effects(effects: list[dict[str, Any]]) -> str:
    return "; ".join(f"{e['kind']} {e.get('severity') or '?'}" for e in effects) or "none"
