"""One run of the filter over a plan, and what it says day by day."""

from dataclasses import dataclass

import numpy as np

from . import parameters as par
from .definitions import relief_percent
from .forward import Scratch, evidence_table, forward, smooth
from .knowledge import NOTHING, Known, Plan
from .phases import phase_of
from .readout import Reading, read
from .records import Definition, Floats, Phase


@dataclass(frozen=True)
class Daily:
    """One item a day: phase, relief in percent (None where the diary does not speak), chance that relief has ended."""

    phase: list[Phase]
    relief_percent: list[float | None]
    return_probability: list[float]


class Run:
    """The filter's answer to a plan."""

    def __init__(self, plan: Plan, scratch: Scratch | None = None) -> None:
        self.plan = plan
        self._scratch = scratch or Scratch()
        self._evidence = evidence_table(plan)
        self._weights, self._judged = forward(plan, self._evidence, self._scratch)

    def as_judged(self, definition: Definition) -> Daily:
        """Each day with what was known on it, against the baseline that held on it."""
        plan = self.plan
        version = np.array(plan.then.version, dtype=np.int64)
        chance, reached, level = np.zeros((3, plan.last))
        for v in np.unique(version).tolist():
            if plan.baselines[v].pain:
                on = version == v
                r = read(self._judged[on], plan.baselines[v], definition)
                chance[on], reached[on], level[on] = r.returned, r.reached, r.level
        return daily(1, plan, plan.then, chance, reached, level)

    def final(self) -> Floats:
        """Weights of each day from the days up to it, a late writing at the day it is about; (last, plateau * course)."""
        if len(self.plan.target) == self.plan.last:  # no day was judged twice
            return self._judged
        out = self._weights[1:].reshape(self.plan.last, -1, self._judged.shape[1]).sum(axis=1)
        return np.asarray(out / out.sum(axis=1, keepdims=True))

    def smoothed(self) -> Floats:
        """Weights of each day from the whole diary, shape (last, plateau * course)."""
        return smooth(self.plan, self._weights, self._evidence, self._scratch)


def at_end(plan: Plan, reading: Reading, only_last: bool = False) -> Daily:
    """Each day, or the last one alone, by a reading of the final weights."""
    known = plan.at_end()
    if not only_last:
        return daily(1, plan, known, reading.returned, reading.reached, reading.level)
    last = Known(known.version[-1:], known.logged[-1:], known.newest[-1:])
    return daily(plan.last, plan, last, reading.returned[-1:], reading.reached[-1:], reading.level[-1:])


def daily(first: int, plan: Plan, known: Known, returned: Floats, reached: Floats, level: Floats) -> Daily:
    """Phase, relief and chance of each day from day `first` on; arrays of one item a day."""
    pains = [b.pain or NOTHING for b in plan.baselines]
    baseline = np.array([pains[v] for v in known.version])
    newest = np.array(known.newest, dtype=np.int64)
    silent = (newest == 0) | (np.arange(first, first + len(newest)) - newest > par.SILENT_DAYS) | np.isnan(baseline)
    percent = np.round(relief_percent(level, baseline), 1).tolist()
    phases: list[Phase] = [
        phase_of(i, chance, held, logged, latest) if pain == pain else "unknown"
        for i, (chance, held, logged, latest, pain) in enumerate(
            zip(returned.tolist(), reached.tolist(), known.logged, known.newest, baseline.tolist(), strict=True),
            start=first,
        )
    ]
    relief = [None if quiet else value for quiet, value in zip(silent.tolist(), percent, strict=True)]
    return Daily(phases, relief, np.round(returned, 4).tolist())
