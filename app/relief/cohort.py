"""What a clinic's own treatments teach of how long relief lasts there."""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy.optimize import minimize

from . import parameters as par
from .durations import MOST_DAYS, DurationPrior, Hazard
from .records import Floats

LEAST_SD, MOST_SD = 0.1, 2.0  # of the logarithm of days; returns that all came on one day are no law
STARTS = (0.4, 1.0, 2.5)  # of the literature's median: the likelihood may have more than one top


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


def learn(seen: SeenReliefs, *, least: int = par.LEARNED_FROM) -> DurationPrior | None:
    """The cohort's most likely relief, right-censored and entered late; None below so many returns.

    What other clinics may be like keeps it from the end of a ridge: a few early returns beside many reliefs that hold fit
    any median from years on. It weighs by its returns: what has not ended yet tells little of how relief ends.
    """
    ends = seen.returned > 0
    n = int(seen.count[ends].sum())
    if n < least:
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
        apart = (at - centre) / (par.CLINICS_APART, par.SPREADS_APART)
        return -float(told @ seen.count) + float(apart @ apart) / 2

    centre = np.array([log(par.RELIEF_MEDIAN), log(par.RELIEF_LOG_SD)])
    starts = [centre + np.array([log(times), 0.0]) for times in STARTS]
    ends_at = [
        minimize(misfit, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4, "maxiter": 2000})
        for start in starts
    ]
    found = min(ends_at, key=lambda one: float(one.fun)).x
    median = min(max(exp(float(found[0])), 1.0), MOST_DAYS)
    return DurationPrior(round(median, 1), round(exp(float(found[1])), 3), n)
