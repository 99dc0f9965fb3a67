"""Survival of relief from counts by day. Pure: numpy in, a small result out.

These estimators need only counts by day, and a million procedures have only a few thousand days: they are therefore
written here on counts, not on a row per procedure. Kaplan-Meier with Greenwood's variance and the log(-log) interval
(Kalbfleisch and Prentice); Aalen-Johansen for competing ends; the log-rank test for k groups (Peto and Peto). Whoever
is watched from later on joins the risk set then (delayed entry). Several procedures of one person are not independent:
what they have in common widens the interval (the robust variance of Ying and Wei 1994; `clusters.py`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, ndtri  # not scipy.stats, which takes a second to import

from app.relief import Floats

Z95 = float(ndtri(0.975))
ROUNDING = 1e-12  # a survival of exactly one half must not be missed by a rounding error in its last bit


@dataclass(frozen=True)
class Counts:
    """For each distinct day, rising, how many had the event, were censored, and joined the watch; all of shape (days,).

    `entered` is None where all were watched from the start.
    """

    day: Floats
    events: Floats
    censored: Floats
    entered: Floats | None = None

    @property
    def at_risk(self) -> Floats:
        """How many were followed just before each day: whoever joins later than on day 0 counts from the day after."""
        gone = self.events + self.censored
        if self.entered is None:
            return np.asarray(gone[::-1].cumsum()[::-1], dtype=np.float64)
        joined = self.entered.cumsum() - np.where(self.day > 0, self.entered, 0)
        return np.asarray(joined - gone.cumsum() + gone, dtype=np.float64)


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


def kaplan_meier(counts: Counts, shared: Floats | None = None) -> Curve:
    """Kaplan-Meier estimate, by day, of the share that still has relief.

    Args:
        shared: shape (days,), what procedures of the same person have in common, added to the variance of the logarithm.
    """
    n, d = counts.at_risk, counts.events
    survival = np.asarray(np.cumprod(1 - hazard(d, n)), dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(hazard(d, n * (n - d)))
        if shared is not None:
            variance = variance + np.maximum(shared, 0)  # an interval is never made narrower
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


def hazard(events: Floats, at_risk: Floats) -> Floats:
    """Events by those at risk; none where nobody is."""
    return np.divide(events, at_risk, out=np.zeros_like(events, dtype=np.float64), where=events > 0)


def aalen_johansen(day: Floats, causes: Floats, censored: Floats, *, entered: Floats | None = None) -> Floats:
    """Share that has ended by each cause, by day; `causes` and the answer have shape (causes, days)."""
    events = causes.sum(axis=0)
    n = Counts(day, events, censored, entered).at_risk
    before = np.concatenate([[1.0], np.cumprod(1 - hazard(events, n))[:-1]])
    return np.asarray(np.cumsum(before * np.divide(causes, n, out=np.zeros_like(causes), where=causes > 0), axis=1))


def log_rank(groups: list[Counts]) -> tuple[float, int, float] | None:
    """Chi-square, degrees of freedom and p of the hypothesis that all groups share one curve; None for fewer than two."""
    groups = [g for g in groups if len(g.day)]
    if len(groups) < 2:
        return None
    day = np.unique(np.concatenate([g.day for g in groups]))
    spread = [_spread(day, g) for g in groups]
    events, n = np.array([g.events for g in spread]), np.array([g.at_risk for g in spread])
    total, d = n.sum(axis=0), events.sum(axis=0)
    difference = (events - n * hazard(d, total)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(total > 1, d * (total - d) / (total - 1), 0.0)
    share = np.divide(n, total, out=np.zeros_like(n), where=total > 0)
    variance = np.diag((scale * share).sum(axis=1)) - (scale * share) @ share.T
    k = len(groups) - 1
    statistic = float(difference[:k] @ np.linalg.pinv(variance[:k, :k]) @ difference[:k])
    return statistic, k, float(chdtrc(k, max(statistic, 0.0)))


def _spread(day: Floats, group: Counts) -> Counts:
    """The counts of a group on the days of all groups."""
    entered = None if group.entered is None else _on(day, group.day, group.entered)
    return Counts(day, _on(day, group.day, group.events), _on(day, group.day, group.censored), entered)


def _on(day: Floats, own: Floats, values: Floats) -> Floats:
    out = np.zeros(len(day))
    out[np.searchsorted(day, own)] = values
    return out
