"""What several procedures of one person have in common, in the variance of a Kaplan-Meier curve. Pure.

One procedure moves the logarithm of the curve by its influence (the sum over days of its part of the martingale). Where
procedures are independent, the squares of the influences add up to Greenwood's variance; those of one person are not,
and the products of their influences are added here (Ying and Wei 1994; Williams 1995).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.answers.cohorts.survival import Counts
from app.relief import Floats

AT_ONCE = 2_000  # procedures; with a few thousand days some 60 MB


@dataclass(frozen=True)
class Treatments:
    """Procedures of people who have several, one item each: whose it is, when its watch began and ended, and by an event."""

    person: npt.NDArray[np.int64]
    entered: Floats
    day: Floats
    event: npt.NDArray[np.bool_]


def shared_variance(counts: Counts, several: Treatments) -> Floats:
    """The sum over persons of the products of their procedures' influences, by day of `counts`; shape (days,)."""
    out = np.zeros(len(counts.day))
    order = np.argsort(several.person, kind="stable")
    person = several.person[order]
    starts = np.flatnonzero(np.r_[True, person[1:] != person[:-1]]) if len(person) else np.array([], dtype=np.int64)
    ends = np.append(starts[1:], len(person))
    first = 0
    while first < len(starts):
        last = max(first + 1, int(np.searchsorted(ends, starts[first] + AT_ONCE, side="right")))
        rows = order[starts[first] : ends[last - 1]]
        influence = _influence(counts, several, rows)
        whole = np.add.reduceat(influence, starts[first:last] - starts[first], axis=0)
        out += (whole**2).sum(axis=0) - (influence**2).sum(axis=0)
        first = last
    return out


def _influence(counts: Counts, several: Treatments, rows: npt.NDArray[np.int64]) -> Floats:
    """How far each procedure moves the logarithm of the curve up, by day; shape (rows, days)."""
    day, n, d = counts.day, counts.at_risk, counts.events
    left = np.where(n > d, n - d, np.inf)  # where nobody is left the curve is 0, and has no interval
    summed = np.cumsum(np.where(d > 0, d / np.where(n > 0, n, 1) / left, 0.0))
    until, since = (np.searchsorted(day, part[rows]) for part in (several.day, several.entered))
    at = np.minimum(np.arange(len(day)), until[:, None])
    before = np.where(several.entered[rows] > 0, summed[since], 0.0)
    lived = np.maximum(summed[at] - before[:, None], 0.0)
    ended = several.event[rows][:, None] & (np.arange(len(day)) >= until[:, None])
    return np.asarray(lived - np.where(ended, 1 / left[until][:, None], 0.0))
