"""The engine's face: `judge` one procedure as of one day, `trace` a diary as it unfolds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from .conclude import conclude
from .plan import Plan, make_plan
from .records import BOTH, LEFT, RIGHT, Definition, Diary, Laterality, Phase, Procedure
from .run import Kept, Run, look_back, run_all
from .standing import Standing
from .verdict import Side, Verdict

SIDE_BY_SIDE = 8  # diaries; more no longer fit the processor's cache


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


def judge(
    diary: Diary, procedure: Procedure, as_of: date, definition: Definition = "half", kept: Kept | None = None
) -> Verdict:
    """The whole answer for a procedure as of a day, from all writings in the diary about days up to it.

    The daily series is filtered: the judgement of a day rests on days up to it. Onset, return and its interval are
    smoothed: they use the whole diary. Pure: the same input gives the same output.

    Args:
        diary: writings in the order in which they were written; leave out what was not yet known.
        as_of: the day of the question; entries about later days do not count.
        definition: of return: `half` (Lord 1996), `eighty` or `full`.
        kept: what earlier calls about the same procedure left behind; the call goes on from it and renews it. It makes a
            new entry quick and changes no answer.
    """
    kept = Kept() if kept is None else kept
    end = as_of if procedure.watched_until is None else min(as_of, procedure.watched_until)
    last = max(0, (end - procedure.performed_on).days)
    diary = diary.take(diary.day <= end.toordinal())
    (run,) = run_all([make_plan(diary, procedure, last, at_once=True)], [kept])
    sides = _sides(diary, procedure, as_of, definition, kept)
    verdict = conclude(run, diary, procedure, as_of, definition, sides, True, _standing(run, definition))
    run.rest()
    return verdict


def trace(diary: Diary, procedure: Procedure, definition: Definition = "half") -> Trace:
    """Judges every calendar day from the day after the procedure to the last writing, with what was known by then.

    Cutting off later writings changes no earlier day: the last row equals what `judge` says that day.
    """
    return trace_all([(diary, procedure)], definition)[0]


def trace_all(diaries: Sequence[tuple[Diary, Procedure]], definition: Definition = "half") -> list[Trace]:
    """`trace` for many diaries, quicker together: those of a length go side by side. Company changes no answer."""
    plans = []
    for diary, procedure in diaries:
        last = max(0, int(diary.known_on.max(initial=0)) - procedure.performed_on.toordinal())
        plans.append(make_plan(diary, procedure, last, at_once=False))
    order = sorted(range(len(plans)), key=lambda i: len(plans[i].target))
    out: dict[int, Trace] = {}
    for some in (order[i : i + SIDE_BY_SIDE] for i in range(0, len(order), SIDE_BY_SIDE)):
        together = _trace_together([diaries[i] for i in some], [plans[i] for i in some], definition)
        out |= zip(some, together, strict=True)
    return [out[i] for i in range(len(diaries))]


def _trace_together(
    diaries: Sequence[tuple[Diary, Procedure]], plans: Sequence[Plan], definition: Definition
) -> list[Trace]:
    runs = run_all(plans, [Kept() for _ in plans])
    stand = [_standing(run, definition) for run in runs]
    look_back([(run, days) for run, s in zip(runs, stand, strict=True) if s for days in s.windows()])
    return [
        _unfolded(run, diary, procedure, definition, judged)
        for run, (diary, procedure), judged in zip(runs, diaries, stand, strict=True)
    ]


def _unfolded(run: Run, diary: Diary, procedure: Procedure, definition: Definition, judged: Standing | None) -> Trace:
    performed, last = procedure.performed_on, run.plan.last
    end = performed + timedelta(days=last)
    verdict = conclude(run, diary, procedure, end, definition, [], False, judged)
    seen = run.as_judged(definition)
    dates = [performed + timedelta(days=d) for d in range(1, last + 1)]
    return Trace(dates, seen.phase, seen.relief_percent, seen.return_probability, verdict)


def _standing(run: Run, definition: Definition) -> Standing | None:
    return Standing(run, definition) if run.plan.baseline.pain and run.plan.last > 0 else None


def _sides(diary: Diary, procedure: Procedure, as_of: date, definition: Definition, kept: Kept) -> list[Side]:
    """Each side of a bilateral procedure by its own scores, where both were logged apart."""
    apart = ~np.isnan(diary.average[:, [LEFT, RIGHT]])
    if procedure.laterality != "bilateral" or not apart.any(axis=0).all():
        return []
    own = diary.average.copy()
    own[:, BOTH] = np.nan  # a score not told apart says nothing about one side of a bilateral procedure
    diary = replace(diary, average=own)
    sides: tuple[Laterality, ...] = ("left", "right")
    return [_side(side, diary, procedure, as_of, definition, kept.sides.setdefault(side, Kept())) for side in sides]


def _side(
    side: Laterality, diary: Diary, procedure: Procedure, as_of: date, definition: Definition, kept: Kept
) -> Side:
    verdict = judge(diary, replace(procedure, laterality=side), as_of, definition, kept)
    return Side(side, verdict.phase, verdict.onset_on, verdict.returned.on)
