"""Turns a diary into the steps of the filter: what was known when, and what each score says.

Writings may come late. A writing about day d that counts from day k changes nothing before k; on day k the filter goes
back to d and runs forward again with what is known by then. The plan of those steps depends on the data alone, so it is
made here, in plain Python, and `forward` runs the plans of many diaries in lockstep.
"""

from dataclasses import dataclass, field
from math import isnan

import numpy as np

from . import parameters as par
from .baseline import Baseline, find_baseline
from .records import Days, Diary, Floats, Procedure
from .scores import GAP_CLASSES

NO_SCORE = -1
NOTHING = float("nan")
TOP_SCORE = round(10 / par.SCORE_STEP)


@dataclass
class Known:
    """Per day 1, 2, ...: index of the baseline that held, days with a score so far, day of the newest score (0: none)."""

    version: list[int] = field(default_factory=list)
    logged: list[int] = field(default_factory=list)
    newest: list[int] = field(default_factory=list)

    def add(self, version: int, logged: int, newest: int) -> None:
        """One more day."""
        self.version.append(version)
        self.logged.append(logged)
        self.newest.append(newest)


@dataclass
class Plan:
    """Steps of the filter for one diary; days count from the procedure (day 0).

    Args:
        last: number of days after the procedure that are judged.
        baselines: each baseline that held at some time, in order.
        source, target: shape (steps,), the day stepped from and to.
        evidence: shape (steps,), row of `rows`, or -1 for a day without a score.
        rows: distinct (baseline, gap class, score row) of the evidence.
        marks: shape (last,), the step after which day 1, 2, ... was judged.
        then: what was known on each day when it was judged.
        score, mme, shift: shape (last + 1,), what is known at the end: score, dose and points hidden by medicine.
    """

    last: int
    baselines: list[Baseline]
    source: list[int] = field(default_factory=list)
    target: list[int] = field(default_factory=list)
    evidence: list[int] = field(default_factory=list)
    rows: dict[tuple[int, int, int], int] = field(default_factory=dict)
    marks: list[int] = field(default_factory=list)
    then: Known = field(default_factory=Known)
    score: list[float] = field(default_factory=list)
    mme: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)

    @property
    def baseline(self) -> Baseline:
        """The baseline as it stands at the end."""
        return self.baselines[-1]

    def scored(self) -> list[int]:
        """The days that have a score, rising."""
        return [d for d in range(1, self.last + 1) if not isnan(self.score[d])]

    def masked_around(self, day: int) -> bool:
        """Whether a risen dose hid MASKED_FROM points or more, on average, in the weeks around a day."""
        around = self.shift[max(1, day - 7) : day + 22]
        return bool(around) and sum(around) / len(around) >= par.MASKED_FROM

    def at_end(self) -> Known:
        """What is known of each day as the diary stands at the end."""
        known = Known()
        logged = newest = 0
        for d in range(1, self.last + 1):
            if not isnan(self.score[d]):
                logged, newest = logged + 1, d
            known.add(len(self.baselines) - 1, logged, newest)
        return known


class _Medicine:
    """Pain points that a risen dose of opioids may hide, day by day, against the lowest usual dose since the procedure."""

    def __init__(self, last: int) -> None:
        self.total = [0.0] * (last + 1)
        self.count = [0] * (last + 1)
        self.usual = [NOTHING] * (last + 1)

    def hidden(self, d: int, mme: float) -> float:
        known = not isnan(mme)
        self.total[d] = self.total[d - 1] + (mme if known else 0.0)
        self.count[d] = self.count[d - 1] + known
        mean = self._mean(d - par.MASK_USUAL_DAYS, d, 5)
        before = self.usual[d - 1]
        self.usual[d] = mean if isnan(before) or mean < before else before
        now = self._mean(d - par.MASK_RECENT_DAYS, d, 2)
        usual = self.usual[max(0, d - par.MASK_RECENT_DAYS)]
        if isnan(usual) or isnan(now):
            return 0.0
        extra = now - usual - max(par.MASK_FREE_MME, par.MASK_FREE_SHARE * usual)
        return min(par.MASK_MOST, max(0.0, par.MASK_PAIN_PER_MME * extra))

    def _mean(self, after: int, until: int, at_least: int) -> float:
        after = max(after, 0)
        n = self.count[until] - self.count[after]
        return (self.total[until] - self.total[after]) / n if n >= at_least else NOTHING


def make_plan(diary: Diary, procedure: Procedure, last: int, at_once: bool) -> Plan:
    """The plan for days 1 to `last`; `at_once` takes every writing as known on its own day (the diary as it stands)."""
    if at_once:
        diary = diary.latest()
    day = diary.day - procedure.performed_on.toordinal()
    known = day if at_once else np.maximum(diary.known_on - procedure.performed_on.toordinal(), day)
    if np.any(np.diff(known) < 0):
        raise ValueError("known_on: rows must be in the order in which they were written")
    score = diary.score(procedure.laterality)
    planner = _Planner(diary.day, score, diary.mme, procedure, last)
    planner.run(day.tolist(), known.tolist())
    return planner.plan


class _Planner:
    def __init__(self, ordinals: Days, score: Floats, mme: Floats, procedure: Procedure, last: int) -> None:
        self.ordinals, self.scores, self.mmes, self.procedure = ordinals, score, mme, procedure
        self.before: dict[int, float] = {}
        self.plan = Plan(last, [find_baseline(ordinals[:0], score[:0], procedure)])
        self.plan.score, self.plan.mme = [NOTHING] * (last + 1), [NOTHING] * (last + 1)
        self.plan.shift = [0.0] * (last + 1)
        self.gap_from = [0] * (last + 1)  # newest scored day before each day
        self.medicine = None if np.isnan(mme).all() else _Medicine(last)
        self.logged = self.newest = 0

    def run(self, day: list[int], known: list[int]) -> None:
        """Lets the days pass: on each, what has come in is taken and the filter steps from the earliest day it is about."""
        score, mme = self.scores.tolist(), self.mmes.tolist()
        row = 0
        for today in range(self.plan.last + 1):
            first, rebase = max(today, 1), False
            while row < len(day) and known[row] <= today:
                if day[row] < 0:
                    self.before[int(self.ordinals[row])] = score[row]
                    rebase = True
                elif 0 < day[row] <= self.plan.last:
                    self._take(day[row], score[row], mme[row])
                    first = min(first, day[row])
                row += 1
            if rebase and self._rebase():
                first = 1
            if today > 0:
                for d in range(first, today + 1):
                    self._step(d)
                self.plan.marks.append(len(self.plan.target) - 1)
                self.plan.then.add(len(self.plan.baselines) - 1, self.logged, self.newest)

    def _take(self, d: int, score: float, mme: float) -> None:
        had, has = not isnan(self.plan.score[d]), not isnan(score)
        self.plan.score[d], self.plan.mme[d] = score, mme
        self.logged += has - had
        if has:
            self.newest = max(self.newest, d)
        elif had and d == self.newest:  # the newest score was taken back
            self.newest = max((e for e in range(1, d) if not isnan(self.plan.score[e])), default=0)

    def _rebase(self) -> bool:
        days = np.array(list(self.before), dtype=np.int64)
        found = find_baseline(days, np.array(list(self.before.values()), dtype=float), self.procedure)
        if found == self.plan.baseline:
            return False
        self.plan.baselines.append(found)
        return True

    def _step(self, d: int) -> None:
        plan = self.plan
        before = self.gap_from[d] = d - 1 if plan.score[d - 1] == plan.score[d - 1] and d > 1 else self.gap_from[d - 1]
        if self.medicine is not None:
            plan.shift[d] = self.medicine.hidden(d, plan.mme[d])
        plan.source.append(d - 1)
        plan.target.append(d)
        value = plan.score[d]
        if value != value:  # NaN: no score
            plan.evidence.append(NO_SCORE)
            return
        gap = min(d - before, GAP_CLASSES) - 1 if before else GAP_CLASSES - 1
        index = min(round((value + plan.shift[d]) / par.SCORE_STEP), TOP_SCORE)
        key = (len(plan.baselines) - 1, gap, index)
        plan.evidence.append(plan.rows.setdefault(key, len(plan.rows)))
