"""How likely a score is at a level: rounded by habit, bounded at 0 and 10, with heavy tails and moods."""

import numpy as np
from scipy.special import ndtr

from . import parameters as par
from .records import Floats

LEVELS = np.arange(par.N_LEVEL) * par.LEVEL_STEP
_REACH, _PER_SD = 14.0, 32  # how far the table below goes, SDs, and its steps in one
_GRID = np.arange(-_REACH * _PER_SD, _REACH * _PER_SD + 2) / _PER_SD
_BELOW = (1 - par.HEAVY_SHARE) * ndtr(_GRID) + par.HEAVY_SHARE * ndtr(_GRID / par.HEAVY_TIMES)
_RISE = np.diff(_BELOW, append=1.0)


def _below(z: Floats) -> Floats:
    """Chance to lie below `z` SDs: a normal distribution mixed with a wider one; from a table, to 1e-4."""
    place = np.clip((z + _REACH) * _PER_SD, 0.0, len(_GRID) - 1.001)
    whole = place.astype(np.int64)
    place -= whole
    return np.asarray(_BELOW.take(whole) + place * _RISE.take(whole))


def chances(low: Floats, high: Floats, *, slope: Floats, shift: Floats, sd: Floats) -> Floats:
    """Chance of each score at each level of the grid; shape (scores, times, N_LEVEL, kinds).

    It is the chance of the interval that the person rounds to the score.

    Args:
        low, high: shape (scores,), the ends of the interval, points; -inf and inf where the scale ends.
        slope, shift, sd: shape (scores, times, kinds), what the score is expected to be at a level.
    """
    per_sd = 1 / sd[:, :, None]
    centre = (slope[:, :, None] * LEVELS[:, None] + shift[:, :, None]) * per_sd
    chance = _below(high[:, None, None, None] * per_sd - centre)
    chance -= _below(low[:, None, None, None] * per_sd - centre)
    return np.maximum(chance, par.LEAST_CHANCE, out=chance)
