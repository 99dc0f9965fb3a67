"""The forward recursion (Rabiner 1989), day by day, for several diaries at once.

For one diary the overhead of a numpy call exceeds the arithmetic, so several diaries are stepped together in one array
`(prone, states, diaries, kinds)`. Each follows its own plan: one with a late revision steps back alone. The operations on
a diary's own numbers and their order do not depend on the batch, so its results are bit-identical in any batch.
"""

from collections.abc import Sequence

import numpy as np

from . import parameters as par
from .moods import N_KIND, RECORD, expected, mood_after_score, mood_next_day, times_since
from .places import StackedPlaces, places
from .plan import Plan, ScoreEvidence
from .prepared_chain import N_PRONE, START_WEIGHT, PreparedChain, prepared_chain
from .records import Days, Floats
from .remembered import BLOCK, HISTORY, DayEnd, Filter
from .spells import DayChances, PastSpell, SpellsSoFar, chances_of, next_spells, spoken_for, when_begun, when_ended


class DiarySteps:
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
        self.evidence: list[ScoreEvidence | None] = []
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

    def _put(self, day: int, k: int, *, heard: ScoreEvidence | None, version: int) -> None:
        self._at[day] = len(self.days)
        self.days.append(day)
        self.step_of.append(k)
        self.evidence.append(heard)
        self.known.append(self._known[day])
        self.version.append(version)
        self._heard[day : day + 1] = [heard]


def run(filters: Sequence[Filter], plans: Sequence[Plan]) -> None:
    """Runs the plans in one batch, each on its own filter; all filters have one definition."""
    diaries = []
    for kept, plan in zip(filters, plans, strict=True):
        diaries.append(DiarySteps(kept, plan, kept.begin(plan)))
    diaries = sorted((diary for diary in diaries if diary.days), key=lambda diary: -len(diary.days))
    if diaries:
        _Sweep(diaries).run()


class _Sweep:
    def __init__(self, diaries: list[DiarySteps]) -> None:
        self.diaries = diaries
        self.definition = diaries[0].kept.definition
        self.m: PreparedChain = prepared_chain(self.definition)
        self.history: list[Floats] = []
        self.pains = [[b.pain or 0.0 for b in diary.kept.baselines] for diary in diaries]
        self._placed: tuple[float, ...] = ()
        self.moods = np.zeros(
            (len(diaries), 1 + max(max(diary.days) for diary in diaries), *diaries[0].kept.moods.shape[1:])
        )
        for j, diary in enumerate(diaries):
            self.moods[j, : len(diary.kept.moods)] = diary.kept.moods

    def run(self) -> None:
        now = np.empty((N_PRONE, self.m.states, len(self.diaries), N_KIND))
        for k in range(len(self.diaries[0].days)):
            going = sum(len(diary.days) > k for diary in self.diaries)
            if going < now.shape[2]:
                now = np.ascontiguousarray(now[:, :, :going])
            now = self._step(now, k)
            self.history = [*self.history[-HISTORY + 1 :], now]
        for j, diary in enumerate(self.diaries):
            diary.kept.end(diary.days[-1], self.moods[j])

    def _step(self, now: Floats, k: int) -> Floats:
        diaries = self.diaries[: now.shape[2]]
        day = np.array([diary.days[k] for diary in diaries])
        now = self._older(now, day, k=k)
        now = self.m.next_day(now, np.array([diary.plan.rate[diary.days[k]] for diary in diaries]))
        for j, diary in enumerate(diaries):
            if diary.known[k][1] == diary.days[k] > par.JOINED_LATE_DAYS:
                now[:, :, j] = self.m.chain.joined[:, None] * START_WEIGHT
        mood = mood_next_day(self.moods[np.arange(len(diaries)), day - 1])
        self._place(diaries, k)
        self._weigh_scores(now, mood, k=k, day=day)
        self._note(now, mood, k=k, day=day)
        return now

    def _older(self, now: Floats, day: Days, *, k: int) -> Floats:
        """The weights that the step begins with: kept ones where it does not follow from the one before; cohorts grown."""
        diaries = self.diaries[: len(day)]
        older = np.flatnonzero((day - 1) % par.COHORT_DAYS == 0)
        elsewhere = [(j, diary.source[k]) for j, diary in enumerate(diaries) if k in diary.source]
        if not len(older) and not elsewhere:
            return now
        now = now.copy()  # what a late writing goes back to is left as it was
        for j, step in elsewhere:
            now[:, :, j] = diaries[j].kept.weights[int(day[j]) - 1] if step is None else self.history[step - k][:, :, j]
        for j in older.tolist():
            diaries[j].kept.grow_older(int(day[j]))
        if len(older) == len(diaries):
            self.m.grow_older(now)
        elif len(older):
            some = now[:, :, older]
            self.m.grow_older(some)
            now[:, :, older] = some
        return now

    def _place(self, diaries: list[DiarySteps], k: int) -> None:
        """Has the places of the baselines that hold ready, which do so for many steps."""
        pains = tuple(self.pains[j][diary.version[k]] for j, diary in enumerate(diaries))
        if pains != self._placed:
            self._placed = pains
            self.places = StackedPlaces.of([places(self.definition, pain) for pain in pains])

    def _weigh_scores(self, now: Floats, mood: Floats, *, k: int, day: Days) -> None:
        """Weighs the states by the day's scores, in place."""
        diaries = self.diaries[: len(day)]
        said = [(j, heard) for j, heard in enumerate(diary.evidence[k] for diary in diaries) if heard is not None]
        if not said:
            return
        rows = np.array([j for j, _ in said])
        steady = np.array([diaries[j].kept.days[d - 1].steady for j, d in zip(rows, day[rows], strict=True)])
        then = self.moods[rows[:, None], times_since(day[rows], steady), RECORD]
        ends = np.array([[heard.low, heard.high] for _, heard in said])
        now *= self.places.likelihoods(rows, expected(mood[rows], then), ends)

    def _note(self, now: Floats, mood: Floats, *, k: int, day: Days) -> None:
        """Notes what is known at the end of the day, and settles a return that has stood long enough."""
        flat = self.m.flat(now)
        share = 1 / flat.sum(axis=0)
        weights = now.reshape(-1, len(share) * N_KIND)
        weights *= np.repeat(share, N_KIND)  # in one stretch: many short ones are slow
        flat *= share
        levels = self.places.levels(flat)
        chances = chances_of(self.m.chain, flat, self.m.lasts)
        self._carry_moods(mood, chances, k=k, day=day)
        for j, (diary, known) in enumerate(zip(self.diaries, chances, strict=False)):
            day_, kept = diary.days[k], diary.kept
            was = kept.days[day_ - 1]
            steady = day_ if known.steady >= par.STEADY_AT else was.steady
            heard = diary.evidence[k]
            so_far = next_spells(was.so_far, known, logged=diary.known[k][0], heard=heard is not None)
            today = DayEnd(known, so_far, levels[j], *diary.known[k], steady=steady)
            ended = (
                self._settles(today, kept, day_)
                if heard is not None and so_far.held == "returned" and known.over >= par.SETTLED_AT
                else None
            )
            if ended is not None:
                self.m.settle(now, j)
                none = DayChances.none(len(known.young), len(known.ended))
                anew = SpellsSoFar("", (*so_far.spells, ended))
                today = DayEnd(none, anew, levels[j], *diary.known[k], steady=steady)
            kept.note(day_, today, heard)
            if diary.judges(k):
                kept.judged.append(kept.days[spoken_for(day_, diary.plan.newest[diary.step_of[k]])])
            if day_ % BLOCK == 0 or k + 2 >= len(diary.days):
                kept.weights[day_] = now[:, :, j].copy()

    def _carry_moods(self, mood: Floats, chances: list[DayChances], *, k: int, day: Days) -> None:
        """What the day's scores tell of the mood."""
        score, counts = np.zeros(len(day)), np.zeros((len(day), 2))
        for j, known in enumerate(chances):
            heard = self.diaries[j].evidence[k]
            if heard is not None:
                score[j], counts[j] = heard.score, (known.steady, 1.0)
        self.moods[np.arange(len(day)), day] = mood_after_score(mood, score, counts)

    def _settles(self, known: DayEnd, kept: Filter, day: int) -> PastSpell | None:
        """The spell that has ended for good on a day with a score: its end has stood, and the diary speaks for that."""
        end = when_ended(known.chances, kept.ages, day)
        if day - kept.speaks_from(end.on, day) < par.STANDS_DAYS:
            return None
        begun = when_begun(known.chances, kept.ages, day, lasts=self.m.lasts, first=known.first)
        joined = known.first > par.JOINED_LATE_DAYS and begun.on <= known.first
        return PastSpell(None if joined and not known.so_far.spells else begun, end)
