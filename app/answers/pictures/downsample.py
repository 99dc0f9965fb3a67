"""Thins a series of days, so that ten years draw as fast as one; extremes are kept."""

from collections.abc import Callable, Sequence
from typing import Any

MOST_DOTS, MOST_STEPS = 300, 200  # a picture is some 760 pixels wide: more would overlap

Point = dict[str, Any]  # a row of a chart: a day, and numbers by name


def keep_extremes(points: Sequence[Point], value: Callable[[Point], float], most: int = MOST_DOTS) -> list[Point]:
    """At most about `most` points: of each stretch the lowest and the highest, in the order of their days."""
    if len(points) <= most:
        return list(points)
    size = -(-2 * len(points) // most)
    out = []
    for start in range(0, len(points), size):
        some = range(start, min(start + size, len(points)))
        low, high = (pick(some, key=lambda i: value(points[i])) for pick in (min, max))
        out += [points[i] for i in sorted({low, high})]
    return out


def average_of(points: Sequence[Point], names: Sequence[str], most: int = MOST_STEPS) -> list[Point]:
    """A line of at most `most` points: each stretch by the means of its values, at its middle day; the ends stay."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) // most)
    out = [points[0]]
    for start in range(1, len(points) - 1, size):
        some = points[start : min(start + size, len(points) - 1)]
        means = {name: round(sum(p[name] for p in some) / len(some), 2) for name in names}
        out.append({**some[len(some) // 2], **means})
    return [*out, points[-1]]
