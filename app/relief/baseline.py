"""The pain that a procedure is measured against."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Literal

import numpy as np

from . import parameters as par
from .records import Days, Floats, Procedure


@dataclass(frozen=True)
class Baseline:
    """Baseline pain 0-10, its source, the logged days in its window and its standard error `sd` in points.

    `course` is the pain before the first date of a treatment in several stages, from whichever source.

    `thin` marks a diary baseline of fewer than 5 logged days.
    """

    pain: float | None
    source: Literal["diary", "clinic", "course", "unknown"]
    days: int
    thin: bool
    sd: float


def find_baseline(day: Days, score: Floats, procedure: Procedure) -> Baseline:
    """The mean of the daily average pain at the treated site over the 14 days before the procedure.

    Leaves out the day of a diagnostic block and the day after it. At least 3 logged days are needed; with fewer than 5
    the baseline is called thin (the mean of five days has a reliability of 0.90, Heapy 2014). With fewer than
    3, the clinic's recorded score is used; without one the baseline is unknown, never guessed. The window of a later
    date of a staged treatment lies before the first date.

    Args:
        day, score: shape (n,), day ordinals and one current score per day, NaN where the day has none.
    """
    staged = procedure.treated_from is not None
    performed = (procedure.treated_from or procedure.performed_on).toordinal()
    first = performed - par.BASELINE_DAYS
    if procedure.baseline_from is not None:
        first = max(first, procedure.baseline_from.toordinal())
    use = (day >= first) & (day < performed) & ~np.isnan(score)
    for left_out in procedure.baseline_not:
        use &= day != left_out.toordinal()
    n = int(use.sum())
    if n >= par.BASELINE_MIN_LOGGED:
        pain = round(float(score[use].sum()) / n, 9)
        return Baseline(
            pain, "course" if staged else "diary", n, n < par.BASELINE_RELIABLE, par.DIARY_BASELINE_SD / sqrt(n)
        )
    if procedure.baseline_pain is not None:
        recorded = float(procedure.baseline_pain)
        return Baseline(recorded, "course" if staged else "clinic", n, False, par.CLINIC_BASELINE_SD)
    return Baseline(None, "unknown", n, False, 0.0)


def block_days(blocks: list[date]) -> frozenset[date]:
    """The days that never count for a baseline: each diagnostic block's own and the day after."""
    return frozenset(d for b in blocks for d in (b, b + timedelta(days=1)))
