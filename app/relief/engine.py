"""The engine's entry points: `judge` gives a procedure's verdict as of one day, `trace` judges every day of a diary."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from .conclude import conclude
from .judgement import Judgement
from .plan import Plan, make_plan
from .records import BOTH, LEFT, RIGHT, Definition, Diary, Laterality, Phase, Procedure
from .run import EngineState, Run, look_back, run_all
from .verdict import SideVerdict, Verdict

SIDE_BY_SIDE = 8  # diaries; more no longer fit the processor's cache


@dataclass(frozen=True)
class Trace:
    """Each day after the procedure as judged that day, one item per day in each list, and the verdict as of the last.

    The verdict comes without its daily series and its sides.
    """

    date: list[date]
    phase: list[Phase]
    relief_percent: list[float | None]
    return_probability: list[float]
    verdict: Verdict


def judge(
    diary: Diary, procedure: Procedure, *, as_of: date, definition: Definition = "half", kept: EngineState | None = None
) -> Verdict:
    """The verdict for a procedure as of a day, from all revisions in the diary about days up to it.

    The daily series is filtered: the judgement of a day rests on days up to it. Onset, return and its interval are
    smoothed: they use the whole diary. Pure: the same input gives the same output.

    Args:
        diary: revisions in the order in which they were written; leave out what was not yet known.
        as_of: the day that is asked about; entries about later days do not count.
        definition: of return: `half` (Lord 1996), `eighty` or `full`.
        kept: state of earlier calls about the same procedure, updated in place. It saves time after a new entry and
            changes no result.
    """
    kept = EngineState() if kept is None else kept
    end = as_of if procedure.watched_until is None else min(as_of, procedure.watched_until)
    last = max(0, (end - procedure.performed_on).days)
    diary = diary.take(diary.day <= end.toordinal())
    (run,) = run_all([make_plan(diary, procedure, last=last, at_once=True)], [kept])
    sides = _sides(diary, procedure, as_of=as_of, definition=definition, kept=kept)
    verdict = conclude(
        run,
        diary,
        procedure=procedure,
        as_of=as_of,
        definition=definition,
        sides=sides,
        with_days=True,
        judged=_judgement(run, definition),
    )
    run.rest()
    return verdict


def trace(diary: Diary, procedure: Procedure, definition: Definition = "half") -> Trace:
    """Judges every calendar day from the day after the procedure to the last revision, with what was known by then.

    Leaving out later revisions changes no earlier day: the last day equals what `judge` gives for it.

    Raises:
        ValueError: the diary's rows are not in the order in which they were written.
    """
    return trace_all([(diary, procedure)], definition)[0]


def trace_all(diaries: Sequence[tuple[Diary, Procedure]], definition: Definition = "half") -> list[Trace]:
    """`trace` for many diaries: those of similar length share a batch for speed, which changes no result."""
    plans = []
    for diary, procedure in diaries:
        last = max(0, int(diary.known_on.max(initial=0)) - procedure.performed_on.toordinal())
        plans.append(make_plan(diary, procedure, last=last, at_once=False))
    order = sorted(range(len(plans)), key=lambda i: len(plans[i].target))
    out: dict[int, Trace] = {}
    for some in (order[i : i + SIDE_BY_SIDE] for i in range(0, len(order), SIDE_BY_SIDE)):
        together = _trace_together([diaries[i] for i in some], [plans[i] for i in some], definition)
        out |= zip(some, together, strict=True)
    return [out[i] for i in range(len(diaries))]


def _trace_together(
    diaries: Sequence[tuple[Diary, Procedure]], plans: Sequence[Plan], definition: Definition
) -> list[Trace]:
    runs = run_all(plans, [EngineState() for _ in plans])
    stand = [_judgement(run, definition) for run in runs]
    look_back([(run, days) for run, s in zip(runs, stand, strict=True) if s for days in s.windows()])
    return [
        _unfolded(run, diary, procedure=procedure, definition=definition, judged=judged)
        for run, (diary, procedure), judged in zip(runs, diaries, stand, strict=True)
    ]


def _unfolded(
    run: Run, diary: Diary, *, procedure: Procedure, definition: Definition, judged: Judgement | None
) -> Trace:
    performed, last = procedure.performed_on, run.plan.last
    end = performed + timedelta(days=last)
    verdict = conclude(
        run, diary, procedure=procedure, as_of=end, definition=definition, sides=[], with_days=False, judged=judged
    )
    seen = run.as_judged(definition)
    dates = [performed + timedelta(days=d) for d in range(1, last + 1)]
    return Trace(dates, seen.phase, seen.relief_percent, seen.return_probability, verdict)


def _judgement(run: Run, definition: Definition) -> Judgement | None:
    return Judgement(run, definition) if run.plan.baseline.pain and run.plan.last > 0 else None


def _sides(
    diary: Diary, procedure: Procedure, *, as_of: date, definition: Definition, kept: EngineState
) -> list[SideVerdict]:
    """Each side of a bilateral procedure by its own scores, where both sides have scores of their own."""
    apart = ~np.isnan(diary.average[:, [LEFT, RIGHT]])
    if procedure.laterality != "bilateral" or not apart.any(axis=0).all():
        return []
    own = diary.average.copy()
    own[:, BOTH] = np.nan  # a score for both sides together says nothing about one side of a bilateral procedure
    diary = replace(diary, average=own)
    sides: tuple[Laterality, ...] = ("left", "right")
    return [
        _side(
            side,
            diary,
            procedure=procedure,
            as_of=as_of,
            definition=definition,
            kept=kept.sides.setdefault(side, EngineState()),
        )
        for side in sides
    ]


def _side(
    side: Laterality, diary: Diary, *, procedure: Procedure, as_of: date, definition: Definition, kept: EngineState
) -> SideVerdict:
    verdict = judge(diary, replace(procedure, laterality=side), as_of=as_of, definition=definition, kept=kept)
    return SideVerdict(side, verdict.phase, verdict.onset_on, verdict.returned.on)
