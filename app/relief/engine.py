"""The engine's entry points: `judge` gives a procedure's verdict as of one day, `trace` judges every day of a diary."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from .conclude import conclude, side_verdict
from .daily import Daily
from .durations import DurationPrior
from .judgement import Judgement
from .plan import Plan, make_plan
from .records import BOTH, LEFT, RIGHT, Definition, Diary, Procedure, TreatedSide
from .remembered import Filter
from .run import EngineState, Run, run_all
from .verdict import SideVerdict, Verdict

SIDE_BY_SIDE = 24  # diaries; more no longer fit the processor's cache


@dataclass(frozen=True)
class Trace:
    """Each day after the procedure as judged that day, one item per day in each list, and the verdict as of the last.

    The verdict comes without its daily series and its sides.
    """

    date: list[date]
    days: Daily
    verdict: Verdict


@dataclass(frozen=True)
class Asked:
    """What a verdict is asked for: a diary, the procedure, the day, and how long relief has lasted in the clinic."""

    diary: Diary
    procedure: Procedure
    as_of: date
    prior: DurationPrior | None = None

    def within(self) -> "tuple[Diary, int]":
        """The diary's rows about days that count, and the last of these as days after the procedure."""
        until, performed = self.procedure.watched_until, self.procedure.performed_on
        end = self.as_of if until is None else min(self.as_of, until)
        return self.diary.take(self.diary.day <= end.toordinal()), max(0, (end - performed).days)


def judge(
    diary: Diary,
    procedure: Procedure,
    *,
    as_of: date,
    definition: Definition = "half",
    kept: EngineState | None = None,
    prior: DurationPrior | None = None,
) -> Verdict:
    """The verdict for a procedure as of a day, from all revisions in the diary about days up to it.

    Each day rests on the days up to it, and so does the date of a return that has not settled; what is settled stays.
    Pure: the same input gives the same output. `kept` makes the next verdict quicker and changes no result; `prior` is how
    long relief has lasted in the clinic's own cohort: the forecast heeds it, and nothing else does, so that what is said of
    a patient's past rests on their own record.
    """
    state = EngineState() if kept is None else kept
    return _judge([Asked(diary, procedure, as_of, prior)], definition, [state])[0]


def judge_all(asked: Sequence[Asked], definition: Definition = "half") -> list[Verdict]:
    """`judge` for many, from their beginnings: those of similar length share a batch for speed, which changes no result."""
    order = sorted(range(len(asked)), key=lambda i: (asked[i].as_of - asked[i].procedure.performed_on).days)
    out: dict[int, Verdict] = {}
    for some in (order[i : i + SIDE_BY_SIDE] for i in range(0, len(order), SIDE_BY_SIDE)):
        verdicts = _judge([asked[i] for i in some], definition, [EngineState() for _ in some])
        out |= dict(zip(some, verdicts, strict=True))
    return [out[i] for i in range(len(asked))]


def _judge(asked: Sequence[Asked], definition: Definition, kept: Sequence[EngineState]) -> list[Verdict]:
    """The verdicts of one batch, each going on from its kept state."""
    within = [one.within() for one in asked]
    plans = [
        state.planner.plan(diary, one.procedure, last=last)
        for state, one, (diary, last) in zip(kept, asked, within, strict=True)
    ]
    runs = run_all(plans, [state.of(definition) for state in kept])
    return [
        conclude(
            plan,
            diary,
            procedure=one.procedure,
            as_of=one.as_of,
            definition=definition,
            sides=_sides(diary, one.procedure, as_of=one.as_of, definition=definition, kept=state),
            with_days=True,
            prior=one.prior,
            judged=Judgement(run) if run else None,
        )
        for one, (diary, _), plan, run, state in zip(asked, within, plans, runs, kept, strict=True)
    ]


def trace(
    diary: Diary, procedure: Procedure, definition: Definition = "half", *, prior: DurationPrior | None = None
) -> Trace:
    """Judges every calendar day from the day after the procedure to the last revision, with what was known by then.

    Leaving out later revisions changes no earlier day: the last day equals what `judge` gives for it.

    Raises:
        ValueError: the diary's rows are not in the order in which they were written.
    """
    return trace_all([(diary, procedure)], definition, prior=prior)[0]


def trace_all(
    diaries: Sequence[tuple[Diary, Procedure]], definition: Definition = "half", *, prior: DurationPrior | None = None
) -> list[Trace]:
    """`trace` for many diaries: those of similar length share a batch for speed, which changes no result."""
    plans = []
    for diary, procedure in diaries:
        last = max(0, int(diary.known_on.max(initial=0)) - procedure.performed_on.toordinal())
        plans.append(make_plan(diary, procedure, last=last, at_once=False))
    order = sorted(range(len(plans)), key=lambda i: len(plans[i].target))
    out: dict[int, Trace] = {}
    for some in (order[i : i + SIDE_BY_SIDE] for i in range(0, len(order), SIDE_BY_SIDE)):
        runs = run_all([plans[i] for i in some], [Filter(definition) for _ in some])
        out |= {
            i: _unfolded(run, plans[i], diaries[i][0], procedure=diaries[i][1], definition=definition, prior=prior)
            for i, run in zip(some, runs, strict=True)
        }
    return [out[i] for i in range(len(diaries))]


def _unfolded(
    run: Run | None,
    plan: Plan,
    diary: Diary,
    *,
    procedure: Procedure,
    definition: Definition,
    prior: DurationPrior | None,
) -> Trace:
    performed, last = procedure.performed_on, plan.last
    verdict = conclude(
        plan,
        diary,
        procedure=procedure,
        as_of=performed + timedelta(days=last),
        definition=definition,
        sides=[],
        with_days=False,
        prior=prior,
        judged=Judgement(run) if run else None,
    )
    dates = [performed + timedelta(days=d) for d in range(1, last + 1)]
    return Trace(dates, run.as_judged() if run else Daily.unknown(last), verdict)


def _sides(
    diary: Diary,
    procedure: Procedure,
    *,
    as_of: date,
    definition: Definition,
    kept: EngineState,
) -> list[SideVerdict]:
    """Each side of a bilateral procedure by its own scores, where both sides have scores of their own."""
    apart = ~np.isnan(diary.average[:, [LEFT, RIGHT]])
    if procedure.laterality != "bilateral" or not apart.any(axis=0).all():
        return []
    own = diary.average.copy()
    own[:, BOTH] = np.nan  # a score for both sides together says nothing about one side of a bilateral procedure
    diary = replace(diary, average=own)
    sides: tuple[TreatedSide, ...] = ("left", "right")
    out = []
    for side in sides:
        state = kept.sides.setdefault(side, EngineState())
        one = replace(procedure, laterality=side)
        verdict = judge(diary, one, as_of=as_of, definition=definition, kept=state)
        out.append(side_verdict(side, verdict))
    return out
