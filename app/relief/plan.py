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
from .durations import DurationPrior, Hazard, hazard
from .habits import Habits, around
from .medicine import NOTHING, Hidden
from .records import Diary, Procedure, pick_side


class Heard(NamedTuple):
    """A day's score as evidence: its interval of pain in points, open where the scale ends, and the score itself."""

    version: int  # of the baseline
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
        rate: shape (last + 1,), the rate at which relief begins to end, by day.
        target: shape (steps,), the day stepped to, from the day before it.
        evidence: shape (steps,), what the day's score says, or None for a day without one.
        version, logged, first, newest: shape (steps,), as known at that step: the index of the baseline, days with a
            score so far, the first and the newest of them (0: none).
        marks: shape (last,), the step after which day 1, 2, ... was judged.
        score, worst, mme, shift: shape (last + 1,), what is known at the end: scores, MME and points hidden by opioids.
        dose: how far the dose of opioids has risen on the last day, and from what, MME a day; NaN where not known.
    """

    last: int
    baselines: list[Baseline]
    hazard: Hazard
    rate: list[float]
    target: list[int] = field(default_factory=list)
    evidence: list[Heard | None] = field(default_factory=list)
    version: list[int] = field(default_factory=list)
    logged: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    newest: list[int] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    worst: list[float] = field(default_factory=list)
    mme: list[float] = field(default_factory=list)
    shift: list[float] = field(default_factory=list)
    dose: tuple[float, float] = NOTHING, NOTHING

    @property
    def baseline(self) -> Baseline:
        """The baseline as it stands at the end."""
        return self.baselines[-1]

    def scored(self) -> list[int]:
        """The days that have a score, rising."""
        return [d for d in range(1, self.last + 1) if self.has_score(d)]

    def has_score(self, d: int) -> bool:
        """Whether a day has an average or, failing that, a worst score."""
        return self.score[d] == self.score[d] or self.worst[d] == self.worst[d]

    def masked_around(self, day: int) -> bool:
        """Whether opioids may hide MASKED_FROM points or more around a day, on average from MASK_BEFORE to MASK_AFTER."""
        around = self.shift[max(1, day - par.MASK_BEFORE) : day + par.MASK_AFTER + 1]
        return bool(around) and sum(around) / len(around) >= par.MASKED_FROM


def make_plan(
    diary: Diary, procedure: Procedure, *, last: int, at_once: bool, prior: DurationPrior | None = None
) -> Plan:
    """The plan for days 1 to `last`; `at_once` takes every revision as known on the day it is about.

    Raises:
        ValueError: without `at_once`, the rows are not in the order in which they were written.
    """
    if at_once:
        diary = diary.latest()
    day = diary.day - procedure.performed_on.toordinal()
    known = day if at_once else np.maximum(diary.known_on - procedure.performed_on.toordinal(), day)
    if np.any(np.diff(known) < 0):
        raise ValueError("known_on: rows must be in the order in which they were written")
    planner = _Planner(diary, procedure, last=last, prior=prior)
    planner.run(day.tolist(), known.tolist())
    return planner.plan


class _Planner:
    def __init__(self, diary: Diary, procedure: Procedure, *, last: int, prior: DurationPrior | None) -> None:
        self.procedure, self.ordinals = procedure, diary.day
        self.scores = diary.score(procedure.laterality)
        self.columns = self.scores, pick_side(diary.worst, procedure.laterality), diary.mme
        self.before: dict[int, tuple[float, float]] = {}
        nothing = [NOTHING] * (last + 1)
        lasting = hazard(prior, procedure.earlier)
        self.plan = Plan(last, [find_baseline(diary.day[:0], self.scores[:0], procedure)], lasting, lasting.rates(last))
        self.plan.score, self.plan.worst, self.plan.mme = nothing.copy(), nothing.copy(), nothing
        self.plan.shift = [0.0] * (last + 1)
        self.habits = Habits(last)
        self.hidden = None if np.isnan(diary.mme).all() else Hidden(last)
        self.so_far = [(0, 0, 0)] * (last + 1)  # up to each day: days with a score, the first and the newest

    def run(self, day: list[int], known: list[int]) -> None:
        """Day by day, takes the revisions known by then and adds the filter's steps from the earliest day concerned."""
        rows = list(zip(day, known, *(column.tolist() for column in self.columns), strict=True))
        row = 0
        for today in range(self.plan.last + 1):
            first, rebase = max(today, 1), False
            while row < len(rows) and rows[row][1] <= today:
                d, _, score, worst, mme = rows[row]
                if d < 0:
                    self.before[int(self.ordinals[row])] = score, worst
                    rebase = True
                elif 0 < d <= self.plan.last:
                    self._take(d, score, worst=worst, mme=mme)
                    first = min(first, d)
                row += 1
            if rebase and self._rebase():
                first = 1
            if today > 0:
                for d in range(first, today + 1):
                    self._step(d)
                self.plan.marks.append(len(self.plan.target) - 1)

    def _take(self, d: int, score: float, *, worst: float, mme: float) -> None:
        self.plan.score[d], self.plan.worst[d], self.plan.mme[d] = score, worst, mme

    def _rebase(self) -> bool:
        days = np.array(list(self.before), dtype=np.int64)
        average, worst = np.array(list(self.before.values()), dtype=float).T
        found = find_baseline(days, average, self.procedure)
        if found.source != "diary":  # where only worst scores are logged, an average is guessed from them
            guessed = np.where(np.isnan(average), np.maximum(worst - par.WORST_GAP, 0.0), average)
            guess = find_baseline(days, guessed, self.procedure)
            found = guess if guess.source == "diary" else found
        if found == self.plan.baseline:
            return False
        self.plan.baselines.append(found)
        return True

    def _step(self, d: int) -> None:
        plan = self.plan
        logged, first, newest = self.so_far[d - 1]
        if plan.has_score(d):
            logged, first, newest = logged + 1, first or d, d
        self.so_far[d] = logged, first, newest
        plan.target.append(d)
        plan.evidence.append(self._hear(d))
        plan.version.append(len(plan.baselines) - 1)
        plan.logged.append(logged)
        plan.first.append(first)
        plan.newest.append(newest)

    def _hear(self, d: int) -> Heard | None:
        plan = self.plan
        value, worst = plan.score[d], plan.worst[d]
        self.habits.see(d, value, worst)
        if self.hidden is not None:
            plan.shift[d] = self.hidden.points(d, plan.mme[d], value)
            plan.dose = self.hidden.dose
        if value == value:  # not NaN
            low, high = self.habits.interval(d, value)
        elif worst == worst:
            value = max(0.0, worst - self.habits.usual_gap(d))
            low, high = around(value, par.WORST_ALONE_HALF)
        else:
            return None
        shift = plan.shift[d]
        return Heard(
            len(plan.baselines) - 1, _quarter(low + shift), _quarter(high + shift), _quarter(min(value + shift, 10.0))
        )


def _quarter(value: float) -> float:
    """To the nearest SCORE_STEP, so that few distinct intervals occur; the ends of the scale stay open."""
    return round(value / par.SCORE_STEP) * par.SCORE_STEP if isfinite(value) else value
