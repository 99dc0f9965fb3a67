"""How long relief lasts, by its age: from the literature, moved by a clinic's own cohort and the patient's own past.

Days from the procedure to the return are log-normal: hardly any return comes in the first weeks, most within months, few
after years. What a clinic has seen weighs by its number of returns against the literature's (empirical Bayes), what
the patient has had before by how much people differ among each other and from treatment to treatment.
"""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from scipy.special import log_ndtr, ndtr

from . import parameters as par
from .records import EarlierRelief, Floats

MOST_DAYS = 36_524  # a median of relief: a century


@dataclass(frozen=True)
class DurationPrior:
    """A cohort's relief: median days from procedure to return, SD of their logarithm, number of returns it rests on.

    Raises:
        ValueError: a number that no cohort can have.
    """

    median_days: float
    log_sd: float
    n: int

    def __post_init__(self) -> None:
        if not (0 < self.median_days < MOST_DAYS + 1 and 0 < self.log_sd < 5 and 0 <= self.n <= 1_000_000_000):
            raise ValueError(
                "a prior needs median_days from 1 to 36525, log_sd over 0 and under 5, and n from 0 to 10^9"
            )


@dataclass(frozen=True)
class Hazard:
    """Days from the procedure to the return: log-normal, but for EARLY_SHARE that ends early, at a constant rate."""

    mean: float
    sd: float

    def left(self, day: Floats) -> Floats:
        """Logarithm of the chance that relief holds on a day from 1 on."""
        lasting = np.exp(log_ndtr(-(np.log(day) - self.mean) / self.sd))
        return np.asarray(np.log((1 - par.EARLY_SHARE) * lasting + par.EARLY_SHARE * np.exp(-day / par.EARLY_MEAN)))

    def rates(self, last: int) -> list[float]:
        """Rate a day at which relief begins to end, on day 0 to `last`: HAZARD_LEAD days before the line is crossed."""
        day = np.arange(last + 2, dtype=np.float64) + par.HAZARD_LEAD
        return [float(r) for r in 1 - np.exp(np.diff(self.left(day)))]

    def rate(self, age: float) -> float:
        """Rate a day at which relief of an age begins to end."""
        days = np.array([age, age + 1], dtype=np.float64) + par.HAZARD_LEAD
        return float(1 - np.exp(np.diff(self.left(days))[0]))

    def stays(self, days: Floats, *, age: float) -> Floats:
        """Chance that relief which holds at `age` days holds for `days` more."""
        return np.asarray(np.exp(self.left(np.maximum(days + age, 1)) - self.left(np.maximum(np.float64(age), 1))))


def hazard(prior: DurationPrior | None, earlier: tuple[EarlierRelief, ...]) -> Hazard:
    """The hazard of a patient's treatment."""
    mean, variance, weight = log(par.RELIEF_MEDIAN), par.RELIEF_LOG_SD**2, par.RELIEF_PEOPLE
    if prior is not None and prior.n:
        share = prior.n / (prior.n + weight)
        apart = log(prior.median_days) - mean
        mean += share * apart
        variance = (1 - share) * variance + share * prior.log_sd**2
    between = par.RELIEF_SHARED * variance
    within = variance - between
    for one in earlier:
        gain = between / (between + within)
        mean += gain * (_expected(one, mean, sqrt(between + within)) - mean)
        between *= 1 - gain
    return Hazard(mean, sqrt(between + within))


def _expected(one: EarlierRelief, mean: float, sd: float) -> float:
    """Logarithm of an earlier relief's days; of one whose end was not seen, what is expected of those that last longer."""
    seen = log(max(one.days, 1))
    if not one.censored:
        return seen
    z = (seen - mean) / sd
    above = max(float(ndtr(-z)), 1e-9)
    return mean + sd * exp(-z * z / 2) / sqrt(2 * np.pi) / above if above > 1e-9 else seen
