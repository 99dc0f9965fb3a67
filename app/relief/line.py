"""How far a date of a crossing is in doubt because the line itself is.

The line is a share of the baseline, and a baseline is known to within its standard error only; and the level holds moods of
months that no kind of noise knows. Both move the line that the level crosses by some points, and the day of the crossing by
as many days as the level takes for these points: none where pain is back overnight, weeks where it climbs slowly. The two
doubts are independent, so that their squares add.
"""

from collections.abc import Sequence
from math import ceil, floor, hypot

from . import parameters as par
from .spells import EstimatedDay


def line_sd(share: float, baseline_sd: float) -> float:
    """Standard error of a line at a share of the baseline, in points."""
    return hypot(share * baseline_sd, par.SLOW_MOOD)


def widened(
    when: EstimatedDay, level: Sequence[float | None], *, line: float, sd: float, rises: bool, between: tuple[int, int]
) -> EstimatedDay:
    """The day of a crossing with its interval, widened by what the line's standard error adds.

    Args:
        level: by day from day 1, points; None on a day that tells none.
        line, sd: points.
        rises: whether the level comes from below.
        between: the first and the last day that may tell of the crossing.
    """
    since, until = between
    on = when.on - since + 1
    doubt = _days_across(on, level[since - 1 : until], line=line, off=par.Z_90 * sd, rises=rises) / 2
    low, high = (hypot(when.on - end, doubt) for end in (when.low, when.high))
    return EstimatedDay(
        when.on, max(min(when.low, since), floor(when.on - low)), min(max(when.high, until), ceil(when.on + high))
    )


def _days_across(on: int, level: Sequence[float | None], *, line: float, off: float, rises: bool) -> int:
    """Days that the level takes about `on` from `off` points on the one side of the line to as many on the other."""
    over = [None if v is None else (v - line if rises else line - v) for v in level]
    before = next((d for d in range(min(on, len(over)), 0, -1) if (v := over[d - 1]) is not None and v < -off), 0)
    after = range(before + 1, len(over) + 1)
    return next((d for d in after if (v := over[d - 1]) is not None and v >= off), len(over)) - before
