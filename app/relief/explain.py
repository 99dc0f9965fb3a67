"""The few entries that support a verdict's phase most, each in a plain sentence with its numbers."""

from datetime import date, timedelta

import numpy as np

from . import parameters as par
from .plan import Plan
from .readout import ReadOut
from .records import Floats, Phase
from .verdict import Reason


def reasons(plan: Plan, reading: ReadOut, *, phase: Phase, performed: date, between: tuple[int, int]) -> list[Reason]:
    """The up to REASONS entries whose day raised the log odds of the phase most, in order of date.

    Entries of days outside `between` are left out: a flare-up long before a return says nothing about it.
    """
    if phase in ("unknown", "settling"):
        return []
    since, until = between
    if phase in ("returned", "returning"):
        moved = _moves(reading.returned)
    else:
        moved = _moves(reading.reached) if phase == "relief" else -_moves(reading.reached)
    scored = ~np.isnan(np.array(plan.score[1:]))
    scored[:since] = False
    scored[until:] = False
    moved = np.where(scored, moved, -np.inf)
    top = [int(i) for i in np.argsort(-moved, kind="stable")[: par.REASONS] if np.isfinite(moved[i]) and moved[i] > 0]
    return [Reason(performed + timedelta(days=i + 1), _sentence(plan, reading, phase=phase, i=i)) for i in sorted(top)]


def _moves(chance: Floats) -> Floats:
    odds = np.clip(chance, par.REASON_CHANCE, 1 - par.REASON_CHANCE)
    odds = np.log(odds / (1 - odds))
    return np.diff(odds, prepend=odds[0])


def _sentence(plan: Plan, reading: ReadOut, *, phase: Phase, i: int) -> str:
    says = f"average {plan.score[i + 1]:g}"
    if phase in ("returned", "returning"):
        says += f", expected {reading.plateau[i]:.1f} in relief"
    else:
        says += f", against {plan.baseline.pain:.1f} before"
    if plan.shift[i + 1] > 0:
        says += f", while a risen dose of opioids may hide {plan.shift[i + 1]:.1f} points"
    return says
