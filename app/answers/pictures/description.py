"""The text alternative of the picture, for whoever does not see it."""

from app.answers.pictures.content import PictureContent, Span, flares, gaps, phases
from app.answers.pictures.style import NAMES
from app.rules import parameters as par
from app.rules.days import spoken_day


def in_words(content: PictureContent) -> str:
    """Describes the picture in sentences."""
    verdict = content.verdict
    parts = [
        f"Daily pain scores from {spoken_day(content.first)} to {spoken_day(content.last)}, with the level beneath them and "
        "its 90 % interval.",
        verdict.says,
    ]
    pain = verdict.baseline.pain
    parts.append("No baseline is known." if pain is None else f"Before: {pain:.1f} of 10; half of it: {pain / 2:.1f}.")
    parts += [f"{mark.says.capitalize()} on {spoken_day(mark.on)}." for mark in content.marks]
    judged = phases(content)
    if judged:
        parts.append("Phases: " + "; ".join(_span(NAMES[p.says], p) for p in _long(judged)) + ".")
    found = flares(content)
    if found:
        days = ", ".join(spoken_day(f.first) for f in found[-12:])
        parts.append(f"{len(found)} flare-up{'s' if len(found) > 1 else ''}, the last on {days}.")
    silent = gaps(content)
    if silent:
        longest = max(silent, key=lambda g: g.last - g.first)
        parts.append(
            f"{len(silent)} gap{'s' if len(silent) > 1 else ''} of a week or more; {_span('the longest', longest)}."
        )
    recalled = sum(1 for day in content.days if day in content.recalled)
    if recalled:
        parts.append(f"{recalled} scores were written down late.")
    for kind, days_with in content.effects.items():
        parts.append(f"{kind.replace('_', ' ').capitalize()} on {len(days_with)} days.")
    return " ".join(parts)


def _long(judged: list[Span]) -> list[Span]:
    """All phases of a short course; of a long one those of at least two weeks, and the last."""
    if len(judged) <= par.PHASES_TOLD:
        return judged
    return [p for p in judged if (p.last - p.first).days >= par.PHASE_LONG or p is judged[-1]]


def _span(name: str, span: Span) -> str:
    return f"{name} {spoken_day(span.first)} to {spoken_day(span.last)}"
