"""Which days of a bilateral procedure tell the pain of the worse side."""

from collections.abc import Mapping
from math import isnan

from . import parameters as par

NEITHER = float("nan"), float("nan")


def leaves_out_the_worse(day: int, sides: Mapping[int, tuple[float, float]]) -> bool:
    """Whether a day has a score of one side alone, while the other was clearly worse when it was last scored.

    Such a day says nothing of the worse side; to read it as a good day would hide a return on the other.

    Args:
        sides: average pain of left and right by day, NaN where not known; no item where both were told together.
    """
    left, right = sides.get(day, NEITHER)
    if isnan(left) == isnan(right):
        return False
    value, other = (right, 0) if isnan(left) else (left, 1)
    for before in range(day - 1, day - 1 - par.SIDE_RECENT_DAYS, -1):
        was = sides.get(before, NEITHER)[other]
        if not isnan(was):
            return was > value + par.SIDES_APART
    return False
