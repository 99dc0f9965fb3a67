"""What goes into the engine: a diary in columns and a procedure. Days are proleptic ordinals (`date.toordinal()`)."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

import numpy as np

from .arrays import Days as Days
from .arrays import Flags
from .arrays import Floats as Floats
from .parameters import SETTLING_DAYS

Definition = Literal["half", "eighty", "full"]
Phase = Literal["unknown", "settling", "no_relief", "relief", "returning", "returned"]
Laterality = Literal["left", "right", "bilateral"]
TreatedSide = Literal["left", "right"]  # one of a bilateral procedure
DEFINITIONS: tuple[Definition, ...] = get_args(Definition)
PHASES: tuple[Phase, ...] = get_args(Phase)
LEFT, RIGHT, BOTH = 0, 1, 2


@dataclass(frozen=True)
class Diary:
    """Revisions of a diary's entries, one row each, for the region of one procedure.

    A later row for the same day replaces the earlier one. Rows are in the order in which they were written down.
    `NaN` is "not known", never zero.

    Args:
        day: shape (n,), the ordinal of the local day that the revision is about.
        known_on: shape (n,), the ordinal of the day from which the revision counts, at or after `day`.
        average, worst: shape (n, 3), pain 0-10 on the left, on the right, and for both sides together.
        mme: shape (n,), morphine milligram equivalents that day.
        steps: shape (n,), steps that day.
        elsewhere: shape (n,), the highest average pain at any other site.

    Raises:
        ValueError: columns differ in length, or `known_on` lies before `day`.
    """

    day: Days
    known_on: Days
    average: Floats
    worst: Floats
    mme: Floats
    steps: Floats
    elsewhere: Floats

    def __post_init__(self) -> None:
        n = len(self.day)
        for name in ("known_on", "average", "worst", "mme", "steps", "elsewhere"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name}: {len(getattr(self, name))} rows, but day has {n}")
        if np.any(self.known_on < self.day):
            raise ValueError("known_on: earlier than the day it is about")

    def score(self, laterality: Laterality) -> Floats:
        """Average pain at the treated site, shape (n,): the treated side, or the worse one of a bilateral procedure."""
        return pick_side(self.average, laterality)

    def take(self, rows: Flags | Days) -> "Diary":
        """The diary of some of its rows, in the order given."""
        return Diary(
            self.day[rows],
            self.known_on[rows],
            self.average[rows],
            self.worst[rows],
            self.mme[rows],
            self.steps[rows],
            self.elsewhere[rows],
        )

    def latest(self) -> "Diary":
        """The latest revision of each day, sorted by day."""
        _, last = np.unique(self.day[::-1], return_index=True)
        return self.take(len(self.day) - 1 - last)


@dataclass(frozen=True)
class EarlierRelief:
    """Relief after an earlier treatment: days from the procedure to the return, or to the end of its watch."""

    days: int
    censored: bool


@dataclass(frozen=True)
class Procedure:
    """One rhizotomy as the engine sees it.

    Args:
        performed_on: the day of the procedure in the patient's calendar.
        laterality: `left`, `right` or `bilateral`.
        baseline_pain: the clinic's recorded pain before, 0-10, or None.
        baseline_not: days that never count for the baseline (diagnostic blocks and the day after each).
        baseline_from: first day that may count, where an earlier episode at the site ended inside the window.
        treated_from: the first date of a treatment in several stages, of which this is a later one: the baseline lies
            before it, and `baseline_pain` is of then; None where this is the first or the only one.
        watched_until: last day of follow-up (the day before a repeat or other surgery at the site), or None.
        earlier: what the patient's earlier treatments of the site brought.
        settles: days after it for which nothing is said to have failed.
    """

    performed_on: date
    laterality: Laterality = "bilateral"
    baseline_pain: float | None = None
    baseline_not: frozenset[date] = field(default_factory=frozenset)
    baseline_from: date | None = None
    treated_from: date | None = None
    watched_until: date | None = None
    earlier: tuple[EarlierRelief, ...] = ()
    settles: int = SETTLING_DAYS


def pick_side(pain: Floats, laterality: Laterality) -> Floats:
    """Pain (n, 3) of left, right, both -> (n,): a side's own score if logged, else the one for both sides together."""
    if laterality == "bilateral":
        return np.fmax(np.fmax(pain[:, LEFT], pain[:, RIGHT]), pain[:, BOTH])
    own = pain[:, LEFT if laterality == "left" else RIGHT]
    return np.where(np.isnan(own), pain[:, BOTH], own)
