"""Dates of onset and return from smoothed chances, and the forecast of the return."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np

from . import parameters as par
from .baseline import Baseline
from .readout import read
from .records import Definition, Floats
from .states import CHAIN, N_COURSE, N_PLATEAU
from .verdict import Forecast

STRIDE = par.FORECAST_STEP
HORIZON = par.FORECAST_DAYS // STRIDE


@dataclass(frozen=True)
class Crossing:
    """Day of the return, counted from the procedure: median, and the ends of a 90 % interval."""

    on: int
    low: int
    high: int


def begins(chance: Floats, limit: float) -> int:
    """The day, from 1, on which the last stretch of days at or above a limit begins; the last day if there is none."""
    under = np.flatnonzero(chance < limit)
    return min(int(under[-1]) + 2, len(chance)) if len(under) else 1


def onset_day(reached: Floats, first: int) -> int | None:
    """First day from which the smoothed chance that relief was reached stays at a half or more; None if there is none.

    `first` is the day of the first item.
    """
    held = np.minimum.accumulate(reached[::-1])[::-1]
    over = np.flatnonzero(held >= par.REACHED_AT)
    return int(over[0]) + first if len(over) else None


def return_crossing(returned: Floats, first: int) -> Crossing:
    """The day of return given that it has come: when the smoothed chance that relief has ended for good passes a half.

    The ends of its 90 % interval are where the chance passes DATE_TAIL and its complement.
    """
    for_good = np.minimum.accumulate(returned[::-1])[::-1]
    share = for_good / for_good[-1]
    low, on, high = (int(np.argmax(share >= q - 1e-9)) + first for q in (par.DATE_TAIL, 0.5, 1 - par.DATE_TAIL))
    return Crossing(on, low, high)


@cache
def _ahead() -> Floats:
    """Transition matrix of the course over STRIDE days, averaged over proneness, shape (course, course)."""
    return np.tensordot(par.PRONE_WEIGHT, np.linalg.matrix_power(CHAIN.step, STRIDE), axes=1)


def look_ahead(weights: Floats, baseline: Baseline, *, definition: Definition, today: date) -> Forecast:
    """Forecast from weights (course * plateau) of `today`, without further scores, given that relief still holds."""
    now = weights.reshape(N_COURSE, N_PLATEAU)
    future = np.empty((HORIZON + 1, N_PLATEAU * N_COURSE))
    for k in range(HORIZON + 1):
        future[k] = now.ravel()
        now = _ahead().T @ now
    ended = read(future, baseline, definition).returned
    ended = np.maximum.accumulate(ended)
    chance = (ended - ended[0]) / max(1.0 - ended[0], 1e-9)

    def passes(share: float) -> date | None:
        k = int(np.argmax(chance >= share))
        if chance[k] < share:
            return None
        step = (share - chance[k - 1]) / (chance[k] - chance[k - 1])
        return today + timedelta(days=round(STRIDE * (k - 1 + float(step))))

    soon = round(float(chance[par.FORECAST_CHANCE_DAYS // STRIDE]), 3)
    return Forecast(soon, passes(0.5), passes(par.DATE_TAIL), passes(1 - par.DATE_TAIL))
