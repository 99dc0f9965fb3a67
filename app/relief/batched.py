"""The forward recursion (Rabiner 1989), step by step, for several diaries at once.

For one diary the overhead of a numpy call exceeds the arithmetic, so several diaries are stepped together in one array
`(prone * course, noise, diaries, plateau)`. Each follows its own plan: a diary with a late revision steps back alone.
The operations on a diary's own numbers and their order do not depend on the batch, so its results are bit-identical in
any batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from . import parameters as par
from .baseline import Baseline
from .plan import Heard
from .records import Floats
from .scores import LEVEL_GRID_STEP, N_LEVEL, score_table
from .states import CHAIN, N_COURSE, N_NOISE, N_PERSON, N_PLATEAU, N_PRONE, course_levels

BLOCK = par.DRIFT_EVERY  # days from checkpoint to checkpoint
HISTORY = 16  # steps that a late revision may go back without using a checkpoint
ROWS = N_PRONE * N_COURSE


@dataclass
class Lane:
    """One diary's part of a sweep.

    Args:
        checkpoint: weights of day 0, BLOCK, 2 * BLOCK, ..., each (prone * course, noise, plateau); a sweep adds to it.
        start: index of the checkpoint from which the first step continues.
        days, heard: per step, the day stepped to and the evidence of its score (None: no score).
        back: for a step that does not continue from the one before it, the step it continues from (`~c`: checkpoint c).
    """

    baselines: list[Baseline]
    checkpoint: list[Floats]
    start: int
    days: list[int] = field(default_factory=list)
    heard: list[Heard | None] = field(default_factory=list)
    back: dict[int, int] = field(default_factory=dict)


class Bank:
    """Likelihood of each distinct score of several lines in each state.

    Args:
        row: shape (steps of the longest line, lines), the row of the bank for each step; row 0 is all ones (no score).
    """

    def __init__(self, lines: list[Lane]) -> None:
        rows: list[Floats] = [np.ones((N_COURSE, N_PERSON))]
        self.row = np.zeros((max((len(line.days) for line in lines), default=0), len(lines)), dtype=np.int64)
        for j, line in enumerate(lines):
            places: dict[int, npt.NDArray[np.int64]] = {}
            at: dict[Heard | None, int] = {None: 0}
            for heard in line.heard:
                if heard not in at:
                    assert heard is not None
                    if heard.version not in places:
                        places[heard.version] = _places(line.baselines[heard.version])
                    table = score_table(heard.low, heard.high, before=heard.before, gap=heard.gap)
                    at[heard] = len(rows)
                    rows.append(np.take(table.ravel(), places[heard.version]))
            self.row[: len(line.days), j] = [at[heard] for heard in line.heard]
        self._rows = np.stack(rows, axis=1).reshape(N_COURSE, len(rows), N_NOISE, N_PLATEAU)
        self._rows = np.ascontiguousarray(self._rows.transpose(0, 2, 1, 3))

    def hear(self, weights: Floats, rows: npt.NDArray[np.int64]) -> None:
        """Multiplies weights (prone * course, noise, lines, plateau), in place, by a row for each line."""
        if rows.any():
            split = weights.reshape(N_PRONE, N_COURSE, N_NOISE, len(rows), N_PLATEAU)
            np.multiply(split, np.take(self._rows, rows, axis=2), out=split)


def _places(baseline: Baseline) -> npt.NDArray[np.int64]:
    pain = baseline.pain or 0.0
    grid = np.clip(np.rint(course_levels(pain) * pain / LEVEL_GRID_STEP), 0, N_LEVEL - 1).astype(np.int64)
    return (np.arange(N_NOISE)[:, None] * N_LEVEL + grid[:, None, :]).reshape(N_COURSE, N_PERSON)


def sweep(lines: list[Lane]) -> Iterator[Floats]:
    """Yields the weights after each step, shape (prone * course, noise, unfinished lines, plateau), not normalised.

    Lines must be sorted longest first. A step with an entry in `back` writes into the array yielded before it: use that
    array before taking the next step.
    """
    if not lines:
        return
    bank = Bank(lines)
    special = _special(lines)
    now = side_by_side([line.checkpoint[line.start] for line in lines])
    history: list[Floats] = []
    for k, going in enumerate(_going(lines)):
        if going < now.shape[2]:
            now = np.ascontiguousarray(now[:, :, :going])
        for j, line in special.get(k, ()):
            source = line.back.get(k)
            if source is not None:
                now[:, :, j] = history[source - k][:, :, j] if source >= 0 else line.checkpoint[~source]
        now = (CHAIN.onward @ now.reshape(ROWS, -1)).reshape(ROWS, N_NOISE, going, N_PLATEAU)
        bank.hear(now, bank.row[k, :going])
        for j, line in special.get(k, ()):
            day = line.days[k]
            if day % par.DRIFT_EVERY == 0:
                drift(now[:, :, j])
                line.checkpoint[day // BLOCK : day // BLOCK + 1] = [now[:, :, j].copy()]
        history.append(now)
        if len(history) > HISTORY:
            del history[0]
        yield now


def _going(lines: list[Lane]) -> list[int]:
    """For each step, how many lines are at least that long."""
    ends = np.bincount([len(line.days) for line in lines])
    return [int(n) for n in (len(lines) - np.cumsum(ends))[: len(lines[0].days)]]


def _special(lines: list[Lane]) -> dict[int, list[tuple[int, Lane]]]:
    """The steps with a plateau drift or an entry in `back`, and the lines concerned."""
    out: dict[int, list[tuple[int, Lane]]] = {}
    for j, line in enumerate(lines):
        for k, day in enumerate(line.days):
            if day % par.DRIFT_EVERY == 0 or k in line.back:
                out.setdefault(k, []).append((j, line))
    return out


def side_by_side(weights: list[Floats]) -> Floats:
    """Weights of n diaries, each (prone * course, noise, plateau), in one array (prone * course, noise, n, plateau)."""
    return np.stack(weights, axis=2)


def drift(weights: Floats) -> None:
    """Applies DRIFT_EVERY days of plateau drift to one diary's weights, in place, and normalises them."""
    moved = CHAIN.drift @ weights.reshape(-1, N_PLATEAU).T
    weights[:] = moved.T.reshape(weights.shape) / moved.sum()


def fold(weights: Floats) -> Floats:
    """Proneness and noise summed out: (prone * course, noise, n, plateau) -> (n, course * plateau), not normalised."""
    split = weights.reshape(N_PRONE, N_COURSE, N_NOISE, -1, N_PLATEAU)
    person = split[0]
    for prone in range(1, N_PRONE):
        person = person + split[prone]
    total = person[:, 0]
    for noise in range(1, N_NOISE):
        total = total + person[:, noise]
    return np.ascontiguousarray(total.transpose(1, 0, 2)).reshape(-1, N_COURSE * N_PLATEAU)
