"""Pain that an increased opioid dose may hide."""

from math import isnan

from . import parameters as par

NOTHING = float("nan")


class Hidden:
    """Points that an increased opioid dose may hide, day by day, against the lowest usual dose since the procedure."""

    def __init__(self, last: int) -> None:
        self._total = [0.0] * (last + 1)
        self._count = [0] * (last + 1)
        self._usual = [NOTHING] * (last + 1)

    def points(self, d: int, mme: float) -> float:
        """Takes day d's MME (NaN: not known) and returns the points hidden, 0 to MASK_MOST; days come in order."""
        known = not isnan(mme)
        self._total[d] = self._total[d - 1] + (mme if known else 0.0)
        self._count[d] = self._count[d - 1] + known
        mean = self._mean(d - par.MASK_USUAL_DAYS, d, at_least=par.MASK_USUAL_LEAST)
        before = self._usual[d - 1]
        self._usual[d] = mean if isnan(before) or mean < before else before
        now = self._mean(d - par.MASK_RECENT_DAYS, d, at_least=par.MASK_RECENT_LEAST)
        usual = self._usual[max(0, d - par.MASK_RECENT_DAYS)]
        if isnan(usual) or isnan(now):
            return 0.0
        extra = now - usual - max(par.MASK_FREE_MME, par.MASK_FREE_SHARE * usual)
        return min(par.MASK_MOST, max(0.0, par.MASK_PAIN_PER_MME * extra))

    def _mean(self, after: int, until: int, at_least: int) -> float:
        after = max(after, 0)
        n = self._count[until] - self._count[after]
        return (self._total[until] - self._total[after]) / n if n >= at_least else NOTHING
