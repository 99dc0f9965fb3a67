"""A patient's rounding habit (halves, whole or even numbers, or 0, 3, 5, 7 and 10) and gap of worst over average."""

from itertools import pairwise
from math import inf

from . import parameters as par

FEW = par.FEW_SCORES
_FEW_EDGES = (-inf, *((a + b) / 2 for a, b in pairwise(FEW)), inf)


def _bits(scores: tuple[float, ...]) -> int:
    return sum(1 << round(2 * s) for s in scores)


_EVEN_BITS = _bits((0.0, 2.0, 4.0, 6.0, 8.0, 10.0))
_FEW_BITS = _bits(FEW)
_WHOLE_BITS = _bits(tuple(float(s) for s in range(11)))


class Habits:
    """The rounding habit and the usual gap shown by the scores up to each day; day 0 is the procedure.

    A day's habit rests on its own score and those before it, so that later days change nothing.
    """

    def __init__(self) -> None:
        self._seen = [0]  # which scores were used up to a day, one bit per half point
        self._count = [0]
        self._gap = [(par.WORST_GAP * par.WORST_GAP_WEIGHT, par.WORST_GAP_WEIGHT)]  # sum and count

    def see(self, day: int, score: float, worst: float) -> None:
        """Takes a day's scores (NaN: none). Days come in order; after an earlier day, the later ones come again."""
        seen, count, (total, n) = self._seen[day - 1], self._count[day - 1], self._gap[day - 1]
        if score == score:
            seen, count = seen | 1 << round(2 * score), count + 1
            if worst >= score:
                total, n = total + worst - score, n + 1
        self._seen[day:], self._count[day:], self._gap[day:] = [seen], [count], [(total, n)]

    def usual_gap(self, day: int) -> float:
        """Mean of worst minus average score up to a day, points; WORST_GAP counts as WORST_GAP_WEIGHT further days."""
        total, n = self._gap[day]
        return total / n

    def interval(self, day: int, score: float) -> tuple[float, float]:
        """The interval of pain, in points, that the patient rounds to a score; infinite where the scale ends."""
        seen = self._seen[day]
        half = 0.5
        if seen & ~_WHOLE_BITS:
            half = 0.25
        elif self._count[day] >= par.HABIT_SCORES and seen.bit_count() >= par.HABIT_DISTINCT:
            if not seen & ~_EVEN_BITS:
                half = 1.0
            elif not seen & ~_FEW_BITS:
                place = min(range(len(FEW)), key=lambda i: abs(FEW[i] - score))
                return _FEW_EDGES[place], _FEW_EDGES[place + 1]
        return around(score, half)


def around(score: float, half: float) -> tuple[float, float]:
    """The interval of a score with `half` points either side, infinite where the scale ends."""
    return (-inf if score - half < 0 else score - half), (inf if score + half > 10 else score + half)
