"""One run of the filter over a plan, and what it says day by day."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field

import numpy as np

from . import forward
from . import parameters as par
from .definitions import relief_percent
from .forward import Filter
from .medicine import NOTHING
from .phases import phase_of
from .plan import Known, Plan
from .readout import ReadOut, level_interval, read
from .records import Definition, Floats, Laterality, Phase

DayRange = tuple[int, int]  # the first and the last day of a window


@dataclass(frozen=True)
class Daily:
    """One item a day: phase, relief in percent (None where it is not known), chance that relief has ended."""

    phase: list[Phase]
    relief_percent: list[float | None]
    return_probability: list[float]


@dataclass
class EngineState:
    """State kept from one judgement of a procedure for the next, so that a new entry needs only one step of the filter.

    The next verdict is bit-identical with or without it. About 0.7 MB for a diary of 400 days. Not thread-safe.
    """

    filter: Filter = field(default_factory=Filter)
    columns: dict[str, Floats] = field(default_factory=dict)
    windows: dict[DayRange, Floats] = field(default_factory=dict)
    sides: dict[Laterality, "EngineState"] = field(default_factory=dict)


class Run:
    """The filter's answer to a plan."""

    def __init__(self, plan: Plan, kept: EngineState) -> None:
        """Called by `run_all` after the filter has run the plan."""
        self.plan, self._kept = plan, kept
        first = kept.filter.since
        kept.columns = {name: rows[:, : first - 1] for name, rows in kept.columns.items()}
        kept.windows = {days: rows for days, rows in kept.windows.items() if days[1] < first}

    def as_judged(self, definition: Definition) -> Daily:
        """Each day with what was known on it, against the baseline that held on it."""
        plan = self.plan
        version = np.array(plan.then.version, dtype=np.int64)
        chance, reached, level = np.zeros((3, plan.last))
        for v in np.unique(version).tolist():
            if plan.baselines[v].pain:
                on = version == v
                r = read(self._kept.filter.judged[on], plan.baselines[v], definition)
                chance[on], reached[on], level[on] = r.returned, r.reached, r.level
        return daily(1, plan, known=plan.then, returned=chance, reached=reached, level=level)

    def reading(self, definition: Definition) -> ReadOut:
        """Each day from the days up to it; a late revision counts from the day it is about."""

        def more(weights: Floats) -> Floats:
            return np.array(astuple(read(weights, self.plan.baseline, definition)))

        return ReadOut(*self._columns(definition, more))

    def interval(self) -> tuple[Floats, Floats]:
        """The 90 % interval of each day's level in points."""
        low, high = self._columns("interval", lambda weights: np.array(level_interval(weights, self.plan.baseline)))
        return low, high

    def newest(self) -> Floats:
        """Weights of the last day, shape (1, course * plateau)."""
        return self._kept.filter.final(self.plan.last, self.plan.last)

    def smoothed(self, definition: Definition, days: DayRange) -> ReadOut:
        """The days of a window, each from all that is known up to its end.

        Fixed-lag smoothing: entries long after the window would hardly move a date.
        """
        look_back([(self, days)])
        return read(self._kept.windows[days], self.plan.baseline, definition)

    def missing(self, days: DayRange) -> forward.Window | None:
        """The window to smooth before its days can be read; None where that was done."""
        return None if days in self._kept.windows else forward.Window(self._kept.filter, *days)

    def take(self, days: DayRange, rows: Floats) -> None:
        """Keeps a window that was smoothed."""
        self._kept.windows[days] = rows

    def rest(self) -> None:
        """Frees what the next run does not need."""
        self._kept.filter.rest()

    def _columns(self, name: str, more: Callable[[Floats], Floats]) -> Floats:
        have = self._kept.columns.get(name)
        start = 0 if have is None else have.shape[1]
        if have is None or start < self.plan.last:
            new = more(self._kept.filter.final(start + 1, self.plan.last))
            self._kept.columns[name] = have = new if have is None else np.concatenate([have, new], axis=1)
        return have


def run_all(plans: Sequence[Plan], kept: Sequence[EngineState]) -> list[Run]:
    """Runs the plans in one batch, each continuing from its kept state."""
    forward.run([k.filter for k in kept], plans)
    return [Run(plan, k) for plan, k in zip(plans, kept, strict=True)]


def look_back(wanted: Sequence[tuple[Run, DayRange]]) -> None:
    """Smooths, in one batch, those of the windows asked for that are not smoothed yet."""
    missing = [(run, days, run.missing(days)) for run, days in wanted]
    todo = [(run, days, window) for run, days, window in missing if window is not None]
    for (run, days, _), rows in zip(todo, forward.smooth([window for *_, window in todo]), strict=True):
        run.take(days, rows)


def at_end(plan: Plan, reading: ReadOut, only_last: bool = False) -> Daily:
    """Each day, or the last one alone, by a reading of the final weights."""
    known = plan.at_end()
    if not only_last:
        return daily(1, plan, known=known, returned=reading.returned, reached=reading.reached, level=reading.level)
    last = Known(known.version[-1:], known.logged[-1:], known.newest[-1:])
    return daily(
        plan.last,
        plan,
        known=last,
        returned=reading.returned[-1:],
        reached=reading.reached[-1:],
        level=reading.level[-1:],
    )


def daily(first: int, plan: Plan, *, known: Known, returned: Floats, reached: Floats, level: Floats) -> Daily:
    """Phase, relief and chance of each day from day `first` on; arrays of one item a day."""
    pains = [b.pain or NOTHING for b in plan.baselines]
    baseline = np.array([pains[v] for v in known.version])
    newest = np.array(known.newest, dtype=np.int64)
    silent = (newest == 0) | (np.arange(first, first + len(newest)) - newest > par.SILENT_DAYS) | np.isnan(baseline)
    percent = np.round(relief_percent(level, baseline), 1).tolist()
    phases: list[Phase] = [
        phase_of(i, chance, reached=held, logged=logged, newest=latest) if pain == pain else "unknown"
        for i, (chance, held, logged, latest, pain) in enumerate(
            zip(returned.tolist(), reached.tolist(), known.logged, known.newest, baseline.tolist(), strict=True),
            start=first,
        )
    ]
    relief = [None if quiet else value for quiet, value in zip(silent.tolist(), percent, strict=True)]
    return Daily(phases, relief, np.round(returned, 4).tolist())
