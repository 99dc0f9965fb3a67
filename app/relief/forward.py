"""The forward recursion of one diary, day by day, and the backward one that looks at a day from the end of the diary."""

import numpy as np
import numpy.typing as npt

from .knowledge import NO_SCORE, Plan
from .records import Floats
from .scores import LEVEL_GRID_STEP, N_LEVEL, score_tables
from .states import CHAIN, N_COURSE, N_NOISE, N_PLATEAU, course_levels

RESCALE_EVERY = 8  # days; keeps the weights inside the range of a float; the plateau drifts at the same pace
BLOCK = 64  # days that are summed at once
N_SHARED = N_PLATEAU * N_COURSE
ROWS = N_NOISE * N_PLATEAU


class Scratch:
    """Memory that one run after another may use, so that the system need not hand out fresh pages for each diary.

    Whoever passes one owns it: the run before it must be over. Without one each run takes its own.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Floats] = {}

    def take(self, name: str, days: int) -> Floats:
        """An array of shape (days, noise * plateau, course) with whatever is in it."""
        held = self._kept.get(name)
        if held is None or len(held) < days:
            held = self._kept[name] = np.empty((max(days, 512), ROWS, N_COURSE))
        return held[:days]


def evidence_table(plan: Plan) -> Floats:
    """Chance of each distinct score of the plan in each state, shape (rows, noise * plateau, course)."""
    out = np.empty((len(plan.rows), N_NOISE, N_SHARED))
    places: dict[int, npt.NDArray[np.int64]] = {}
    tables = score_tables()
    for (version, gap, score), row in plan.rows.items():
        if version not in places:
            pain = plan.baselines[version].pain or 0.0
            grid = np.rint(course_levels(pain) * pain / LEVEL_GRID_STEP)
            places[version] = np.clip(grid, 0, N_LEVEL - 1).astype(np.int64).ravel()
        np.take(tables[gap, score], places[version], axis=1, out=out[row])
    return out.reshape(-1, ROWS, N_COURSE)


def forward(plan: Plan, evidence: Floats, scratch: Scratch) -> tuple[Floats, Floats]:
    """Runs a plan: the exact forward recursion (Rabiner 1989), going back to a day whose writing came late.

    Returns:
        the chain's weights with all that is known at the end, shape (last + 1, noise * plateau, course), each row up to a
        factor of its own; and the weights of each day as judged on that day, noise summed out and normalised, shape
        (last, plateau * course).
    """
    weights = scratch.take("weights", plan.last + 1)
    weights[0] = CHAIN.start.reshape(ROWS, N_COURSE)
    day_of, step = list(weights), CHAIN.step
    evidence_of = list(evidence)
    written_again = _later_target(plan)
    kept: dict[int, Floats] = {}
    for k, (source, day, e) in enumerate(zip(plan.source, plan.target, plan.evidence, strict=True)):
        now = day_of[day]
        np.dot(day_of[source], step, out=now)
        if e != NO_SCORE:
            np.multiply(now, evidence_of[e], out=now)
        if day % RESCALE_EVERY == 0:
            now[:] = _drift(CHAIN.drift.T, now) / now.sum()
        if plan.marks[day - 1] == k and written_again[day] > k:
            kept[day - 1] = now.reshape(N_NOISE, -1).sum(axis=0)
    judged = weights[1:].reshape(plan.last, N_NOISE, N_SHARED).sum(axis=1)
    for day, row in kept.items():
        judged[day] = row
    judged /= judged.sum(axis=1, keepdims=True)
    return weights, judged


def smooth(plan: Plan, weights: Floats, evidence: Floats, scratch: Scratch) -> Floats:
    """Weights of each day given the whole diary, noise summed out, shape (last, plateau * course)."""
    row = dict(zip(plan.target, plan.evidence, strict=True))
    later, other = np.ones((ROWS, N_COURSE)), np.empty((ROWS, N_COURSE))
    back = np.ascontiguousarray(CHAIN.step.T)
    both = scratch.take("both", BLOCK)
    out = np.empty((plan.last, N_SHARED))
    both_of, day_of, evidence_of = list(both), list(weights), list(evidence)
    for day in range(plan.last, 0, -1):
        place = (day - 1) % BLOCK
        np.multiply(day_of[day], later, out=both_of[place])
        if place == 0:  # a block is whole, or the first one
            days = min(BLOCK, plan.last - day + 1)
            out[day - 1 : day - 1 + days] = both[:days].reshape(days, N_NOISE, N_SHARED).sum(axis=1)
        if day % RESCALE_EVERY == 0:
            later = _drift(CHAIN.drift, later)
            later /= later.max()
        if row[day] != NO_SCORE:
            np.multiply(later, evidence_of[row[day]], out=later)
        np.dot(later, back, out=other)
        later, other = other, later
    out /= out.sum(axis=1, keepdims=True)
    return np.asarray(out)


def _drift(drift: Floats, rows: Floats) -> Floats:
    return np.asarray(np.matmul(drift, rows.reshape(N_NOISE, N_PLATEAU, N_COURSE)).reshape(ROWS, N_COURSE))


def _later_target(plan: Plan) -> list[int]:
    """For each day the last step that writes it."""
    out = [0] * (plan.last + 1)
    for k, day in enumerate(plan.target):
        out[day] = k
    return out
