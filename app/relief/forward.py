"""The filter of a diary: the forward pass with its stored checkpoints, and the smoothing (backward) pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from . import parameters as par
from .baseline import Baseline
from .batched import BLOCK, HISTORY, ROWS, Bank, Lane, drift, fold, side_by_side, sweep
from .plan import Heard, Plan
from .records import Floats
from .states import CHAIN, N_COURSE, N_NOISE, N_PLATEAU

SHARED = N_COURSE * N_PLATEAU


class Filter:
    """The chain's weights for one diary: one row `(course * plateau,)` per day, summed over proneness and noise.

    Day 0 is the procedure. Between runs one checkpoint per BLOCK days is kept; `rest` frees the rows.

    Args:
        judged: shape (last, SHARED), each day as judged on that day; rows before day `since` are not filled.
        since: the first day whose rows are filled.
    """

    def __init__(self) -> None:
        self._heard: list[Heard | None] = [None]
        self._baselines: list[Baseline] = []
        self._checkpoint: list[Floats] = [CHAIN.start]
        self.rest()

    def rest(self) -> None:
        """Frees the rows, which can be computed again from the checkpoints."""
        self.judged = self._rows = np.empty((0, SHARED))
        self.since = len(self._heard)

    def begin(self, plan: Plan) -> Lane:
        """The steps that a plan needs: all, or only those after the days that it shares with the previous plan.

        Continuing needs a plan without late revisions, and gives bit-identical weights.
        """
        first = self._same_until(plan) + 1
        self._baselines, self.since = plan.baselines, first
        del self._heard[first:], self._checkpoint[(first - 1) // BLOCK + 1 :]
        self.judged, self._rows = np.empty((plan.last, SHARED)), np.empty((0, SHARED))
        line = self.line(first, first - 1)
        self._newest = {day: k for k, day in enumerate(line.days)}  # the latest step to each day
        self._judges: dict[int, int] = {}  # by step, the day that is judged after it
        for k in range(first - 1, len(plan.target)):
            day = plan.target[k]
            if line.days and day - 1 != line.days[-1]:
                self._go_back(line, day - 1)
            self._add(line, day, plan.evidence[k])
            mark = self.since - 1 + len(self._judges)
            if mark < plan.last and plan.marks[mark] == k:
                self._judges[len(line.days) - 1] = mark + 1
        return line

    def end(self, rows: Floats) -> None:
        """Takes the rows of the steps of `begin`, shape (steps, SHARED)."""
        self._rows = rows
        for step, day in self._judges.items():
            self.judged[day - 1] = rows[step]

    def final(self, first: int, last: int) -> Floats:
        """Rows of the days `first` to `last`, each from all revisions about days up to it."""
        if first < self.since:
            return _all_rows([self.line(first, last)])[0][first - 1 - last :]
        return self._rows[[self._newest[day] for day in range(first, last + 1)]]

    def line(self, first: int, last: int) -> Lane:
        """The steps from the checkpoint before day `first` up to day `last`, by the stored evidence."""
        start = min((first - 1) // BLOCK, len(self._checkpoint) - 1)
        days = list(range(start * BLOCK + 1, last + 1))
        return Lane(self._baselines, self._checkpoint, start, days, self._heard[start * BLOCK + 1 : last + 1])

    def _add(self, line: Lane, day: int, heard: Heard | None) -> None:
        self._newest[day] = len(line.days)
        line.days.append(day)
        line.heard.append(heard)
        self._heard[day : day + 1] = [heard]

    def _go_back(self, line: Lane, day: int) -> None:
        """Makes the next step continue from `day`: from the sweep's history if that reaches it, else a checkpoint."""
        k = len(line.days)
        step = self._newest.get(day)
        if step is not None and k - step < HISTORY:
            line.back[k] = step
            return
        start = day // BLOCK
        line.back[k] = ~start
        for between in range(start * BLOCK + 1, day + 1):
            self._add(line, between, self._heard[between])

    def _same_until(self, plan: Plan) -> int:
        """How many days of a plan, from day 1 on, equal those of the previous run, so that their weights stay valid."""
        if len(plan.target) != plan.last or plan.baselines != self._baselines:
            return 0
        mine = self._heard[1 : plan.last + 1]
        if mine == plan.evidence[: len(mine)]:
            return len(mine)
        return next(i for i, heard in enumerate(mine) if heard != plan.evidence[i])


def run(filters: Sequence[Filter], plans: Sequence[Plan]) -> None:
    """Runs the plans in one batch, each on its own filter."""
    lines = [one.begin(plan) for one, plan in zip(filters, plans, strict=True)]
    for one, rows in zip(filters, _all_rows(lines), strict=True):
        one.end(rows)


def _all_rows(lines: list[Lane]) -> list[Floats]:
    """For each line a row a step, shape (steps, SHARED)."""
    order = _longest_first(lines)
    out = np.empty((len(lines), max((len(line.days) for line in lines), default=0), SHARED))
    for k, weights in enumerate(sweep([lines[i] for i in order])):
        out[: weights.shape[2], k] = fold(weights)
    found = {i: out[j, : len(lines[i].days)] for j, i in enumerate(order)}
    return [_normal(found[i]) for i in range(len(lines))]


def _normal(rows: Floats) -> Floats:
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _longest_first(lines: list[Lane]) -> list[int]:
    return sorted(range(len(lines)), key=lambda i: -len(lines[i].days))


@dataclass(frozen=True)
class Window:
    """The days `first` to `last` of a filter, to be smoothed with what is known up to the end of `last`."""

    filter: Filter
    first: int
    last: int


def smooth(windows: Sequence[Window]) -> list[Floats]:
    """Rows of the days of each window given all that is known up to its end: the backward recursion, in one batch."""
    lines = [w.filter.line(w.first, w.last) for w in windows]
    forward, bank = _all_weights(lines), Bank(lines)
    out = [np.empty((w.last - w.first + 1, SHARED)) for w in windows]
    order = sorted(range(len(lines)), key=lambda i: -len(out[i]))
    later = np.ones((ROWS, N_NOISE, len(lines), N_PLATEAU))
    for back in range(1, len(out[order[0]]) + 1 if order else 1):
        going = [i for i in order if len(out[i]) >= back]
        later = np.ascontiguousarray(later[:, :, : len(going)])
        rows = fold(side_by_side([forward[i][-back] for i in going]) * later)
        for j, (i, row) in enumerate(zip(going, rows, strict=True)):
            out[i][-back] = row
            if lines[i].days[-back] % par.DRIFT_EVERY == 0:
                drift(later[:, :, j])
        bank.hear(later, np.array([bank.row[len(lines[i].days) - back, i] for i in going]))
        later = (CHAIN.back @ later.reshape(ROWS, -1)).reshape(later.shape)
    return [_normal(rows) for rows in out]


def _all_weights(lines: list[Lane]) -> list[list[Floats]]:
    """For each line the weights after each step."""
    out: list[list[Floats]] = [[] for _ in lines]
    order = _longest_first(lines)
    for weights in sweep([lines[i] for i in order]):
        for j in range(weights.shape[2]):
            out[order[j]].append(weights[:, :, j])
    return out
