"""From a verdict's background to what the picture shows."""

from datetime import date, timedelta
from typing import Any

from app.answers.pictures.content import Mark, Seen
from app.answers.verdicts.context import Background
from app.record.diary.entry_json import is_recalled
from app.rules.levels import region_of


def seen_in(about: Background) -> Seen:
    """The verdict's series, the weeks before, what was recalled, side effects, and what was done in the region."""
    own, start, zone = about.own, about.performed_on, about.person.time_zone
    before = [
        (row.date, score)
        for row in about.entries
        if row.date <= start and (score := _score(row.content, own)) is not None
    ]
    recalled = {row.date for row in about.entries if is_recalled(row.date, row.recorded_at, zone)}
    effects: dict[str, list[date]] = {}
    for row in about.entries:
        for effect in row.content.get("side_effects") or ():
            if row.date > start:
                effects.setdefault(effect["kind"], []).append(row.date)
    return Seen(about.verdict, start, before, recalled, _marks(about), effects)


def _score(content: dict[str, Any], own: dict[str, Any]) -> float | None:
    """The highest score of a day at the treated site: the side that is worse."""
    found = [
        pain.get("average", pain.get("now"))
        for pain in content.get("pain") or ()
        if pain["region"] == own["region"]
        and (own["laterality"] == "bilateral" or pain["side"] in (own["laterality"], "both"))
    ]
    return max((score for score in found if score is not None), default=None)


def _marks(about: Background) -> list[Mark]:
    own = about.own
    out = []
    for block in about.found.blocks:
        on = date.fromisoformat(block["performed_on"])
        if region_of(block["joints"][0]) == own["region"]:
            out.append(Mark(on, "block", f"block, {block['agent']}"))
    for other in about.found.procedures:
        on = date.fromisoformat(other["performed_on"])
        if str(other["id"]) != str(own["id"]) and other["region"] == own["region"] and on <= about.as_of:
            out.append(Mark(on, "procedure", f"procedure, {other['laterality']}"))
    near = about.performed_on - timedelta(days=120)
    return [mark for mark in out if mark.on >= near]
