"""What a picture shows, from a verdict and what stands beside it in the record, as plain data; nothing is drawn here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from app.answers.verdicts.schemas import VerdictOut
from app.rules import parameters as par


@dataclass(frozen=True)
class Mark:
    """A day with a name: a procedure, a block."""

    on: date
    kind: str
    says: str


@dataclass(frozen=True)
class Span:
    """A run of days, first and last included."""

    first: date
    last: date
    says: str


@dataclass(frozen=True)
class PictureContent:
    """Everything in the picture of one procedure.

    Args:
        verdict: as the API answers it.
        performed_on: the procedure's day.
        before: days and scores of the weeks before it.
        recalled: days that were written down late.
        marks: other procedures and blocks of the region.
        effects: days with a side effect, by kind.
    """

    verdict: VerdictOut
    performed_on: date
    before: list[tuple[date, float]] = field(default_factory=list)
    recalled: set[date] = field(default_factory=set)
    marks: list[Mark] = field(default_factory=list)
    effects: dict[str, list[date]] = field(default_factory=dict)

    @property
    def days(self) -> list[date]:
        """The days of the series."""
        return self.verdict.days.date

    @property
    def first(self) -> date:
        """The first day shown."""
        shown = [on for on, _ in self.before] + [
            m.on for m in self.marks if (self.performed_on - m.on).days <= par.BLOCKS_SHOWN
        ]
        return min([self.performed_on - timedelta(days=7), *shown])

    @property
    def last(self) -> date:
        """The last day shown."""
        return max(self.verdict.as_of, self.performed_on + timedelta(days=14))


def phases(content: PictureContent) -> list[Span]:
    """The phases as runs of consecutive days."""
    return _runs(zip(content.days, content.verdict.days.phase, strict=True))


def gaps(content: PictureContent) -> list[Span]:
    """Runs of at least a week without a score."""
    scored = zip(content.days, (a is None for a in content.verdict.days.average), strict=True)
    found = _runs((day, "unknown") for day, silent in scored if silent)
    return [g for g in found if (g.last - g.first).days + 1 >= par.GAP_SHADED]


def flares(content: PictureContent) -> list[Span]:
    """Flare-ups while relief held: scores well above the level of the weeks around them, two days apart at most.

    The level of a single day follows a flare-up upwards; its median over four weeks does not.
    """
    series = content.verdict.days
    level = np.array([np.nan if v is None else v for v in series.level], dtype=np.float64)
    if not len(level) or np.isnan(level).all():
        return []
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(level, par.FLARE_AROUND, mode="edge"), 2 * par.FLARE_AROUND + 1
    )
    usual = np.median(around, axis=1)
    out: list[Span] = []
    rows = zip(content.days, series.average, series.phase, usual, strict=True)
    for day, average, phase, middle in rows:
        if average is None or phase not in ("relief", "returning") or not average >= middle + par.FLARE_ABOVE:
            continue
        if out and (day - out[-1].last).days <= par.FLARE_JOINED:
            out[-1] = Span(out[-1].first, day, "flare-up")
        else:
            out.append(Span(day, day, "flare-up"))
    return out


def _runs(named: Iterable[tuple[date, str]]) -> list[Span]:
    out = []
    numbered = enumerate(named)
    for _, group in groupby(numbered, key=lambda item: (item[1][1], item[1][0].toordinal() - item[0])):
        run = [item for _, item in group]
        out.append(Span(run[0][0], run[-1][0], run[0][1]))
    return out
