"""Which pain the states of a chain expect, so that what many have in common is reckoned once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from . import parameters as par
from .chain import chain_of
from .moods import COHORT_TIME, N_KIND, UNSTEADY
from .records import Days, Definition, Floats
from .scores import chances


@dataclass(frozen=True)
class Places:
    """The places of a chain's states for one baseline: those of one place expect the same scores.

    Args:
        time, pain: shape (places,), since when the level has been what it is, one of `moods.times_since`, and the level
            with what a flare-up adds, in points.
        of_state: shape (states,), the place of each state.
        level: shape (states,), which level of the grid each state has, flare-ups left out.
    """

    time: Days
    pain: Floats
    of_state: Days
    level: Days


@lru_cache(maxsize=512)
def places(definition: Definition, baseline: float) -> Places:
    """The places for a baseline in points."""
    chain = chain_of(definition)
    own = np.minimum(chain.level * baseline, par.MOST_PAIN)
    time = np.zeros(chain.size, dtype=np.int64)
    for block in (chain.young, chain.ended):
        each = block.rows * block.levels
        for k, since in enumerate(COHORT_TIME[: block.bins]):
            time[block.start + k * each : block.start + (k + 1) * each] = since
    time[chain.relief.start + chain.relief.levels : chain.relief.stop] = UNSTEADY
    found, of_state = np.unique(time * par.N_LEVEL + _on_grid(own + chain.rise), return_inverse=True)
    return Places(found // par.N_LEVEL, found % par.N_LEVEL * par.LEVEL_STEP, of_state, _on_grid(own))


def _on_grid(points: Floats) -> Days:
    return np.clip(np.rint(points / par.LEVEL_STEP), 0, par.N_LEVEL - 1).astype(np.int64)


@dataclass(frozen=True)
class StackedPlaces:
    """The places of several diaries side by side.

    Args:
        time, pain: shape (diaries, places); those of a diary that has fewer are filled up.
        of_state: shape (states, diaries), the place of each state.
        level: shape (diaries, states), the place of each state's level in a table of (diaries, N_LEVEL), flat.
    """

    time: Days
    pain: Floats
    of_state: Days
    level: Days

    @staticmethod
    def of(each: Sequence[Places]) -> "StackedPlaces":
        """Those of some diaries, in their order."""
        n, many = len(each), max(len(one.time) for one in each)
        time, pain = np.zeros((n, many), dtype=np.int64), np.zeros((n, many))
        for j, one in enumerate(each):
            time[j, : len(one.time)], pain[j, : len(one.pain)] = one.time, one.pain
        level = np.stack([one.level for one in each]) + np.arange(n)[:, None] * par.N_LEVEL
        return StackedPlaces(time, pain, np.stack([one.of_state for one in each], axis=1), level)

    def likelihoods(self, rows: Days, expects: tuple[Floats, Floats, Floats], ends: Floats) -> Floats:
        """How likely each state makes the day's scores, shape (states, diaries, kinds); 1 where a diary has none.

        Args:
            rows: shape (scores,), the diaries that have one.
            expects: what a score is expected to be at a level, as `moods.expected` says.
            ends: shape (scores, 2), the ends of the interval that the score stands for, points.
        """
        slope, shift, sd = expects
        n, many = len(rows), self.time.shape[1]
        of_time = self.time[rows] + np.arange(n)[:, None] * slope.shape[1]
        per_sd = 1 / sd
        centre = (slope * per_sd).reshape(-1, N_KIND).take(of_time, axis=0)
        centre *= self.pain[rows][:, :, None]
        centre += (shift * per_sd).reshape(-1, N_KIND).take(of_time, axis=0)
        per_sd = per_sd.reshape(-1, N_KIND).take(of_time, axis=0)
        table = chances(ends, centre=centre, per_sd=per_sd).reshape(-1, N_KIND)
        if n < len(self.time):
            table = np.concatenate([table, np.ones((many, N_KIND))])
        begins = np.full(len(self.time), n * many)
        begins[rows] = np.arange(n) * many
        return np.asarray(table.take(self.of_state + begins, axis=0))

    def levels(self, chance: Floats) -> Floats:
        """Chances of each level of the grid, shape (diaries, N_LEVEL), from those of each state, shape (states, diaries)."""
        n = chance.shape[1]
        found = np.bincount(self.level.ravel(), chance.T.ravel(), n * par.N_LEVEL)
        return np.asarray(found, dtype=np.float64).reshape(n, -1)
