"""How likely a score is at a level: rounded, bounded at 0 and 10, with heavy tails and correlated days."""

from functools import cache
from math import erf, sqrt

import numpy as np

from . import parameters as par
from .records import Floats

LEVEL_GRID_STEP = 0.125
N_LEVEL = 121  # absolute levels 0 to 15
N_SCORE = int(10 / par.SCORE_STEP) + 1
FARTHEST = 200  # steps of the level grid between any score and any level, and more
GAP_CLASSES = 4  # days since the score before: 1, 2, 3, more


def score_index(score: Floats) -> Floats:
    """Row of a score (0-10) in the tables: the nearest quarter."""
    return np.clip(np.rint(score / par.SCORE_STEP), 0, N_SCORE - 1)


@cache
def score_tables() -> Floats:
    """Chance of a score given level and noise, raised to the weight of its gap; shape (gap, score, noise, level).

    The chance is that of the interval that rounds to the score, open at 0 and 10, under a normal distribution mixed
    with a wider one. A score soon after another repeats part of what that one said: with correlation r at the
    gap its weight is (1 - r) / (1 + r), the information of a long AR(1) series about its mean, a score each gap.
    """
    half = 0.25  # people answer in halves at the finest
    centre = np.arange(N_SCORE) * par.SCORE_STEP
    level = np.arange(N_LEVEL) * LEVEL_GRID_STEP
    apart = np.rint((centre[:, None] - level[None, :]) / LEVEL_GRID_STEP).astype(np.int64)
    out = np.empty((GAP_CLASSES, N_SCORE, len(par.NOISE_SD), N_LEVEL))
    for s, sd in enumerate(par.NOISE_SD):
        chance = np.zeros((N_SCORE, N_LEVEL))
        for share, width in ((1.0 - par.HEAVY_SHARE, sd), (par.HEAVY_SHARE, sd * par.HEAVY_TIMES)):
            below = _below(width)
            reach = round(half / LEVEL_GRID_STEP)
            up, low = below[apart + reach + FARTHEST], below[apart - reach + FARTHEST]
            up[-1], low[0] = 1.0, 0.0
            chance += share * (up - low)
        chance = np.maximum(chance, 1e-9)
        for gap in range(GAP_CLASSES):
            r = par.LAG_CORRELATION ** (gap + 1) if gap < GAP_CLASSES - 1 else 0.0
            out[gap, :, s, :] = chance ** ((1.0 - r) / (1.0 + r))
    return out


def _below(width: float) -> Floats:
    """Chance that a normal score of that SD lies at most so many steps of the level grid over its level."""
    steps = np.arange(-FARTHEST, FARTHEST + 1) * LEVEL_GRID_STEP
    return np.array([0.5 * (1.0 + erf(x / width / sqrt(2.0))) for x in steps.tolist()])
