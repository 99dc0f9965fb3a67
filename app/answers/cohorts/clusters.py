"""What several procedures of one person have in common, in the variance of a Kaplan-Meier curve. Pure.

One procedure moves the logarithm of the curve by its influence (the sum over days of its part of the martingale). Where
procedures are independent, the squares of the influences add up to Greenwood's variance; those of one person are not,
and the products of their influences are added here (Ying and Wei 1994; Williams 1995).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.answers.cohorts.survival import Counts
from app.relief import Floats

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Treatments:
    """Procedures of people who have several, one item each: whose it is, when its watch began and ended, and by an event."""

    person: Indices
    entered: Floats
    day: Floats
    event: npt.NDArray[np.bool_]


def shared_variance(counts: Counts, several: Treatments) -> Floats:
    """The sum over persons of the products of their procedures' influences, by day of `counts`; shape (days,).

    A procedure's influence is a line in the summed hazard H of the day, until its watch ends, and constant from then on. The
    product of two is a parabola in H, a line, a constant, one after the other: so a pair costs a few numbers, however many
    days there are.
    """
    first, second = _pairs(several.person)
    if not len(first):
        return np.zeros(len(counts.day))
    summed, begins, ends, since, last = _lines(counts, several)
    swap = ends[first] > ends[second]
    first, second = np.where(swap, second, first), np.where(swap, first, second)  # whose watch ends first
    b, c, a, z = since[first], since[second], last[first], last[second]
    at, until, then = np.maximum(begins[first], begins[second]), ends[first], ends[second]
    days = len(counts.day)
    square, line, flat = (np.zeros(days + 1) for _ in range(3))

    def add(to: Floats, values: Floats | float, *, start: Indices, stop: Indices) -> None:
        """From one day on, up to another; nothing where there is none between."""
        there = np.where(start < stop, values, 0.0)
        np.add.at(to, np.minimum(start, days), there)
        np.add.at(to, np.minimum(stop, days), -there)

    after, late = np.maximum(at, until), np.maximum(at, then)
    add(square, 1.0, start=at, stop=until)
    add(line, -(b + c), start=at, stop=until)
    add(flat, b * c, start=at, stop=until)
    add(line, a, start=after, stop=then)
    add(flat, -a * c, start=after, stop=then)
    add(flat, a * z, start=late, stop=np.full(len(a), days))
    squares, lines, flats = (np.cumsum(part)[:days] for part in (square, line, flat))
    return np.asarray(2 * (squares * summed**2 + lines * summed + flats))


def _pairs(person: Indices) -> tuple[Indices, Indices]:
    """Each two procedures of one person, by their places."""
    order = np.argsort(person, kind="stable")
    theirs = person[order]
    first, second = [], []
    for apart in range(1, len(order)):
        same = np.flatnonzero(theirs[:-apart] == theirs[apart:])
        if not len(same):
            break
        first.append(order[same])
        second.append(order[same + apart])
    none = np.array([], dtype=np.int64)
    return np.concatenate([none, *first]), np.concatenate([none, *second])


def _lines(counts: Counts, several: Treatments) -> tuple[Floats, Indices, Indices, Floats, Floats]:
    """The summed hazard by day; of each procedure, the day its influence begins, that on which it ends to grow, the hazard
    summed before it began, and its influence from its end on."""
    day, n, d = counts.day, counts.at_risk, counts.events
    left = np.where(n > d, n - d, np.inf)  # where nobody is left the curve is 0, and has no interval
    summed = np.cumsum(np.where(d > 0, d / np.where(n > 0, n, 1) / left, 0.0))
    ends, begins = np.searchsorted(day, several.day), np.searchsorted(day, several.entered)
    since = np.where(several.entered > 0, summed[begins], 0.0)
    last = summed[ends] - since - np.where(several.event, 1 / left[ends], 0.0)
    return summed, np.where(several.entered > 0, begins, 0), ends, since, last
