"""The engine's face: `judge` one procedure as of one day, `trace` a diary as it unfolds."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from .conclude import conclude
from .forward import Scratch
from .knowledge import make_plan
from .records import BOTH, LEFT, RIGHT, Definition, Diary, Laterality, Phase, Procedure
from .run import Run
from .verdict import Side, Verdict


@dataclass(frozen=True)
class Trace:
    """A diary as it unfolded, each list one item a day after the procedure, and the verdict on the whole of it.

    The verdict comes without its daily series and its sides.
    """

    date: list[date]
    phase: list[Phase]
    relief_percent: list[float | None]
    return_probability: list[float]
    verdict: Verdict


def judge(diary: Diary, procedure: Procedure, as_of: date, definition: Definition = "half") -> Verdict:
    """The whole answer for a procedure as of a day, from all writings in the diary about days up to it.

    The daily series is filtered: the judgement of a day rests on days up to it. Onset, return and its interval are
    smoothed: they use the whole diary. Pure: the same input gives the same output.

    Args:
        diary: writings in the order in which they were written; leave out what was not yet known.
        as_of: the day of the question; entries about later days do not count.
        definition: of return: `half` (Lord 1996), `eighty` or `full`.
    """
    end = as_of if procedure.watched_until is None else min(as_of, procedure.watched_until)
    last = max(0, (end - procedure.performed_on).days)
    diary = diary.take(diary.day <= end.toordinal())
    run = Run(make_plan(diary, procedure, last, at_once=True))
    return conclude(
        run, diary, procedure, as_of, definition, _sides(diary, procedure, as_of, definition), with_days=True
    )


def trace(diary: Diary, procedure: Procedure, definition: Definition = "half", scratch: Scratch | None = None) -> Trace:
    """Judges every calendar day from the day after the procedure to the last writing, with what was known by then.

    Cutting off later writings changes no earlier day: the last row equals what `judge` says that day. Pass the same
    `scratch` from diary to diary where there are many.
    """
    performed = procedure.performed_on
    last = max(0, int(diary.known_on.max(initial=0)) - performed.toordinal())
    run = Run(make_plan(diary, procedure, last, at_once=False), scratch)
    end = performed + timedelta(days=last)
    verdict = conclude(run, diary, procedure, end, definition, [], with_days=False)
    seen = run.as_judged(definition)
    dates = [performed + timedelta(days=d) for d in range(1, last + 1)]
    return Trace(dates, seen.phase, seen.relief_percent, seen.return_probability, verdict)


def _sides(diary: Diary, procedure: Procedure, as_of: date, definition: Definition) -> list[Side]:
    """Each side of a bilateral procedure by its own scores, where both were logged apart."""
    apart = ~np.isnan(diary.average[:, [LEFT, RIGHT]])
    if procedure.laterality != "bilateral" or not apart.any(axis=0).all():
        return []
    return [
        _side("left", LEFT, diary, procedure, as_of, definition),
        _side("right", RIGHT, diary, procedure, as_of, definition),
    ]


def _side(
    side: Laterality, column: int, diary: Diary, procedure: Procedure, as_of: date, definition: Definition
) -> Side:
    own = diary.average.copy()
    own[:, BOTH] = np.nan  # a score not told apart says nothing about one side of a bilateral procedure
    verdict = judge(replace(diary, average=own), replace(procedure, laterality=side), as_of, definition)
    return Side(side, verdict.phase, verdict.onset_on, verdict.returned.on)
