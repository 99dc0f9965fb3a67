"""The forward recursion (Rabiner 1989), day by day, for several diaries at once.

For one diary the overhead of a numpy call exceeds the arithmetic, so several diaries are stepped together in one array
`(prone, states, diaries, kinds)`. Each follows its own plan: one with a late revision steps back alone. The operations on
a diary's own numbers and their order do not depend on the batch, so its results are bit-identical in any batch.
"""

from collections.abc import Sequence

import numpy as np

from . import parameters as par
from .mechanics import N_PRONE, START_WEIGHT, Mechanics, mechanics
from .moods import N_KIND, RECORD, expected, hear, overnight, times_since
from .places import Placed, places
from .plan import Heard, Plan
from .records import Days, Floats
from .remembered import BLOCK, HISTORY, DayEnd, Filter
from .standing import Masses, PastSpell, Standing, masses_of, next_standing, when_begun, when_ended


class Lane:
    """One diary's part of a sweep: its steps, and where those begin that do not follow from the one before.

    Args:
        days, evidence: shape (steps,), the day stepped to and what its score says.
        step_of: shape (steps,), the plan's step; -1 for a day gone through again on the way to one.
        known: shape (steps,), days with a score up to the step's day, and the first of them.
        version: shape (steps,), the baseline that held.
        source: by step that does not follow from the one before, the step that it follows from, or None for kept weights.
    """

    def __init__(self, kept: Filter, plan: Plan, first: int) -> None:
        self.kept, self.plan = kept, plan
        self.days: list[int] = []
        self.evidence: list[Heard | None] = []
        self.step_of: list[int] = []
        self.known: list[tuple[int, int]] = []
        self.version: list[int] = []
        self.source: dict[int, int | None] = {}
        self._heard = kept.evidence.copy()
        self._known = [(day.logged, day.first) for day in kept.days]
        self._at: dict[int, int] = {}
        self._judges = set(plan.marks)
        for k in range(first - 1, len(plan.target)):
            day = plan.target[k]
            if not self.days or self.days[-1] != day - 1:
                self._reach(day - 1, plan.version[k])
            self._known[day : day + 1] = [(plan.logged[k], plan.first[k])]
            self._put(day, k, heard=plan.evidence[k], version=plan.version[k])

    def judges(self, step: int) -> bool:
        """Whether a day is judged after a step."""
        return self.step_of[step] in self._judges

    def _reach(self, day: int, version: int) -> None:
        """Makes the next step follow from `day`, by steps from a checkpoint before it where its weights are gone."""
        step = self._at.get(day)
        if step is not None and len(self.days) - step < HISTORY:
            self.source[len(self.days)] = step
            return
        start = day if step is None and day in self.kept.weights else day - day % BLOCK
        self.source[len(self.days)] = None
        for between in range(start + 1, day + 1):
            self._put(between, -1, heard=self._heard[between], version=version)

    def _put(self, day: int, k: int, *, heard: Heard | None, version: int) -> None:
        self._at[day] = len(self.days)
        self.days.append(day)
        self.step_of.append(k)
        self.evidence.append(heard)
        self.known.append(self._known[day])
        self.version.append(version)
        self._heard[day : day + 1] = [heard]


def run(filters: Sequence[Filter], plans: Sequence[Plan]) -> None:
    """Runs the plans in one batch, each on its own filter; all filters have one definition."""
    lanes = []
    for kept, plan in zip(filters, plans, strict=True):
        lanes.append(Lane(kept, plan, kept.begin(plan)))
    lanes = sorted((lane for lane in lanes if lane.days), key=lambda lane: -len(lane.days))
    if lanes:
        _Sweep(lanes).run()


class _Sweep:
    def __init__(self, lanes: list[Lane]) -> None:
        self.lanes = lanes
        self.definition = lanes[0].kept.definition
        self.m: Mechanics = mechanics(self.definition)
        self.history: list[Floats] = []
        self.pains = [[b.pain or 0.0 for b in lane.kept.baselines] for lane in lanes]
        self._placed: tuple[float, ...] = ()
        self.moods = np.zeros((len(lanes), 1 + max(max(lane.days) for lane in lanes), *lanes[0].kept.moods.shape[1:]))
        for j, lane in enumerate(lanes):
            self.moods[j, : len(lane.kept.moods)] = lane.kept.moods

    def run(self) -> None:
        now = np.empty((N_PRONE, self.m.states, len(self.lanes), N_KIND))
        for k in range(len(self.lanes[0].days)):
            going = sum(len(lane.days) > k for lane in self.lanes)
            if going < now.shape[2]:
                now = np.ascontiguousarray(now[:, :, :going])
            now = self._step(now, k)
            self.history = [*self.history[-HISTORY + 1 :], now]
        for j, lane in enumerate(self.lanes):
            lane.kept.end(lane.days[-1], self.moods[j])

    def _step(self, now: Floats, k: int) -> Floats:
        lanes = self.lanes[: now.shape[2]]
        day = np.array([lane.days[k] for lane in lanes])
        now = self._older(now, day, k=k)
        now = self.m.overnight(now, np.array([lane.plan.rate[lane.days[k]] for lane in lanes]))
        for j, lane in enumerate(lanes):
            if lane.known[k][1] == lane.days[k] > par.JOINED_LATE_DAYS:
                now[:, :, j] = self.m.chain.joined[:, None] * START_WEIGHT
        mood = overnight(self.moods[np.arange(len(lanes)), day - 1])
        self._place(lanes, k)
        self._hear(now, mood, k=k, day=day)
        self._note(now, mood, k=k, day=day)
        return now

    def _older(self, now: Floats, day: Days, *, k: int) -> Floats:
        """The weights that the step begins with: kept ones where it does not follow from the one before; cohorts grown."""
        lanes = self.lanes[: len(day)]
        older = np.flatnonzero((day - 1) % par.COHORT_DAYS == 0)
        elsewhere = [(j, lane.source[k]) for j, lane in enumerate(lanes) if k in lane.source]
        if not len(older) and not elsewhere:
            return now
        now = now.copy()  # what a late writing goes back to is left as it was
        for j, step in elsewhere:
            now[:, :, j] = lanes[j].kept.weights[int(day[j]) - 1] if step is None else self.history[step - k][:, :, j]
        for j in older.tolist():
            lanes[j].kept.grow_older(int(day[j]))
        if len(older) == len(lanes):
            self.m.grow_older(now)
        elif len(older):
            some = now[:, :, older]
            self.m.grow_older(some)
            now[:, :, older] = some
        return now

    def _place(self, lanes: list[Lane], k: int) -> None:
        """Has the places of the baselines that hold ready, which do so for many steps."""
        pains = tuple(self.pains[j][lane.version[k]] for j, lane in enumerate(lanes))
        if pains != self._placed:
            self._placed = pains
            self.places = Placed.of([places(self.definition, pain) for pain in pains])

    def _hear(self, now: Floats, mood: Floats, *, k: int, day: Days) -> None:
        """Weighs the states by the day's scores, in place."""
        lanes = self.lanes[: len(day)]
        said = [(j, heard) for j, heard in enumerate(lane.evidence[k] for lane in lanes) if heard is not None]
        if not said:
            return
        rows = np.array([j for j, _ in said])
        steady = np.array([lanes[j].kept.days[d - 1].steady for j, d in zip(rows, day[rows], strict=True)])
        then = self.moods[rows[:, None], times_since(day[rows], steady), RECORD]
        ends = np.array([[heard.low, heard.high] for _, heard in said])
        now *= self.places.told(rows, expected(mood[rows], then), ends)

    def _note(self, now: Floats, mood: Floats, *, k: int, day: Days) -> None:
        """Notes what is known at the end of the day, and settles a return that has stood long enough."""
        flat = self.m.flat(now)
        share = 1 / flat.sum(axis=0)
        weights = now.reshape(-1, len(share) * N_KIND)
        weights *= np.repeat(share, N_KIND)  # in one stretch: many short ones are slow
        flat *= share
        levels = self.places.levels(flat)
        masses = masses_of(self.m.chain, flat, self.m.lasts)
        self._remember(mood, masses, k=k, day=day)
        for j, (lane, known) in enumerate(zip(self.lanes, masses, strict=False)):
            day_, kept = lane.days[k], lane.kept
            was = kept.days[day_ - 1]
            steady = day_ if known.steady >= par.STEADY_AT else was.steady
            heard = lane.evidence[k]
            standing = next_standing(was.standing, known, logged=lane.known[k][0], heard=heard is not None)
            today = DayEnd(known, standing, levels[j], *lane.known[k], steady=steady)
            ended = (
                self._settles(today, kept, day_)
                if heard is not None and standing.held == "returned" and known.over >= par.SETTLED_AT
                else None
            )
            if ended is not None:
                self.m.settle(now, j)
                none = Masses.none(len(known.young), len(known.ended))
                anew = Standing("", (*standing.spells, ended))
                today = DayEnd(none, anew, levels[j], *lane.known[k], steady=steady)
            kept.note(day_, today, heard)
            if lane.judges(k):
                kept.judged.append(today)
            if day_ % BLOCK == 0 or k + 2 >= len(lane.days):
                kept.weights[day_] = now[:, :, j].copy()

    def _remember(self, mood: Floats, masses: list[Masses], *, k: int, day: Days) -> None:
        """What the day's scores tell of the mood."""
        score, counts = np.zeros(len(day)), np.zeros((len(day), 2))
        for j, known in enumerate(masses):
            heard = self.lanes[j].evidence[k]
            if heard is not None:
                score[j], counts[j] = heard.score, (known.steady, 1.0)
        self.moods[np.arange(len(day)), day] = hear(mood, score, counts)

    def _settles(self, known: DayEnd, kept: Filter, day: int) -> PastSpell | None:
        """The spell that has ended for good on a day with a score: its end has stood, and the diary speaks for that."""
        end = when_ended(known.masses, kept.ages, day)
        if day - kept.speaks_from(end.on, day) < par.STANDS_DAYS:
            return None
        begun = when_begun(known.masses, kept.ages, day, lasts=self.m.lasts, first=known.first)
        joined = known.first > par.JOINED_LATE_DAYS and begun.on <= known.first
        return PastSpell(None if joined and not known.standing.spells else begun, end)
