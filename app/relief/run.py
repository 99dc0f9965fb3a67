"""One run of the filter over a plan, and what it says day by day."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from . import forward
from . import parameters as par
from .daily import Daily
from .definitions import relief_percent
from .levels import read_levels
from .medicine import NOTHING
from .plan import Plan, Planner
from .records import Definition, Floats, Laterality, Phase
from .remembered import DayEnd, Filter
from .spells import phase_of, spoken_for


@dataclass
class EngineState:
    """State kept from one judgement of a procedure for the next, so that a new entry needs only one step of the filter.

    The next verdict is bit-identical with or without it. Not thread-safe.
    """

    filters: dict[Definition, Filter] = field(default_factory=dict)
    planner: Planner = field(default_factory=Planner)
    sides: dict[Laterality, "EngineState"] = field(default_factory=dict)

    def of(self, definition: Definition) -> Filter:
        """The filter of a definition."""
        if definition not in self.filters:
            self.filters[definition] = Filter(definition)
        return self.filters[definition]


@dataclass(frozen=True)
class Run:
    """The filter's answer to a plan with at least one day and a baseline above 0."""

    plan: Plan
    filter: Filter

    def as_judged(self) -> Daily:
        """Each day with what was known on it, against the baseline that held on it."""
        plan = self.plan
        return self._daily(self.filter.judged, plan.marks)

    def at_end(self) -> Daily:
        """Each day from the days up to it; a late revision counts from the day it is about."""
        told = self.filter.told
        begins, plan = len(told.phase) + 1, self.plan
        if begins <= plan.last:
            newest = {day: k for k, day in enumerate(plan.target)}
            steps = [newest[d] for d in range(begins, plan.last + 1)]
            spoken = [spoken_for(d, plan.newest[k]) for d, k in enumerate(steps, start=begins)]
            told.add(self._daily([self.filter.days[d] for d in spoken], steps, begins=begins))
        return told.copy()

    @property
    def spoken_for(self) -> int:
        """The last day of which the diary still tells something."""
        return spoken_for(self.plan.last, self.plan.newest[-1])

    @property
    def today(self) -> DayEnd:
        """What is known today: what was known on the last day that the diary tells something of."""
        return self.filter.days[self.spoken_for]

    def _daily(self, days: list[DayEnd], steps: list[int], *, begins: int = 1) -> Daily:
        plan = self.plan
        version, logged, first, newest = (
            [column[k] for k in steps] for column in (plan.version, plan.logged, plan.first, plan.newest)
        )
        pain = np.array([plan.baselines[v].pain or NOTHING for v in version])
        at = np.arange(begins, begins + len(days))
        last = np.array(newest, dtype=np.int64)
        silent = (last == 0) | (at - last > par.SILENT_DAYS) | np.isnan(pain)
        levels = read_levels(np.array([day.level for day in days]))
        phases: list[Phase] = [
            phase_of(
                day.so_far,
                day=d,
                logged=n,
                newest=late,
                joined_late=begun > par.JOINED_LATE_DAYS,
                settles=plan.settles,
            )
            if p == p
            else "unknown"
            for d, (day, n, begun, late, p) in enumerate(
                zip(days, logged, first, newest, pain.tolist(), strict=True), start=begins
            )
        ]
        return Daily(
            phases,
            _unless(silent, relief_percent(levels.level, pain), digits=1),
            [ended_chance(day) for day in days],
            *(_unless(silent, values, digits=2) for values in (levels.level, levels.low, levels.high)),
        )


def ended_chance(day: DayEnd) -> float:
    """Chance that the first spell of relief has ended; none where there was none."""
    if day.so_far.spells:
        return 1.0
    return round(day.chances.over, 4) if day.so_far.held else 0.0


def _unless(silent: Floats, values: Floats, *, digits: int) -> list[float | None]:
    rounded = np.round(values, digits).tolist()
    return [None if quiet else value for quiet, value in zip(silent.tolist(), rounded, strict=True)]


def run_all(plans: Sequence[Plan], filters: Sequence[Filter]) -> list[Run | None]:
    """Runs the plans in one batch, each continuing from its kept state; None without a baseline above 0 or a day."""
    able = [i for i, plan in enumerate(plans) if plan.baseline.pain and plan.last > 0]
    forward.run([filters[i] for i in able], [plans[i] for i in able])
    out: list[Run | None] = [None] * len(plans)
    for i in able:
        out[i] = Run(plans[i], filters[i])
    return out
