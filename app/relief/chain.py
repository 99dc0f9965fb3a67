"""The states of the course and how it moves from day to day.

A course is a hidden Markov chain. Its states lie in five blocks, in the order in which a treatment passes through them:

- `settling`: after the procedure, on the way to whatever it will bring;
- `before`: no relief, on a grid of levels from the line up; relief may still begin, however late;
- `young`: relief that has lasted for less than 28 days, apart by the day on which it began, calm or in a flare-up; an
  anaesthetic's ends here;
- `relief`: on a plateau under the line, in a flare-up or a bad spell that will pass, or climbing towards the line;
- `ended`: at or above the line, apart by the day on which it was crossed, or in a good spell that will pass.

From `ended` no way leads back: times at or above the line that do not last for 42 days are bad spells of `relief`. So the
chance of `ended` is that of a rise which will stand, and how it is spread over the days of the crossing is the date of
the return, known forwards, without a second pass. A chain with ages is a hidden semi-Markov model (Yu 2010, Artificial
Intelligence 174).
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array, csr_array

from . import parameters as par
from .records import Definition, Floats


@dataclass(frozen=True)
class StateBlock:
    """Where a block lies: states `start` to `stop`, as an array (bins, rows, levels) in that order."""

    start: int
    bins: int
    rows: int
    levels: int

    @property
    def stop(self) -> int:
        """The first state after the block."""
        return self.start + self.bins * self.rows * self.levels

    @property
    def slice(self) -> slice:
        """The block's states."""
        return slice(self.start, self.stop)

    def at(self, level: int, row: int = 0, time: int = 0) -> int:
        """One state of the block."""
        return self.start + (time * self.rows + row) * self.levels + level


class Moves:
    """Rates of moves from state to state, gathered one by one."""

    def __init__(self, states: int) -> None:
        self._n = states
        self._from: list[int] = []
        self._to: list[int] = []
        self._rate: list[float] = []

    def add(self, source: int, target: int, rate: float) -> None:
        """`rate` of the source's weight moves to the target in a day."""
        self._from += [source, source]
        self._to += [target, source]
        self._rate += [rate, -rate]

    def matrix(self, *, stay: bool) -> csr_array:
        """Shape (states, states): column vectors of weights of one day -> of the next, or the change alone."""
        n = self._n
        moved = csr_array(coo_array((self._rate, (self._to, self._from)), shape=(n, n)))
        moved.sum_duplicates()
        return csr_array(moved + csr_array(coo_array(np.eye(n)))) if stay else moved


@dataclass(frozen=True)
class Chain:
    """The fixed part of the model for one definition. N states.

    Args:
        settling, before, young, relief, ended: the blocks.
        level: shape (N,), pain as a share of the baseline, flare-ups left out: what a verdict calls the level.
        rise: shape (N,), points that a flare-up adds.
        onward: for calm and for prone people, shape (N, N), sparse: weights of one day -> of the next.
        leaving: shape (N, N), sparse: the change in a day by returns that begin, at a rate of one a day.
        settled: shape (N, N), sparse: `ended` -> `before`, once a return is settled.
        start, joined: shape (N,), chances on the day of the procedure, and of somebody first heard of late.
    """

    settling: StateBlock
    before: StateBlock
    young: StateBlock
    relief: StateBlock
    ended: StateBlock
    level: Floats
    rise: Floats
    onward: tuple[csr_array, csr_array]
    leaving: csr_array
    settled: csr_array
    start: Floats
    joined: Floats

    @property
    def size(self) -> int:
        """How many states there are."""
        return len(self.level)


@cache
def chain_of(definition: Definition) -> Chain:
    """The chain whose `relief` and `ended` mean what they do under a definition."""
    return _Builder(definition).build()


class _Builder:
    def __init__(self, definition: Definition) -> None:
        self.onset, self.end = par.ONSET_LEVEL[definition], par.RETURN_LEVEL[definition]
        self.plateau = np.array([*(self.onset * np.array(par.PLATEAU_OF_LINE)), *_between(self.onset, self.end)])
        self.above = np.array([v for v in par.ABOVE_LINE if v >= par.CLEAR_OF_LINE * self.end])
        self.high = np.array([v for v in par.ABOVE_LINE if v >= par.CLEAR_OF_LINE * self.onset])
        self.rising = list(range(0, max(1, int(sum(self.above < par.CLIMB_TOP))), 2))  # every second one is a rung
        self.rungs = len(self.rising)
        cohorts = par.SPELL_DAYS // par.COHORT_DAYS + 1
        place, blocks = 0, []
        for bins, rows, levels in (
            (1, 1, len(par.SETTLING_LEVEL)),
            (1, 1, len(self.high)),
            (cohorts, 1 + par.YOUNG_FLARES, len(self.plateau)),
            (1, 1 + sum(f.stages for f in par.FLARES) + len(par.CLIMB_DAYS) * len(par.CLIMB_WAY), len(self.plateau)),
            (par.ENDED_COHORTS, 1, self.rungs + len(self.above) + len(par.GOOD_SPELL_LEVEL)),
        ):
            blocks.append(StateBlock(place, bins, rows, levels))
            place = blocks[-1].stop
        self.settling, self.before, self.young, self.relief, self.ended = blocks
        self.n = place

    def build(self) -> Chain:
        level, rise = self._levels()
        return Chain(
            self.settling,
            self.before,
            self.young,
            self.relief,
            self.ended,
            level=level,
            rise=rise,
            onward=(self._onward(par.PRONE_TIMES[0]), self._onward(par.PRONE_TIMES[1])),
            leaving=self._leaving(),
            settled=self._settled(),
            start=self._start(),
            joined=self._joined(),
        )

    def _levels(self) -> tuple[Floats, Floats]:
        level, rise = np.zeros(self.n), np.zeros(self.n)
        level[self.settling.slice] = par.SETTLING_LEVEL
        level[self.before.slice] = self.high
        level[self.young.slice] = np.tile(self.plateau, self.young.bins * self.young.rows)
        level[self.relief.slice] = np.tile(self.plateau, self.relief.rows)
        own = [*self.above[self.rising], *self.above, *(self.end * np.array(par.GOOD_SPELL_LEVEL))]
        level[self.ended.slice] = np.tile(own, self.ended.bins)
        for i in range(len(self.plateau)):
            for row, flare in enumerate(par.FLARES[: par.YOUNG_FLARES], start=1):
                for time in range(self.young.bins):
                    rise[self.young.at(i, row, time)] = flare.rise
            row = 1
            for flare in par.FLARES:
                for _ in range(flare.stages):
                    rise[self.relief.at(i, row)] = flare.rise
                    row += 1
            for _ in par.CLIMB_DAYS:
                for way in par.CLIMB_WAY:
                    level[self.relief.at(i, row)] += way * (self.end - self.plateau[i])
                    row += 1
        return level, rise

    def _plateau_weight(self) -> Floats:
        """Chance of each plateau for relief that begins: it begins at or below the line of the onset."""
        weight = par.level_density(self.plateau) * np.gradient(self.plateau) * (self.plateau < self.onset)
        return np.asarray(weight / weight.sum())

    def _high_weight(self) -> Floats:
        weight = par.level_density(self.high) * np.gradient(self.high)
        return np.asarray(weight / weight.sum())

    def _works(self) -> float:
        """Share of treatments that bring relief."""
        grid = np.linspace(0, 3, 601)
        dense = par.level_density(grid)
        return float(dense[grid < self.onset].sum() / dense.sum())

    def _onward(self, prone: float) -> csr_array:
        moves = Moves(self.n)
        self._begin(moves)
        self._stay_young(moves, prone)
        self._flare(moves, prone)
        self._climb(moves)
        self._end(moves)
        return moves.matrix(stay=True)

    def _begin(self, moves: Moves) -> None:
        plateau, high, works = self._plateau_weight(), self._high_weight(), self._works()
        count = self.settling.levels
        for s in range(count):
            source = self.settling.at(s)
            for other in range(count):
                if other != s:
                    moves.add(source, self.settling.at(other), par.SETTLING_MIX / count)
            for i, share in enumerate(plateau):
                moves.add(source, self.young.at(i), par.SETTLING_ENDS * works * share)
            for i, share in enumerate(high):
                moves.add(source, self.before.at(i), par.SETTLING_ENDS * (1 - works) * share)
        for b in range(self.before.levels):
            source = self.before.at(b)
            for i, share in enumerate(plateau):
                moves.add(source, self.young.at(i), par.LATE_ONSET * share)
            _neighbours(moves, [self.before.at(k) for k in range(self.before.levels)], self.high, at=b)

    def _stay_young(self, moves: Moves, prone: float) -> None:
        high = self._high_weight()
        for time in range(self.young.bins):
            early = time * par.COHORT_DAYS < par.EARLY_DAYS
            for i in range(self.young.levels):
                for b, share in enumerate(high):
                    fails = par.EARLY_FAILS if early else par.YOUNG_FAILS
                    moves.add(self.young.at(i, time=time), self.before.at(b), fails * share)
                for row, flare in enumerate(par.FLARES[: par.YOUNG_FLARES], start=1):
                    moves.add(self.young.at(i, time=time), self.young.at(i, row, time), flare.rate * prone)
                    moves.add(self.young.at(i, row, time), self.young.at(i, time=time), 1 / flare.days)

    def _flare(self, moves: Moves, prone: float) -> None:
        for i in range(self.relief.levels):
            calm, row = self.relief.at(i), 1
            for other in (i - 1, i + 1):
                if 0 <= other < self.relief.levels:
                    moves.add(calm, self.relief.at(other), par.PLATEAU_MOVE / 2)
            for flare in par.FLARES:
                moves.add(calm, self.relief.at(i, row), flare.rate * prone)
                for stage in range(flare.stages):
                    there = self.relief.at(i, row + 1) if stage + 1 < flare.stages else calm
                    moves.add(self.relief.at(i, row), there, flare.stages / flare.days)
                    row += 1

    def _climb(self, moves: Moves) -> None:
        row = self._first_rung()
        for days in par.CLIMB_DAYS:
            for k, way in enumerate(par.CLIMB_WAY):
                last = k + 1 == len(par.CLIMB_WAY)
                for i in range(self.relief.levels):
                    source = self.relief.at(i, row)
                    goes = len(par.CLIMB_WAY) / days
                    moves.add(source, self.ended.at(0) if last else self.relief.at(i, row + 1), goes)
                    reached = self.plateau[i] + way * (self.end - self.plateau[i])
                    stops = int(np.abs(self.plateau - reached).argmin())
                    moves.add(source, self.relief.at(stops), goes * par.CLIMB_STOPS)
                row += 1

    def _first_rung(self) -> int:
        return 1 + sum(f.stages for f in par.FLARES)

    def _end(self, moves: Moves) -> None:
        n, rungs = len(self.above), self.rungs
        for time in range(self.ended.bins):
            resting = [self.ended.at(rungs + k, time=time) for k in range(n)]
            for k in range(rungs):
                rising = self.ended.at(k, time=time)
                stops = par.RUNG_STOPS if k + 1 < rungs else 1.0
                moves.add(rising, resting[self.rising[k]], par.RUNG_RATE * stops)
                if k + 1 < rungs:
                    moves.add(rising, self.ended.at(k + 1, time=time), par.RUNG_RATE * (1 - stops))
            for k in range(n):
                _neighbours(moves, resting, self.above, at=k)
                if time * par.COHORT_DAYS < par.STANDS_DAYS:
                    continue  # good days before an end has stood make a flare-up of what came before them
                for good in range(len(par.GOOD_SPELL_LEVEL)):
                    dip = self.ended.at(rungs + n + good, time=time)
                    moves.add(resting[k], dip, par.GOOD_SPELL_RATE / len(par.GOOD_SPELL_LEVEL))
                    moves.add(dip, resting[k], 1 / par.GOOD_SPELL_DAYS / n)

    def _leaving(self) -> csr_array:
        moves = Moves(self.n)
        row = self._first_rung()
        jump = np.interp(self.above, *np.array(par.RETURN_TO).T) * np.gradient(self.above)
        for i in range(self.relief.levels):
            calm = self.relief.at(i)
            for k, share in enumerate(jump / jump.sum()):
                moves.add(calm, self.ended.at(self.rungs + k), par.RETURN_ABRUPT * share)
            for speed, share in enumerate(par.CLIMB_WEIGHT):
                first = self.relief.at(i, row + speed * len(par.CLIMB_WAY))
                moves.add(calm, first, (1 - par.RETURN_ABRUPT) * share)
        return moves.matrix(stay=False)

    def _settled(self) -> csr_array:
        source, target, weight = [], [], []
        nearest = [int(np.abs(self.high - v).argmin()) for v in [*self.above[self.rising], *self.above]]
        for time in range(self.ended.bins):
            for k in range(self.ended.levels):
                if k < len(nearest):
                    spread = [(nearest[k], 1.0)]
                else:  # in a good spell: it may be the beginning of another
                    spread = [(b, 1.0 / len(self.high)) for b in range(len(self.high))]
                for b, share in spread:
                    source.append(self.ended.at(k, time=time))
                    target.append(self.before.at(b))
                    weight.append(share)
        return csr_array(coo_array((weight, (target, source)), shape=(self.n, self.n)))

    def _start(self) -> Floats:
        start = np.zeros(self.n)
        start[self.settling.slice] = (1 - par.START_LATE) / self.settling.levels
        start[self.before.slice] = par.START_LATE * self._high_weight()
        return start

    def _joined(self) -> Floats:
        joined = np.zeros(self.n)
        joined[self.relief.start : self.relief.start + self.relief.levels] = par.JOINED_WELL * self._plateau_weight()
        joined[self.before.slice] = (1 - par.JOINED_WELL) * self._high_weight()
        return joined


def _between(low: float, high: float) -> Floats:
    """Levels at which relief that began below one line still holds below another, higher one."""
    return np.linspace(low, high, 7)[:-1] + (high - low) / 12 if high > low else np.empty(0)


def _neighbours(moves: Moves, states: list[int], levels: Floats, *, at: int) -> None:
    """A level above the line wanders: to a neighbour the more rarely the farther that lies, as in a diffusion."""
    for other in (at - 1, at + 1):
        if 0 <= other < len(states):
            apart = abs(levels[other] - levels[at]) / par.HIGH_APART
            moves.add(states[at], states[other], par.HIGH_MOVE / 2 / apart**2)


assert all(a < b for a, b in pairwise(par.ABOVE_LINE))
