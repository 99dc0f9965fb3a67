"""Where a treatment stands, day by day: what is said, when that changes, and what is settled for good.

The chain's chances move with every score. What is said moves less: it takes more to leave a phase than to stay in it. A
return that has stood for STANDS_DAYS is settled: it is kept with its dates, and the chain begins anew in pain, so that
nothing later undoes it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import parameters as par
from .chain import Chain
from .moods import COHORT_TIME
from .records import Floats, Phase


class EstimatedDay(NamedTuple):
    """A day counted from the procedure: median, and the ends of a 90 % interval."""

    on: int
    low: int
    high: int


class PastSpell(NamedTuple):
    """A spell of relief that has ended for good."""

    onset: EstimatedDay | None
    end: EstimatedDay


class SpellsSoFar(NamedTuple):
    """What is said at the end of a day.

    Args:
        held: what holds until it clearly no longer does; "" is no relief so far.
        spells: those that ended, and are settled.
    """

    held: str = ""
    spells: tuple[PastSpell, ...] = ()


@dataclass
class CohortShares:
    """How the weight of the oldest cohort of `young` and of `ended` came together: per time a cohort joined it, the share
    that it then was of the whole."""

    grown: list[float]
    aged: list[float]

    def at(self, time: int, grown: float, aged: float) -> None:
        """Takes the shares of the cohorts that joined on day `time * COHORT_DAYS`; what was noted for later is forgotten."""
        del self.grown[time:], self.aged[time:]
        self.grown += [0.0] * (time - len(self.grown)) + [grown]
        self.aged += [0.0] * (time - len(self.aged)) + [aged]


class DayChances(NamedTuple):
    """Chances on a day.

    Args:
        before, young, relief, ended: of no relief so far, each cohort of young relief, relief, each cohort of those ended.
        over: that the spell has ended, whenever.
        counted: that there was a spell that counts, or will be.
        steady: that the level is one that has lasted: no flare-up, no climb, nothing that began in the last weeks.
    """

    before: float
    young: list[float]
    relief: float
    ended: list[float]
    over: float
    counted: float
    steady: float

    @staticmethod
    def none(young: int, ended: int) -> "DayChances":
        """No relief so far; of so many cohorts of each kind."""
        return DayChances(1.0, [0.0] * young, 0.0, [0.0] * ended, over=0.0, counted=0.0, steady=1.0)


def lasting(chain: Chain) -> list[float]:
    """Chance of each cohort of young relief to last for SPELL_DAYS."""
    stays = []
    for time in range(chain.young.bins):
        fails = par.EARLY_FAILS if time * par.COHORT_DAYS < par.EARLY_DAYS else par.YOUNG_FAILS
        stays.append((1 - fails) ** par.COHORT_DAYS)
    return [float(np.prod(stays[time:])) for time in range(chain.young.bins)]


def next_spells(was: SpellsSoFar, now: DayChances, *, logged: int, heard: bool = True) -> SpellsSoFar:
    """What is said after a day, given what was said before it; settling a return is left to the caller.

    A day without a score (`heard`) changes nothing of it: silence is neither relief nor pain.
    """
    if not heard:
        return was
    over, counted, held = now.over, now.counted, was.held
    if over >= (par.RETURNED_AT if held != "returned" else par.RETURNED_UNTIL):
        held = "returned"
    elif over >= (par.RETURNING_AT if held not in ("returning", "returned") else par.RETURNING_UNTIL):
        held = "returning"
    elif (
        counted >= (par.REACHED_AT if not held else par.REACHED_UNTIL)
        and counted - over >= par.REACHED_UNTIL
        and logged >= par.MIN_LOGGED_FOR_RELIEF
    ):
        held = "relief"
    else:
        held = ""
    return SpellsSoFar(held, was.spells)


def spoken_for(day: int, newest: int) -> int:
    """The last day up to `day` of which a diary still tells something, where the newest score is of day `newest`.

    Later ones are as that one: nothing is said of them, and what is said of the days before moves no more, neither the
    chance of a return nor its dates, until somebody writes again. Silence is neither relief nor pain.
    """
    return min(day, newest + par.SILENT_DAYS)


def phase_of(
    so_far: SpellsSoFar, *, day: int, logged: int, newest: int, joined_late: bool, settles: int = par.SETTLING_DAYS
) -> Phase:
    """The phase to say on a day.

    Args:
        day: days since the procedure, 1 or more.
        logged: days with a score since the procedure, as known on the day.
        newest: day of the newest score, 0 if none.
        joined_late: whether the diary begins more than JOINED_LATE_DAYS after the procedure.
        settles: days for which nothing is said to have failed.

    `no_relief` is never given before these have passed, nor of a diary that ended before their last week. `returned` stays
    without new scores; every other phase becomes `unknown` after SILENT_DAYS without a score.
    """
    settling = day <= settles
    if so_far.held == "returned" or (so_far.spells and not so_far.held):
        return "returned"
    if day - newest > par.SILENT_DAYS:
        return "unknown"
    if so_far.held == "returning":
        return "returning"
    if so_far.held == "relief":
        return "relief"
    if settling:
        return "settling"
    spoke = newest > settles - par.CURRENT_DAYS and logged >= par.MIN_LOGGED_FOR_FAILURE
    return "no_relief" if spoke and not joined_late else "unknown"


def when_ended(now: DayChances, ages: CohortShares, day: int) -> EstimatedDay:
    """The days on which the spell may have ended, given that it has."""
    return dated(_spread(now.ended, ages.aged, day))


def when_begun(now: DayChances, ages: CohortShares, day: int, *, lasts: list[float], first: int) -> EstimatedDay:
    """The days on which the spell may have begun, given that there is one.

    `first` is the first day that the diary speaks for.
    """
    young = [m * p for m, p in zip(now.young, lasts, strict=True)]
    when = dated(_spread([*young, now.relief + now.over], ages.grown, day))
    return EstimatedDay(max(when.on, first), when.low, max(when.high, first))


def _spread(cohorts: list[float], joined: list[float], day: int) -> list[tuple[float, float, float]]:
    """Weights by day of beginning: (from, to, weight), the youngest cohort first.

    The last of `cohorts` is the one that older ones have joined; of how it came together `joined` tells.
    """
    times = (day - 1) // par.COHORT_DAYS  # how often cohorts have grown older
    out = []
    for k, weight in enumerate(cohorts[:-1]):
        end = day if k == 0 else (times - k + 1) * par.COHORT_DAYS
        out.append((max(0.0, (times - k) * par.COHORT_DAYS), max(end, 1.0), weight))
    left = cohorts[-1]
    for time in range(min(times, len(joined) - 1), -1, -1):
        if left <= 0:
            break
        end = (time - len(cohorts) + 2) * par.COHORT_DAYS
        weight = left * joined[time]
        if weight > 0:
            out.append((max(0.0, end - par.COHORT_DAYS), max(end, 1.0), weight))
        left -= weight
    if left > 0:
        out.append((0.0, 1.0, left))
    return out


def dated(spread: list[tuple[float, float, float]]) -> EstimatedDay:
    """Median and 90 % interval of a chance spread over days: from the latest on, after which day, until which, how much."""
    total = sum(weight for *_, weight in spread)
    on, low, high = (_passes(spread, share * total) for share in (0.5, 1 - par.DATE_TAIL, par.DATE_TAIL))
    return EstimatedDay(on, min(low, on), max(high, on))


def _passes(spread: list[tuple[float, float, float]], above: float) -> int:
    """The day, counted from the latest backwards, at which so much weight lies on or after it."""
    passed = 0.0
    for start, end, weight in spread:
        if weight > 0 and passed + weight >= above:
            return max(1, round(end + 0.5 - (end - start) * (above - passed) / weight))
        passed += weight
    return 1


def chances_of(chain: Chain, flat: Floats, lasts: list[float]) -> list[DayChances]:
    """The chances of each diary, from weights (states, diaries) that sum to 1.

    `lasts` are the chances of each cohort of young relief to count.
    """
    young, relief, ended = chain.young, chain.relief, chain.ended
    starts = [
        0,
        *range(young.start, young.stop, young.rows * young.levels),
        relief.start,
        relief.start + relief.levels,
        *range(ended.start, ended.stop, ended.rows * ended.levels),
    ]
    sums = np.add.reduceat(flat, starts, axis=0)
    before, fresh, (calm, moving) = sums[0], sums[1 : 1 + young.bins], sums[1 + young.bins : 3 + young.bins]
    over = sums[3 + young.bins :]
    new, in_relief, all_over = len(COHORT_TIME), calm + moving, _added(over)
    counted = in_relief + all_over + _added(fresh * np.array(lasts)[:, None])
    steady = before + calm + _added(fresh[new:]) + _added(over[new:])
    each = (before, fresh.T, in_relief, over.T, all_over, counted, steady)
    return [DayChances(*one) for one in zip(*(values.tolist() for values in each), strict=True)]


def _added(rows: Floats) -> Floats:
    """The sum of rows, in their order: so that it does not depend on how long they are."""
    total = rows[0]
    for row in rows[1:]:
        total = total + row
    return np.asarray(total)
