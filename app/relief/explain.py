"""The few entries that support a verdict's phase most, each in a plain sentence with its numbers."""

from datetime import date, timedelta

import numpy as np

from . import parameters as par
from .judgement import Judgement
from .plan import Plan
from .records import Floats, Phase
from .remembered import DayEnd
from .verdict import Reason


def reasons(plan: Plan, judged: Judgement, *, phase: Phase, performed: date) -> list[Reason]:
    """The up to REASONS entries whose day raised the log odds of the phase most, in order of date.

    Entries far from a return are left out: a flare-up long before it says nothing about it.
    """
    if phase in ("unknown", "settling"):
        return []
    since, until = judged.why_between()
    days = judged.run.filter.days[1:]
    if phase in ("returned", "returning"):
        moved = _moves(np.array([_ended(day, before=len(judged.stretches) - 1) for day in days]))
    else:
        counted = _moves(np.array([day.chances.counted for day in days]))
        moved = counted if phase == "relief" else -counted
    scored = np.zeros(plan.last, dtype=bool)
    scored[np.array(plan.scored(), dtype=np.int64) - 1] = True
    scored[:since] = False
    scored[until:] = False
    moved = np.where(scored, moved, -np.inf)
    top = [int(i) for i in np.argsort(-moved, kind="stable")[: par.REASONS] if np.isfinite(moved[i]) and moved[i] > 0]
    return [
        Reason(performed + timedelta(days=i + 1), _sentence(plan, judged, phase=phase, day=i + 1)) for i in sorted(top)
    ]


def _ended(day: DayEnd, *, before: int) -> float:
    """Chance on a day that the spell after so many settled ones has ended."""
    settled = len(day.so_far.spells)
    return 1.0 if settled > before else day.chances.over if settled == before else 0.0


def _moves(chance: Floats) -> Floats:
    odds = np.clip(chance, par.REASON_CHANCE, 1 - par.REASON_CHANCE)
    odds = np.log(odds / (1 - odds))
    return np.diff(odds, prepend=odds[0])


def _sentence(plan: Plan, judged: Judgement, *, phase: Phase, day: int) -> str:
    says = f"average {plan.score[day]:g}" if plan.score[day] == plan.score[day] else f"worst {plan.worst[day]:g}"
    spell = judged.newest_spell
    if phase in ("returned", "returning") and spell is not None and spell.ended is not None:
        before = [v for v in judged.daily.level[judged.began(spell) : spell.ended.low] if v is not None]
        if before:
            says += f", expected {float(np.median(before[-par.RESPONSE_DAYS :])):.1f} in relief"
    else:
        says += f", against {plan.baseline.pain:.1f} before"
    if plan.shift[day] > 0:
        says += f", while a risen dose of opioids may hide {plan.shift[day]:.1f} points"
    return says
