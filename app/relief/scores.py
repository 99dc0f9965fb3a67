"""How likely a score is at a level: rounded by habit, bounded at 0 and 10, with heavy tails and correlated days."""

from functools import lru_cache

import numpy as np
from scipy.special import ndtr

from . import parameters as par
from .records import Floats

LEVEL_GRID_STEP = 0.125
N_LEVEL = 121  # absolute levels 0 to 15
LEVELS = np.arange(N_LEVEL) * LEVEL_GRID_STEP
_SD = np.array(par.NOISE_SD)[:, None]
_CORRELATION = np.array(par.NOISE_CORRELATION)[:, None]


@lru_cache(maxsize=20_000)
def score_table(low: float, high: float, *, before: float, gap: int) -> Floats:
    """Chance of a score given level and kind of noise, shape (noise, level); not to be written to.

    The chance is that of the interval `low` to `high` that the person rounds to the score, open at 0 and 10. The noise is
    a first-order autoregression (Pagé 2022 gives a lag-1 correlation of 0.2-0.6): a score `gap` days after the
    score `before` lies about `level + r^gap * (before - level)`, with what is left of the variance; steps come from a normal
    distribution mixed with a wider one. From NOISE_FORGOTTEN days on the score before says nothing.

    Args:
        low, high: ends of the interval, points; -inf and inf where the scale ends.
        before, gap: the score before and the days since; a gap of NOISE_FORGOTTEN or more stands for none.
    """
    r = _CORRELATION**gap if gap < par.NOISE_FORGOTTEN else np.zeros_like(_SD)
    centre = LEVELS + r * (before - LEVELS) if gap < par.NOISE_FORGOTTEN else LEVELS + 0 * r
    sd = _SD * np.sqrt(1 - r**2)
    chance = np.zeros((len(_SD), N_LEVEL))
    for share, times in ((1.0 - par.HEAVY_SHARE, 1.0), (par.HEAVY_SHARE, par.HEAVY_TIMES)):
        width = sd * times
        chance += share * (ndtr((high - centre) / width) - ndtr((low - centre) / width))
    return np.asarray(np.round(np.maximum(chance, par.LEAST_CHANCE), 12))
