"""Side effects of the time after a procedure, gathered into episodes by kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from app.record.diary.content import SideEffectContent
from app.record.diary.service import DayEntry
from app.rules.expected import is_expected, outlasts
from app.rules.parameters import RESOLVED_AFTER
from app.rules.words import Laterality, Region


@dataclass(frozen=True)
class SideEffectCourse:
    """One episode: first and last day reported, the span of days, and whether later entries no longer name it.

    `expected`: every report of it was one of the usual ones for its kind and day; `lasting`: beyond its usual time.
    """

    kind: str
    first_on: date
    last_on: date
    days: int
    resolved: bool
    most_severe: int | None
    expected: bool
    lasting: bool


def side_effect_courses(
    entries: Iterable[DayEntry], performed_on: date, *, region: Region, laterality: Laterality
) -> list[SideEffectCourse]:
    """Each episode since the procedure, in the order of its first day.

    An episode ends, and the next begins, where entries of two weeks answer the question and do not name it. Resolved
    means that the patient answered the question later and did not name it; days without an answer resolve nothing.
    """
    episodes: dict[str, list[list[tuple[date, SideEffectContent]]]] = {}
    asked = performed_on
    for row in entries:
        effects = row.content.get("side_effects")
        if effects is None or row.date < performed_on:
            continue
        for effect in effects:
            mine = episodes.setdefault(effect["kind"], [])
            since = asked - mine[-1][-1][0] if mine else None
            if since is None or since >= RESOLVED_AFTER:
                mine.append([])
            mine[-1].append((row.date, effect))
        asked = row.date
    found = [
        _course(kind, episode, performed_on=performed_on, asked=asked, region=region, laterality=laterality)
        for kind, mine in episodes.items()
        for episode in mine
    ]
    return sorted(found, key=lambda course: course.first_on)


def _course(
    kind: str,
    episode: list[tuple[date, SideEffectContent]],
    *,
    performed_on: date,
    asked: date,
    region: Region,
    laterality: Laterality,
) -> SideEffectCourse:
    first, last = episode[0][0], episode[-1][0]
    severities = [severity for _, effect in episode if (severity := effect.get("severity")) is not None]
    usual = (
        is_expected(
            kind,
            (on - performed_on).days,
            severity=effect.get("severity"),
            in_treated_skin=_in_treated_skin(effect, region, laterality),
        )
        for on, effect in episode
    )
    return SideEffectCourse(
        kind=kind,
        first_on=first,
        last_on=last,
        days=(last - first).days + 1,
        resolved=asked - last >= RESOLVED_AFTER,
        most_severe=max(severities, default=None),
        expected=all(usual),
        lasting=outlasts(kind, (last - performed_on).days),
    )


def _in_treated_skin(effect: SideEffectContent, region: Region, laterality: Laterality) -> bool:
    """Whether a side effect lies at the treated site; one without a site is taken to."""
    side = effect.get("side", "both")
    return effect.get("region", region) == region and (laterality == "bilateral" or side in (laterality, "both"))
