"""Survival of relief from counts by day. Pure: numpy in, a small result out.

These estimators need only counts by day, and a million procedures have only a few thousand days: they are therefore
written here on counts, not on a row per procedure. Kaplan-Meier with Greenwood's variance and the log(-log) interval
(Kalbfleisch and Prentice); Aalen-Johansen for competing ends; the log-rank test for k groups (Peto and Peto).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri  # not scipy.stats, which takes a second to import

from app.relief import Floats

Z95 = float(ndtri(0.975))
ROUNDING = 1e-12  # a survival of exactly one half must not be missed by a rounding error in its last bit


@dataclass(frozen=True)
class Counts:
    """For each distinct day, rising, how many had the event and how many were censored; all of shape (days,)."""

    day: Floats
    events: Floats
    censored: Floats

    @property
    def at_risk(self) -> Floats:
        """How many were still followed just before each day."""
        left = (self.events + self.censored)[::-1].cumsum()[::-1]
        return np.asarray(left, dtype=np.float64)


@dataclass(frozen=True)
class Curve:
    """Kaplan-Meier with its 95 % interval at day 0 and each distinct day; NaN where an interval is not defined."""

    day: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: Floats

    def median(self) -> tuple[float | None, float | None, float | None]:
        """First days on which the curve, its lower and upper limit are at most one half; None where never."""
        return (_first(self.day, self.survival), _first(self.day, self.low), _first(self.day, self.high))

    def restricted_mean(self, until: float) -> float | None:
        """Mean days with relief, counted up to a day: the area under the curve; None if nobody was followed so long."""
        if until > self.day[-1] and self.survival[-1] > 0:
            return None
        edges = np.append(self.day[self.day < until], until)
        heights = self.survival[: len(edges) - 1]
        return float(np.sum(np.diff(edges) * heights))


def _first(day: Floats, curve: Floats) -> float | None:
    below = np.flatnonzero(curve <= 0.5 + ROUNDING)
    return float(day[below[0]]) if len(below) else None


def kaplan_meier(counts: Counts) -> Curve:
    """Kaplan-Meier estimate, by day, of the share that still has relief."""
    n, d = counts.at_risk, counts.events
    survival = np.asarray(np.cumprod(1 - d / n), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(d / (n * (n - d)))
        log = np.log(survival)
        spread = Z95 * np.sqrt(variance) / log
        low, high = survival ** np.exp(-spread), survival ** np.exp(spread)
    untouched = survival == 1
    low, high = np.where(untouched, 1.0, low), np.where(untouched, 1.0, high)
    gone = survival == 0
    low, high = np.where(gone, np.nan, low), np.where(gone, np.nan, high)
    if len(counts.day) and counts.day[0] == 0:
        return Curve(counts.day, survival, low, high, n)
    first = np.array([n[0]]) if len(n) else np.array([0.0])
    one = np.array([1.0])
    survival, low, high = (np.concatenate([one, part]) for part in (survival, low, high))
    return Curve(np.concatenate([[0.0], counts.day]), survival, low, high, np.concatenate([first, n]))


def aalen_johansen(day: Floats, causes: Floats, censored: Floats) -> Floats:
    """Share that has ended by each cause, by day; `causes` and the answer have shape (causes, days)."""
    events = causes.sum(axis=0)
    n = Counts(day, events, censored).at_risk
    before = np.concatenate([[1.0], np.cumprod(1 - events / n)[:-1]])
    return np.asarray(np.cumsum(before * causes / n, axis=1))


def log_rank(groups: list[Counts]) -> tuple[float, int, float] | None:
    """Chi-square, degrees of freedom and p of the hypothesis that all groups share one curve; None for fewer than two."""
    groups = [g for g in groups if len(g.day)]
    if len(groups) < 2:
        return None
    day = np.unique(np.concatenate([g.day for g in groups]))
    events = np.array([_on(day, g.day, g.events) for g in groups])
    gone = np.array([_on(day, g.day, g.events + g.censored) for g in groups])
    n = gone[:, ::-1].cumsum(axis=1)[:, ::-1]
    total, d = n.sum(axis=0), events.sum(axis=0)
    expected = n * d / total
    difference = (events - expected).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(total > 1, d * (total - d) / (total - 1), 0.0)
    share = n / total
    variance = np.diag((scale * share).sum(axis=1)) - (scale * share) @ share.T
    k = len(groups) - 1
    statistic = float(difference[:k] @ np.linalg.pinv(variance[:k, :k]) @ difference[:k])
    return statistic, k, float(chdtrc(k, max(statistic, 0.0)))


def _on(day: Floats, own: Floats, values: Floats) -> Floats:
    out = np.zeros(len(day))
    out[np.searchsorted(day, own)] = values
    return out
