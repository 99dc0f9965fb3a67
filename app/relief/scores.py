"""How likely a score is at a level: rounded by habit, bounded at 0 and 10, with heavy tails and moods."""

import numpy as np
from scipy.special import ndtr

from . import parameters as par
from .records import Floats

_REACH, _PER_SD = 14.0, 32  # how far the table below goes, SDs, and its steps in one
_GRID = np.arange(-_REACH * _PER_SD, _REACH * _PER_SD + 2) / _PER_SD
_BELOW = (1 - par.HEAVY_SHARE) * ndtr(_GRID) + par.HEAVY_SHARE * ndtr(_GRID / par.HEAVY_TIMES)
_RISE = np.diff(_BELOW, append=1.0)


def _below(z: Floats) -> Floats:
    """Chance to lie below `z` SDs, in place: a normal distribution mixed with a wider one; from a table, to 1e-4."""
    z += _REACH
    z *= _PER_SD
    np.clip(z, 0.0, len(_GRID) - 1.001, out=z)
    whole = z.astype(np.int64)
    z -= whole
    z *= _RISE.take(whole)
    z += _BELOW.take(whole)
    return z


def chances(interval: Floats, *, centre: Floats, per_sd: Floats) -> Floats:
    """Chance of each score in each of several places, as many as the states tell apart; shape (scores, places, kinds).

    It is the chance of the interval that the person rounds to the score.

    Args:
        interval: shape (scores, 2), its ends, points; -inf and inf where the scale ends.
        centre, per_sd: shape (scores, places, kinds), the score that is expected, in SDs, and 1 / SD, points.
    """
    ends = interval.T[:, :, None, None] * per_sd
    ends -= centre
    below = _below(ends)
    chance = below[1] - below[0]
    return np.asarray(np.maximum(chance, par.LEAST_CHANCE, out=chance))
