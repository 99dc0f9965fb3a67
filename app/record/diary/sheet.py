"""A diary as a sheet: one row per day and site, in the columns that `import` knows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache

from app.base.http.sheets import line, safe
from app.record.diary.content import ActivityContent, EntryContent, MedicationContent, MomentContent, SideEffectContent
from app.rules.medications import catalogue

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
    "temperature_c",
    "side_effects",
    "note",
    "moments",
    "flare_up",
    "medications",
    "recorded_at",
)


NO_SITE: tuple[object, ...] = (None,) * 5


def heading() -> str:
    """The first line."""
    return line(COLUMNS)


def lines(on: date, content: EntryContent, *, opioid_mme: float | None, recorded_at: datetime) -> str:
    """The rows of one day; fields without a site are only in the first of them."""
    activity: ActivityContent = content.get("activity") or {}
    effects = content.get("side_effects")
    shared = (
        opioid_mme,
        activity.get("steps"),
        activity.get("active_minutes"),
        activity.get("level"),
        content.get("interference"),
        content.get("temperature_c"),
        None if effects is None else _effects(effects),
        safe(content.get("note")),
        safe(_moments(content.get("moments") or ())),
        None if (flare := content.get("flare_up")) is None else "yes" if flare else "no",
        None if (taken := content.get("medications")) is None else safe("; ".join(map(medication, taken)) or "none"),
    )
    nothing = (None,) * len(shared)
    out = ""
    sites: list[tuple[object, ...]] = [
        (pain["region"], pain["side"], pain.get("average"), pain.get("worst"), pain.get("now"))
        for pain in content.get("pain") or ()
    ]
    for i, site in enumerate(sites or [NO_SITE]):
        out += line((on.isoformat(), *site, *(shared if i == 0 else nothing), recorded_at.astimezone(UTC).isoformat()))
    return out


def _moments(moments: Sequence[MomentContent]) -> str | None:
    """Each moment in words: its time by the phone's clock, the scores, the note."""
    return "; ".join(_moment(one) for one in moments) or None


def _moment(one: MomentContent) -> str:
    said = [
        f"{pain['region']} {pain['side']} {score:g}"
        for pain in one.get("pain") or ()
        if (score := pain.get("now", pain.get("average", pain.get("worst")))) is not None
    ]
    return " ".join([one["at"][11:16], ", ".join(said), one.get("note", "").replace("\n", " ")]).strip()


def medication(one: MedicationContent) -> str:
    """As it was taken: its name, the dose at a time, how many times, and whether only when needed."""
    code = one.get("code")
    name = one.get("name") or (None if code is None else medication_names().get(code)) or code or "?"
    dose = f"{one['dose']:g} {one.get('unit', '')}".strip() if "dose" in one else ""
    times = f"x {one['times']:g}" if "times" in one else ""
    needed = "when needed" if one.get("schedule") == "as_needed" else ""
    return " ".join(part for part in (name, dose, times, needed) if part)


@cache
def medication_names() -> dict[str, str]:
    """The names of the catalogue by their codes."""
    return {one.code: one.name for one in catalogue() if one.code is not None}


def _effects(effects: list[SideEffectContent]) -> str:
    return "; ".join(f"{e['kind']} {e.get('severity') or '?'}" for e in effects) or "none"
