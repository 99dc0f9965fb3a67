"""Readings from the chain's weights: chance of return, chance that relief was reached, the level and its interval."""

from dataclasses import dataclass
from functools import lru_cache
from math import erf, sqrt

import numpy as np

from . import parameters as par
from .baseline import Baseline
from .records import Days, Definition, Floats
from .states import N_COURSE, N_PLATEAU, N_SETTLE, REST_0, course_levels

_normal_cdf = np.vectorize(lambda z: 0.5 * (1.0 + erf(z / sqrt(2.0))), otypes=[float])


@dataclass(frozen=True)
class ReadOut:
    """Per day, shape (days,): chance that relief has ended given that it was reached, chance that it was reached, level and
    plateau in points, chance that the plateau lies near the limit of a return.

    The two chances are separate: with an uncertain baseline, relief may never quite have been reached in a patient
    whose pain has clearly come back. That doubt lowers `reached`, not `returned`.
    """

    returned: Floats
    reached: Floats
    level: Floats
    plateau: Floats
    borderline: Floats


@dataclass(frozen=True)
class _Lens:
    parts: Floats
    order: Days
    levels: Floats


@lru_cache(maxsize=512)
def _lens(pain: float, sd: float, definition: Definition) -> _Lens:
    levels = course_levels(pain)
    plateau = np.broadcast_to(np.array(par.PLATEAU), levels.shape)
    onset, end = par.ONSET_LEVEL[definition], par.RETURN_LEVEL[definition]
    failed = _at_least(plateau, onset, pain=pain, sd=sd)
    over = _at_least(levels, end, pain=pain, sd=sd) - np.maximum(failed, _at_least(plateau, end, pain=pain, sd=sd))
    returned = np.where(np.arange(N_COURSE)[:, None] >= REST_0, np.maximum(over, 0.0), 0.0)
    reached = np.where(np.arange(N_COURSE)[:, None] >= N_SETTLE, 1.0 - failed, 0.0)
    points = np.clip(levels * pain, 0.0, 10.0)
    near = (np.abs(plateau - end) < par.NEAR_LIMIT).astype(float)
    parts = np.stack([returned, reached, points, plateau * pain, near], axis=-1).reshape(N_COURSE * N_PLATEAU, -1)
    order = np.argsort(points.ravel(), kind="stable")
    return _Lens(parts, order, points.ravel()[order])


def _at_least(level: Floats, limit: float, *, pain: float, sd: float) -> Floats:
    """Chance that a level is at least `limit` of a baseline that is itself known with a standard error, in points."""
    return np.asarray(_normal_cdf((level - limit) / sqrt((limit * sd / pain) ** 2 + par.LEVEL_BLUR**2)))


def read(weights: Floats, baseline: Baseline, definition: Definition) -> ReadOut:
    """Reads weights (days, course * plateau) against a baseline.

    Raises:
        ValueError: the baseline is 0 or unknown.
    """
    lens = _lens(_known(baseline), round(baseline.sd, 6), definition)
    ended, reached, level, plateau, borderline = (weights @ lens.parts).T
    return ReadOut(ended / np.maximum(reached, par.REACHED_FOR_RETURN), reached, level, plateau, borderline)


def level_interval(weights: Floats, baseline: Baseline) -> tuple[Floats, Floats]:
    """The 90 % interval of the level in points, two arrays of shape (days,)."""
    lens = _lens(_known(baseline), round(baseline.sd, 6), "half")
    mass = np.cumsum(weights[:, lens.order], axis=1)
    first, final = ((mass < share).sum(axis=1) for share in (par.DATE_TAIL, 1 - par.DATE_TAIL))
    end = mass.shape[1] - 1
    return lens.levels[np.minimum(first, end)], lens.levels[np.minimum(final, end)]


def _known(baseline: Baseline) -> float:
    if not baseline.pain:
        raise ValueError("a course is read against a baseline above 0")
    return baseline.pain
