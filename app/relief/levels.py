"""The level of a day in points, and its 90 % interval, from the chances of a grid of levels."""

from dataclasses import dataclass

import numpy as np

from . import parameters as par
from .records import Floats

_SPREAD = np.convolve(np.ones(par.LEVEL_SPREAD), np.ones(par.LEVEL_SPREAD))
_KERNEL = _SPREAD / _SPREAD.sum()


@dataclass(frozen=True)
class LevelBand:
    """Per day, shape (days,): median level and the ends of its 90 % interval, in points."""

    level: Floats
    low: Floats
    high: Floats


def read_levels(chance: Floats) -> LevelBand:
    """Levels from chances, shape (days, N_LEVEL), each row summing to 1.

    The states of the chain lie some half a point apart, and each stands for the levels about it; the one of no pain at
    all stands for itself.
    """
    count, half = chance.shape[1], len(_KERNEL) // 2
    wide = np.zeros((len(chance), count + 2 * half))
    for offset, share in enumerate(_KERNEL):
        wide[:, 1 + offset : count + offset] += share * chance[:, 1:]
    spread = wide[:, half : half + count]
    for beyond in range(1, half + 1):  # what would lie beyond the ends of the grid
        spread[:, beyond] += wide[:, half - beyond]
        spread[:, -1] += wide[:, -1 - half + beyond]
    spread[:, 0] += chance[:, 0]
    below = np.cumsum(spread, axis=1)
    below /= below[:, -1:]
    low, level, high = (_quantile(below, share) for share in (par.DATE_TAIL, 0.5, 1 - par.DATE_TAIL))
    return LevelBand(level, low, np.maximum(high, low + par.LEVEL_LEAST_WIDTH))


def _quantile(below: Floats, share: float) -> Floats:
    """The level under which a share of the chance lies; what a place of the grid holds is spread up to the next below."""
    place = np.argmax(below >= share - 1e-12, axis=1)
    rows = np.arange(len(below))
    before = np.where(place > 0, below[rows, place - 1], 0.0)
    here = below[rows, place]
    part = np.where(here > before, (share - before) / np.maximum(here - before, 1e-300), 1.0)
    found = (place - 1 + np.clip(part, 0, 1) + 0.5) * par.LEVEL_STEP
    return np.asarray(np.where(place == 0, 0.0, np.clip(found, 0.0, 10.0)))
