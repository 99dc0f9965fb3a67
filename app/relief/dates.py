"""Onset and return as seen from the end of the diary, and the forecast from where it stands."""

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

STRIDE = 15  # days; the forecast looks ahead in these
HORIZON = 5 * 365 // STRIDE


@dataclass(frozen=True)
class Crossing:
    """Days since the procedure: the likeliest, and the ends of a 90 % interval."""

    on: int
    low: int
    high: int


def onset_day(reached: Floats) -> int | None:
    """First day from which relief holds: smoothed chance of at least a half that it was reached, never lost again."""
    held = np.minimum.accumulate(reached[::-1])[::-1]
    over = np.flatnonzero(held >= par.REACHED_AT)
    return int(over[0]) + 1 if len(over) else None


def return_crossing(returned: Floats) -> Crossing:
    """The day of return given that it has come: when the smoothed chance "ended by then, for good" passes 5, 50, 95 %."""
    for_good = np.minimum.accumulate(returned[::-1])[::-1]
    share = for_good / for_good[-1]
    low, on, high = (int(np.argmax(share >= q - 1e-9)) + 1 for q in (0.05, 0.5, 0.95))
    return Crossing(on, low, high)


@cache
def _ahead() -> Floats:
    """Chance to go from state to state in one stride, shape (course, course)."""
    return np.linalg.matrix_power(CHAIN.step, STRIDE)


def look_ahead(weights: Floats, baseline: Baseline, definition: Definition, today: date) -> Forecast:
    """Lets the chain run on without a diary from weights (plateau * course) of `today`, given that relief still holds."""
    now = weights.reshape(N_PLATEAU, N_COURSE)
    future = np.empty((HORIZON + 1, N_PLATEAU * N_COURSE))
    for k in range(HORIZON + 1):
        future[k] = now.ravel()
        now = np.matmul(now, _ahead())
    ended = read(future, baseline, definition).returned
    ended = np.maximum.accumulate(ended)
    chance = (ended - ended[0]) / max(1.0 - ended[0], 1e-9)

    def passes(share: float) -> date | None:
        k = int(np.argmax(chance >= share))
        if chance[k] < share:
            return None
        step = (share - chance[k - 1]) / (chance[k] - chance[k - 1])
        return today + timedelta(days=round(STRIDE * (k - 1 + float(step))))

    return Forecast(round(float(chance[90 // STRIDE]), 3), passes(0.5), passes(0.05), passes(0.95))
