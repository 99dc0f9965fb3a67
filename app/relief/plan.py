"""Turns a diary into the steps of the filter: what was known when, and what each score says.

Revisions may come late. A revision about day d that counts from day k changes nothing before k; on day k the filter
goes back to d and runs forward again with what is known by then. The plan of those steps depends on the data alone, so
it is made here, in plain Python, and `forward` runs it.
"""

from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

import numpy as np

from . import parameters as par
from .baseline import Baseline, find_baseline
from .durations import Hazard, hazard
from .habits import Habits, around
from .medicine import NOTHING, HiddenPain
from .records import BOTH, LEFT, RIGHT, Diary, Floats, Procedure, pick_side
from .sides import NEITHER, leaves_out_the_worse


class ScoreEvidence(NamedTuple):
    """A day's score as evidence: its interval of pain in points, open where the scale ends, and the score itself."""

    low: float
    high: float
    score: float


@dataclass
class Plan:
    """Steps of the filter for one diary; days count from the procedure (day 0).

    Args:
        last: number of days after the procedure that are judged.
        baselines: each baseline that held at some time, in order.
        hazard: how long relief lasts.
        settles: days for which nothing is said to have failed.
        rate: shape (last + 1,), the rate at which relief begins to end, by day.
        target: shape (steps,), the day stepped to, from the day before it.
        evidence: shape (steps,), what the day's score says, or None for a day without one.
        version, logged, first, newest: shape (steps,), as known at that step: the index of the baseline, days with a
            score so far, the first and the newest of them (0: none).
        marks: shape (last,), the step after which day 1, 2, ... was judged.
        score, worst, mme, shift: shape (last + 1,), what is known at the end: scores, MME and points hidden by opioids.
        doses: shape (last + 1,), how far the dose of opioids has risen on the day, and from what, MME a day; NaN: not known.
    """

    last: int
    baselines: list[Baseline]
    hazard: Hazard
    settles: int
    rate: list[float] = field(default_factory=list)
    target: list[int] = field(default_factory=list)
    evidence: list[ScoreEvidence | None] = field(default_factory=list)
    version: list[int] = field(default_factory=list)
    logged: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    newest: list[int] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    worst: list[float] = field(default_factory=list)
    mme: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    doses: list[tuple[float, float]] = field(default_factory=list)

    @property
    def baseline(self) -> Baseline:
        """The baseline as it stands at the end."""
        return self.baselines[-1]

    @property
    def dose(self) -> tuple[float, float]:
        """How far the dose of opioids has risen, and from what, MME a day; NaN where not known.

        As of the last day that says one: those without say nothing of it.
        """
        said = (d for d in range(self.last, 0, -1) if self.mme[d] == self.mme[d])
        return next((self.doses[d] for d in said), (NOTHING, NOTHING))

    def scored(self) -> list[int]:
        """The days that have a score, rising."""
        known = ~np.isnan(np.array([self.score, self.worst])).all(axis=0)
        return list((np.flatnonzero(known[1:]) + 1).tolist())

    def has_score(self, d: int) -> bool:
        """Whether a day has an average or, failing that, a worst score."""
        return self.score[d] == self.score[d] or self.worst[d] == self.worst[d]

    def masked_around(self, day: int) -> bool:
        """Whether opioids may hide MASKED_FROM points or more around a day, on average from MASK_BEFORE to MASK_AFTER."""
        around = self.shift[max(1, day - par.MASK_BEFORE) : day + par.MASK_AFTER + 1]
        return bool(around) and sum(around) / len(around) >= par.MASKED_FROM


def make_plan(diary: Diary, procedure: Procedure, *, last: int, at_once: bool) -> Plan:
    """The plan for days 1 to `last`; `at_once` takes every revision as known on the day it is about.

    Raises:
        ValueError: without `at_once`, the rows are not in the order in which they were written.
    """
    if at_once:
        return Planner().plan(diary, procedure, last=last)
    performed = procedure.performed_on.toordinal()
    known = np.maximum(diary.known_on, diary.day) - performed
    if np.any(np.diff(known) < 0):
        raise ValueError("known_on: rows must be in the order in which they were written")
    steps = _Steps(procedure, hidden=_any_dose(diary))
    steps.run(_rows(diary, procedure), known.tolist(), since=0, last=last)
    return steps.plan


class Planner:
    """Makes the plans of one diary, `at_once`, one after the other: a day that is as it was is not planned again."""

    def __init__(self) -> None:
        self._steps: _Steps | None = None
        self._rows: Floats = np.empty((0, 6))
        self._asked: Procedure | None = None

    def plan(self, diary: Diary, procedure: Procedure, *, last: int) -> Plan:
        """The plan for days 1 to `last`. The plan given before is used up by it."""
        diary = diary.latest()
        rows, dose = _rows(diary, procedure), _any_dose(diary)
        since = self._shared(rows, last) if procedure == self._asked else 0
        if self._steps is None or not since or (dose and self._steps.hidden is None):
            since, self._steps = 0, _Steps(procedure, hidden=dose)
        new = rows[np.searchsorted(rows[:, 0], since) :] if since else rows
        self._steps.run(new, new[:, 0].tolist(), since=since, last=last)
        self._rows, self._asked = rows, procedure
        return self._steps.plan

    def _shared(self, rows: Floats, last: int) -> int:
        """The first day that is to be planned anew; 0 where all is."""
        old, n = self._rows, min(len(rows), len(self._rows))
        same = ((rows[:n] == old[:n]) | (np.isnan(rows[:n]) & np.isnan(old[:n]))).all(axis=1)
        shared = n if same.all() else int(np.argmin(same))
        differs = [int(some[shared, 0]) for some in (rows, old) if shared < len(some)]
        planned = 0 if self._steps is None else self._steps.plan.last
        return max(0, min([last, planned, *differs]))


def _rows(diary: Diary, procedure: Procedure) -> Floats:
    """Shape (revisions, 6): day from the procedure, average and worst pain of the side, MME; average of left and of right
    where a bilateral procedure's were told apart. NaN where not known."""
    day = (diary.day - procedure.performed_on.toordinal()).astype(np.float64)
    side = procedure.laterality
    apart = diary.average[:, [LEFT, RIGHT]].copy()
    apart[~np.isnan(diary.average[:, BOTH])] = np.nan
    if side != "bilateral":
        apart[:] = np.nan
    return np.column_stack([day, diary.score(side), pick_side(diary.worst, side), diary.mme, apart])


def _any_dose(diary: Diary) -> bool:
    return not np.isnan(diary.mme).all()


class _Steps:
    """The steps of a plan, and what the next one needs to know of the days before it."""

    def __init__(self, procedure: Procedure, *, hidden: bool) -> None:
        self.procedure = procedure
        self.before: dict[int, tuple[float, float]] = {}
        self.written: dict[int, tuple[float, float]] = {}  # average and worst by day, as they stand
        self.sides: dict[int, tuple[float, float]] = {}
        nobody = np.empty(0)
        self.plan = Plan(
            0,
            [find_baseline(nobody.astype(np.int64), nobody, procedure)],
            hazard(None, procedure.earlier),
            procedure.settles,
        )
        self.habits = Habits()
        self.hidden = HiddenPain() if hidden else None
        self.so_far = [(0, 0, 0)]  # up to each day: days with a score, the first and the newest

    def run(self, values: Floats, known: list[float], *, since: int, last: int) -> None:
        """Day by day, takes the revisions known by then and adds the filter's steps from the earliest day concerned.

        The first day is `since`; what was planned from there on is forgotten.
        """
        self._reach(since, last)
        rows = list(zip(known, values.tolist(), strict=True))
        row = 0
        for today in range(since, last + 1):
            first, rebase = max(today, 1), False
            while row < len(rows) and rows[row][0] <= today:
                day, score, worst, mme, *sides = rows[row][1]
                d = int(day)
                self.sides[d] = sides[0], sides[1]
                if d < 0:
                    self.before[d] = score, worst
                    rebase = True
                elif 0 < d <= last:
                    self.written[d], self.plan.mme[d] = (score, worst), mme
                    first = min(first, d)
                row += 1
            if rebase and self._rebase():
                first = 1
            if today > 0:
                for d in range(first, today + 1):
                    self._step(d)
                self.plan.marks.append(len(self.plan.target) - 1)

    def _reach(self, since: int, last: int) -> None:
        plan = self.plan
        plan.last, plan.rate = last, plan.hazard.rates(last)
        for by_day in (plan.score, plan.worst, plan.mme):
            del by_day[since:]
            by_day += [NOTHING] * (last + 1 - since)
        for held in (self.written, self.sides):
            for day in [d for d in held if d >= since > 0]:
                del held[day]
        del plan.shift[since:], plan.doses[since:]
        plan.shift += [0.0] * (last + 1 - since)
        plan.doses += [(NOTHING, NOTHING)] * (last + 1 - since)
        for by_step in (plan.target, plan.evidence, plan.version, plan.logged, plan.first, plan.newest, plan.marks):
            del by_step[max(0, since - 1) :]

    def _rebase(self) -> bool:
        days = np.array(list(self.before), dtype=np.int64) + self.procedure.performed_on.toordinal()
        average, worst = np.array(list(self.before.values()), dtype=float).T
        left_out = [leaves_out_the_worse(d, self.sides) for d in self.before]
        average[left_out] = worst[left_out] = NOTHING
        found = find_baseline(days, average, self.procedure)
        if found.days < par.BASELINE_MIN_LOGGED:  # where only worst scores are logged, an average is guessed from them
            guessed = np.where(np.isnan(average), np.maximum(worst - par.WORST_GAP, 0.0), average)
            guess = find_baseline(days, guessed, self.procedure)
            found = guess if guess.days >= par.BASELINE_MIN_LOGGED else found
        if found == self.plan.baseline:
            return False
        self.plan.baselines.append(found)
        return True

    def _step(self, d: int) -> None:
        plan = self.plan
        told = not leaves_out_the_worse(d, self.sides)
        plan.score[d], plan.worst[d] = self.written.get(d, NEITHER) if told else NEITHER
        logged, first, newest = self.so_far[d - 1]
        if plan.has_score(d):
            logged, first, newest = logged + 1, first or d, d
        self.so_far[d:] = [(logged, first, newest)]
        plan.target.append(d)
        plan.evidence.append(self._evidence_of(d))
        plan.version.append(len(plan.baselines) - 1)
        plan.logged.append(logged)
        plan.first.append(first)
        plan.newest.append(newest)

    def _evidence_of(self, d: int) -> ScoreEvidence | None:
        plan = self.plan
        value, worst = plan.score[d], plan.worst[d]
        self.habits.see(d, value, worst)
        if self.hidden is not None:
            plan.shift[d] = self.hidden.points(d, plan.mme[d], value)
            plan.doses[d] = self.hidden.dose
        if value == value:  # not NaN
            low, high = self.habits.interval(d, value)
        elif worst == worst:
            value = max(0.0, worst - self.habits.usual_gap(d))
            low, high = around(value, par.WORST_ALONE_HALF)
        else:
            return None
        shift = plan.shift[d]
        return ScoreEvidence(_quarter(low + shift), _quarter(high + shift), _quarter(min(value + shift, 10.0)))


def _quarter(value: float) -> float:
    """To the nearest SCORE_STEP, so that few distinct intervals occur; the ends of the scale stay open."""
    return round(value / par.SCORE_STEP) * par.SCORE_STEP if isfinite(value) else value
