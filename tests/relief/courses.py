"""Courses that a clinician judges at a glance, written as diaries with several noises."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.relief import BOTH, Diary, Procedure
from tests.relief.support import DAY0, NOTHING

Level = Callable[[int], float]
NOISES = [(sd, correlation) for correlation in (0.2, 0.4) for sd in (0.7, 0.9, 1.1, 1.3)]


def through(*points: tuple[int, float]) -> Level:
    """Straight lines from point to point, each a day and a level; level beyond the ends."""
    days, levels = zip(*points, strict=True)
    return lambda d: float(np.interp(d, days, levels))


def flare(level: Level, *, start: int, days: int, pain: float) -> Level:
    """A course with a flare-up."""
    return lambda d: pain if start <= d < start + days else level(d)


RELIEF = through((0, 7), (5, 7), (15, 1.5))


def returning(on: int, to: float = 7.0, takes: int = 10) -> Level:
    """Relief at 1.5 of 7 from day 15, with a climb from day `on`."""
    return through((0, 7), (5, 7), (15, 1.5), (on, 1.5), (on + takes, to))


@dataclass(frozen=True)
class Writer:
    """How somebody logs.

    Args:
        baseline: pain before, points; `clinic` is the score that the clinic recorded, if any.
        share: of days logged; `only` says of a day and its score whether it is logged at all.
        written: how many days after a day it is written down.
        mme: dose of opioids by day.
        answers: the scores used; whole numbers where None.
    """

    baseline: float = 7.0
    clinic: float | None = None
    share: float = 0.85
    only: Callable[[int, float], bool] = lambda d, score: True
    written: Callable[[int], int] = lambda d: 0
    mme: Callable[[int], float] = lambda d: NOTHING
    worst_only: bool = False
    answers: tuple[float, ...] = tuple(float(n) for n in range(11))

    @property
    def procedure(self) -> Procedure:
        """The procedure of the diary."""
        return Procedure(DAY0, baseline_pain=self.clinic)


@dataclass(frozen=True)
class Course:
    """A level by day after the procedure, up to `last`, and who writes it down."""

    level: Level
    last: int
    writer: Writer = field(default_factory=Writer)

    def diaries(self) -> list[Diary]:
        """The course with each noise."""
        return [self._diary(seed, sd, correlation) for seed, (sd, correlation) in enumerate(NOISES)]

    def by(self, **how: Any) -> "Course":  # the fields of Writer, checked when it is made
        """The same course, logged otherwise."""
        return replace(self, writer=replace(self.writer, **how))

    def _diary(self, seed: int, sd: float, correlation: float) -> Diary:
        rng, writer = np.random.default_rng([seed, 5]), self.writer
        used, rows = np.array(writer.answers), []
        noise = 0.0
        for d in range(-14, self.last + 1):
            noise = correlation * noise + (1 - correlation**2) ** 0.5 * float(rng.normal())
            level = writer.baseline if d < 0 else self.level(d)
            # no pain at all has no noise
            score = float(used[np.abs(used - level - sd * noise).argmin()]) if level > 0 else 0.0
            if rng.random() < writer.share and (d < 0 or writer.only(d, score)):
                rows.append((d, d + writer.written(d), score))
        rows.sort(key=lambda row: row[1])
        day, known, written = (np.array(column) for column in zip(*rows, strict=True))
        scores = np.full((len(rows), 3), NOTHING)
        scores[:, BOTH] = np.minimum(written + 2, 10) if writer.worst_only else written
        none, zero = np.full((len(rows), 3), NOTHING), DAY0.toordinal()
        average, worst = (none, scores) if writer.worst_only else (scores, none)
        mme, nothing = np.array([writer.mme(int(d)) for d in day]), none[:, 0].copy()
        return Diary(day + zero, known + zero, average, worst, mme, nothing, nothing)
