"""Pain that an increased opioid dose may hide."""

from math import isnan

from . import parameters as par

NOTHING = float("nan")


class HiddenPain:
    """Points that an increased opioid dose may hide, day by day, against the lowest usual dose since the procedure.

    No more is hidden than scores have risen: a dose that rises while scores stay flat says nothing of the pain.
    """

    def __init__(self) -> None:
        self._dose, self._pain = MeanRise(), MeanRise()
        self.dose: tuple[float, float] = NOTHING, NOTHING  # its rise and its usual mean, on the day taken last

    def points(self, d: int, mme: float, score: float) -> float:
        """Takes day d's MME and score (NaN: not known) and returns the points hidden, 0 to MASK_MOST; days come in order,
        and after an earlier one the later ones come again."""
        self.dose = risen, usual = self._dose.take(d, mme)
        worse, _ = self._pain.take(d, score)
        if isnan(risen) or isnan(worse):
            return 0.0
        return min(max(0.0, worse - par.MASK_FREE_PAIN), could_hide(risen, usual))


def could_hide(risen: float, usual: float) -> float:
    """The points that a rise of the dose, in MME a day, could hide beside a usual dose; 0 where neither is known."""
    free = max(par.MASK_FREE_MME, par.MASK_FREE_SHARE * usual)  # says nothing
    return 0.0 if isnan(risen) else min(par.MASK_MOST, max(0.0, par.MASK_PAIN_PER_MME * (risen - free)))


class MeanRise:
    """How far the mean of the last days lies over the lowest usual mean before them."""

    def __init__(self) -> None:
        self._total = [0.0]
        self._count = [0]
        self._usual = [NOTHING]

    def take(self, d: int, value: float) -> tuple[float, float]:
        """Takes day d's value (NaN: not known); the rise and the usual mean, NaN where not known. Days come in order."""
        known = not isnan(value)
        self._total[d:] = [self._total[d - 1] + (value if known else 0.0)]
        self._count[d:] = [self._count[d - 1] + known]
        mean = self._mean(d - par.MASK_USUAL_DAYS, d, at_least=par.MASK_USUAL_LEAST)
        before = self._usual[d - 1]
        self._usual[d:] = [mean if isnan(before) or mean < before else before]
        now = self._mean(d - par.MASK_RECENT_DAYS, d, at_least=par.MASK_RECENT_LEAST)
        usual = self._usual[max(0, d - par.MASK_RECENT_DAYS)]
        return now - usual, usual

    def _mean(self, after: int, until: int, at_least: int) -> float:
        after = max(after, 0)
        n = self._count[until] - self._count[after]
        return (self._total[until] - self._total[after]) / n if n >= at_least else NOTHING
