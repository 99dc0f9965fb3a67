"""The text alternative of the picture, for whoever does not see it, in the language that is spoken."""

from datetime import date

from app.answers.pictures.content import PictureContent, Span, flares, gaps, phases
from app.answers.pictures.style import NAMES
from app.base.languages.sentences import sentence
from app.base.languages.speaking import counted, day_in_words, figure, say, translated
from app.rules import parameters as par


def in_words(content: PictureContent) -> str:
    """Describes the picture in sentences."""
    verdict = content.verdict
    parts = [
        say(
            "Daily pain scores from {first} to {last}, with the level beneath them and its 90 % interval.",
            **_ends(content.first, content.last),
        ),
        sentence(verdict.says),
    ]
    pain = verdict.baseline.pain
    if pain is None:
        parts.append(translated("No baseline is known."))
    else:
        before = figure(f"{pain:.1f}")
        if verdict.definition == "eighty":
            parts.append(
                say("Before: {pain} of 10; a fifth of it: {fifth}.", pain=before, fifth=figure(f"{pain / 5:.1f}"))
            )
        else:
            parts.append(say("Before: {pain} of 10; half of it: {half}.", pain=before, half=figure(f"{pain / 2:.1f}")))
    for mark in content.marks:
        what = sentence(mark.says)
        parts.append(say("{what} on {day}.", what=what[:1].upper() + what[1:], day=day_in_words(mark.on)))
    judged = phases(content)
    if judged:
        told = (
            say("{what} {first} to {last}", what=translated(NAMES[p.says]), **_ends(p.first, p.last))
            for p in _long(judged)
        )
        parts.append(say("Phases: {phases}.", phases="; ".join(told)))
    return " ".join([*parts, *_besides(content)])


def _besides(content: PictureContent) -> list[str]:
    """Flare-ups, gaps, what was written down late, side effects."""
    out = []
    found = flares(content)
    if found:
        days = ", ".join(day_in_words(f.first) for f in found[-12:])
        out.append(
            counted(len(found), "{count} flare-up, on {days}.", "{count} flare-ups, the last on {days}.", days=days)
        )
    silent = gaps(content)
    if silent:
        longest = max(silent, key=lambda g: g.last - g.first)
        said = say("the longest {first} to {last}", **_ends(longest.first, longest.last))
        out.append(
            counted(
                len(silent),
                "{count} gap of a week or more; {longest}.",
                "{count} gaps of a week or more; {longest}.",
                longest=said,
            )
        )
    recalled = sum(1 for day in content.days if day in content.recalled)
    if recalled:
        out.append(counted(recalled, "{count} score was written down late.", "{count} scores were written down late."))
    for kind, days_with in content.effects.items():
        what = translated(kind.replace("_", " "))
        what = what[:1].upper() + what[1:]
        out.append(counted(len(days_with), "{what} on {count} day.", "{what} on {count} days.", what=what))
    return out


def _long(judged: list[Span]) -> list[Span]:
    """All phases of a short course; of a long one those of at least two weeks, and the last."""
    if len(judged) <= par.PHASES_TOLD:
        return judged
    return [p for p in judged if (p.last - p.first).days >= par.PHASE_LONG or p is judged[-1]]


def _ends(first: date, last: date) -> dict[str, str]:
    return {"first": day_in_words(first), "last": day_in_words(last)}
