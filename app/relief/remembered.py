"""What is kept of a diary's filter from day to day, so that a late writing goes back only to its own day, and a new entry
costs one step."""

from dataclasses import dataclass

import numpy as np

from . import parameters as par
from .baseline import Baseline
from .daily import Daily
from .moods import UNHEARD
from .plan import Plan, ScoreEvidence
from .prepared_chain import START_WEIGHT, prepared_chain
from .records import Definition, Floats
from .spells import CohortShares, DayChances, SpellsSoFar

BLOCK = 32  # days from checkpoint to checkpoint
HISTORY = 16  # steps that a late revision may go back without using a checkpoint


@dataclass(frozen=True)
class DayEnd:
    """What is known at the end of a day.

    Args:
        level: shape (N_LEVEL,), the chance of each level of the grid.
        logged, first: days with a score so far, and the first of them (0: none).
        steady: the last day on which the level was most likely a lasting one.
    """

    chances: DayChances
    so_far: SpellsSoFar
    level: Floats
    logged: int
    first: int
    steady: int


class Filter:
    """The filter of one diary, kept from one run to the next.

    Args:
        days: by day from 0, the procedure, as known at the end.
        judged: each day of the last run as judged on that day.
        told: what was said of each day, as known at the end; of as many days as somebody asked about.
        weights: by day, shape (prone, states, kinds): checkpoints and the last two days.
        moods: shape (days, records, 4, kinds).
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        chain = prepared_chain(definition).chain
        nothing = DayChances.none(chain.young.bins, chain.ended.bins)
        self.days = [DayEnd(nothing, SpellsSoFar(), np.empty(0), 0, 0, 0)]
        self.evidence: list[ScoreEvidence | None] = [None]
        self.ages = CohortShares([], [])
        self.weights: dict[int, Floats] = {0: chain.start[:, None] * START_WEIGHT}
        self.moods = UNHEARD[None]
        self.baselines: list[Baseline] = []
        self.rate: list[float] = []
        self.judged: list[DayEnd] = []
        self.told = Daily()

    def begin(self, plan: Plan) -> int:
        """Forgets what a plan makes wrong; the first step that is to be taken, from 1."""
        same = self._same_until(plan)
        del self.days[same + 1 :], self.evidence[same + 1 :]
        self.moods = self.moods[: same + 1]
        self.told.forget(same)
        self.weights = {day: weights for day, weights in self.weights.items() if day <= same}
        self.baselines, self.rate, self.judged = plan.baselines, plan.rate, []
        return same + 1

    def grow_older(self, day: int) -> None:
        """Notes which share of its kind joins the oldest cohorts on a day."""
        was = self.days[day - 1].chances
        grown, relief = was.young[-1], was.relief + was.over
        aged, oldest = was.ended[-2:]
        time = (day - 1) // par.COHORT_DAYS
        self.ages.at(time, grown / max(grown + relief, 1e-300), aged / max(aged + oldest, 1e-300))

    def note(self, day: int, known: DayEnd, heard: ScoreEvidence | None) -> None:
        """Keeps a day's end; what was kept of later days no longer holds."""
        del self.days[day:], self.evidence[day:]
        self.days.append(known)
        self.evidence.append(heard)

    def speaks_from(self, since: int, day: int) -> int:
        """The first day with a score, of those from `since` on, from which the diary goes on to `day` without a long gap."""
        first = day
        for d in range(min(day, len(self.evidence)) - 1, since - 1, -1):
            if self.evidence[d] is not None:
                if first - d > par.INTERRUPTED_DAYS:
                    break
                first = d
        return first

    def end(self, last: int, moods: Floats) -> None:
        """Ends a run on day `last`: frees the weights that are neither a checkpoint nor of the last days."""
        self.weights = {d: w for d, w in self.weights.items() if d % BLOCK == 0 or d >= last - 1}
        self.moods = moods[: last + 1].copy()

    def _same_until(self, plan: Plan) -> int:
        """How many days of a plan, from day 1 on, equal those of the previous run, so that what they left stays valid."""
        if len(plan.target) != plan.last or plan.baselines != self.baselines:
            return 0
        shared = min(len(self.evidence) - 1, plan.last)
        if shared == plan.last and plan.last not in self.weights:
            shared -= 1  # an earlier day is asked about: its weights are needed again
        if self.rate[: shared + 1] != plan.rate[: shared + 1]:
            return 0
        for day in range(1, shared + 1):
            if self.evidence[day] != plan.evidence[day - 1]:
                return day - 1
        return shared
