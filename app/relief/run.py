"""One run of the filter over a plan, and what it says day by day."""

from dataclasses import dataclass

import numpy as np

from . import parameters as par
from .definitions import relief_percent
from .forward import evidence_table, forward, smooth
from .knowledge import Known, Plan
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

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._evidence = evidence_table(plan)
        self._weights, self._judged = forward(plan, self._evidence)

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
        return daily(plan, plan.then, chance, reached, level)

    def final(self) -> Floats:
        """Weights of each day from the days up to it, a late writing at the day it is about; (last, plateau * course)."""
        out = self._weights[1:].reshape(self.plan.last, -1, self._judged.shape[1]).sum(axis=1)
        return np.asarray(out / out.sum(axis=1, keepdims=True))

    def smoothed(self) -> Floats:
        """Weights of each day from the whole diary, shape (last, plateau * course)."""
        return smooth(self.plan, self._weights, self._evidence)


def at_end(plan: Plan, reading: Reading) -> Daily:
    """Each day by a reading of the final weights."""
    return daily(plan, plan.at_end(), reading.returned, reading.reached, reading.level)


def daily(plan: Plan, known: Known, returned: Floats, reached: Floats, level: Floats) -> Daily:
    """Phase, relief and chance of each day; arrays of shape (last,)."""
    phases: list[Phase] = []
    relief: list[float | None] = []
    for i, (chance, held, pain) in enumerate(zip(returned.tolist(), reached.tolist(), level.tolist(), strict=True)):
        baseline = plan.baselines[known.version[i]].pain
        logged, newest = known.logged[i], known.newest[i]
        speaks = logged > 0 and i + 1 - newest <= par.SILENT_DAYS
        phases.append(phase_of(i + 1, chance, held, logged, newest) if baseline else "unknown")
        relief.append(round(relief_percent(pain, baseline), 1) if baseline and speaks else None)
    return Daily(phases, relief, [round(chance, 4) for chance in returned.tolist()])
