"""What a clinic's own treatments teach of how long relief lasts there."""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy.optimize import minimize

from . import parameters as par
from .durations import MOST_DAYS, DurationPrior, Hazard
from .records import Floats

LEAST_SD, MOST_SD = 0.1, 2.0  # of the logarithm of days; returns that all came on one day are no law


@dataclass(frozen=True)
class SeenReliefs:
    """What a clinic has seen of its treatments' relief, in days from the procedure; each array shape (n,).

    `left` is the return's day where `returned`, else the last day of which relief is known; `entered` is the day from which
    on the diary speaks of it, 0 where from the start; `count` is how many treatments are alike in this.
    """

    left: Floats
    returned: Floats
    entered: Floats
    count: Floats


def learn(seen: SeenReliefs) -> DurationPrior | None:
    """The cohort's relief by maximum likelihood, right-censored and entered late; None below LEARNED_FROM returns.

    It weighs by its returns: what has not ended yet tells little of how relief ends.
    """
    ends = seen.returned > 0
    n = int(seen.count[ends].sum())
    if n < par.LEARNED_FROM:
        return None
    left, entered = np.maximum(seen.left, 1.0), seen.entered

    def misfit(at: Floats) -> float:
        if not log(LEAST_SD) <= at[1] <= log(MOST_SD):
            return np.inf
        tried = Hazard(float(at[0]), exp(float(at[1])))
        held = tried.left(left)
        with np.errstate(divide="ignore"):  # a day on which nobody's relief could end: as unlikely as can be told
            ended = np.log(np.maximum(np.exp(held) - np.exp(tried.left(left + 1)), 1e-300))
        told = np.where(ends, ended, held) - np.where(entered > 0, tried.left(np.maximum(entered, 1.0)), 0.0)
        return -float(told @ seen.count)

    start = np.array([log(par.RELIEF_MEDIAN), log(par.RELIEF_LOG_SD)])
    found = minimize(misfit, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4, "maxiter": 2000}).x
    median = min(max(exp(float(found[0])), 1.0), MOST_DAYS)
    return DurationPrior(round(median, 1), round(exp(float(found[1])), 3), n)
