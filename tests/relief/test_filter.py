"""The filter beside a slow twin, and what must make no difference to it."""

from dataclasses import replace
from math import inf

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from app.relief import DEFINITIONS, Definition, Diary, EngineState, Procedure, judge, trace, trace_all
from app.relief import parameters as par
from app.relief.forward import Filter, Window, run, smooth
from app.relief.plan import Heard, make_plan
from app.relief.records import Floats
from app.relief.states import CHAIN, course_levels
from tests.relief.support import DAY0, course, day, diary
from tests.relief.test_properties import with_late_writings

PRONE, NOISE, PLATEAU = len(par.PRONE_WEIGHT), len(par.NOISE_SD), len(par.PLATEAU)


def slow_chance(heard: Heard, baseline: float, noise: int) -> Floats:
    """Chance of a score in each (course, plateau), state by state, from the normal distribution alone."""
    levels = np.clip(np.rint(course_levels(baseline) * baseline * 8) / 8, 0, 15)
    out = np.empty_like(levels)
    for place, level in np.ndenumerate(levels):
        r = par.NOISE_CORRELATION[noise] ** heard.gap if heard.gap < 4 else 0.0
        centre, sd = level + r * (heard.before - level), par.NOISE_SD[noise] * (1 - r * r) ** 0.5
        chance = 0.0
        for share, wide in ((1 - par.HEAVY_SHARE, sd), (par.HEAVY_SHARE, sd * par.HEAVY_TIMES)):
            chance += share * (norm.cdf(heard.high, centre, wide) - norm.cdf(heard.low, centre, wide))
        out[place] = max(chance, par.LEAST_CHANCE)
    return out


def slow_rows(heard: list[Heard | None], baseline: float) -> tuple[Floats, Floats]:
    """Filtered and smoothed weights (days, course * plateau) by whole matrices, one kind of person at a time."""
    days = len(heard)
    forward, backward = np.zeros((2, days, PRONE, NOISE, CHAIN.step.shape[1], PLATEAU))
    drift = CHAIN.drift.toarray()
    start = CHAIN.start.reshape(PRONE, -1, NOISE, PLATEAU)
    for prone in range(PRONE):
        for noise in range(NOISE):
            chances = [1.0 if h is None else slow_chance(h, baseline, noise) for h in heard]
            now = start[prone, :, noise]
            for d in range(days):
                now = (CHAIN.step[prone].T @ now) * chances[d]
                if (d + 1) % par.DRIFT_EVERY == 0:
                    now = now @ drift
                forward[d, prone, noise] = now
            later = np.ones_like(now)
            for d in range(days - 1, -1, -1):
                backward[d, prone, noise] = later
                if (d + 1) % par.DRIFT_EVERY == 0:
                    later = later @ drift.T
                later = CHAIN.step[prone] @ (later * chances[d])
    rows = [w.sum(axis=(1, 2)).reshape(days, -1) for w in (forward, forward * backward)]
    return rows[0] / rows[0].sum(axis=1, keepdims=True), rows[1] / rows[1].sum(axis=1, keepdims=True)


def test_the_filter_agrees_with_a_slow_twin() -> None:
    scores = course(7, 2, 16, 7, 24, seed=1)
    plan = make_plan(diary(scores), Procedure(DAY0), last=24, at_once=True)
    one = Filter()
    run([one], [plan])
    filtered, smoothed = slow_rows(plan.evidence, plan.baseline.pain or 0.0)
    assert np.abs(one.final(1, 24) - filtered).max() < 1e-6
    assert np.abs(smooth([Window(one, 1, 24)])[0] - smoothed).max() < 1e-6
    assert np.abs(smooth([Window(one, 19, 24)])[0] - smoothed[18:]).max() < 1e-6


@settings(max_examples=8, deadline=None)
@given(seeds=st.lists(st.integers(0, 5000), min_size=2, max_size=6))
def test_the_company_that_a_diary_is_in_changes_nothing(seeds: list[int]) -> None:
    diaries = [(with_late_writings(seed), Procedure(DAY0)) for seed in seeds]
    short = diaries[0][0].take(diaries[0][0].known_on < DAY0.toordinal() + 60), Procedure(DAY0)
    together = trace_all([*diaries, short])
    assert together == [trace(*one) for one in [*diaries, short]]


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 5000),
    asked=st.lists(st.tuples(st.integers(1, 150), st.sampled_from(DEFINITIONS)), min_size=2, max_size=8),
)
def test_going_on_from_what_was_kept_gives_the_same_verdict(seed: int, asked: list[tuple[int, Definition]]) -> None:
    whole, kept = with_late_writings(seed), EngineState()
    for on, definition in asked:
        known = whole.take(whole.known_on <= DAY0.toordinal() + on)
        anew = judge(known, Procedure(DAY0), as_of=day(on), definition=definition)
        assert judge(known, Procedure(DAY0), as_of=day(on), definition=definition, kept=kept) == anew


def test_a_baseline_that_changes_starts_again() -> None:
    scores, kept = course(7, 2, 60, 7, 120, seed=4), EngineState()
    judge(diary(scores), Procedure(DAY0), as_of=day(120), kept=kept)
    other = diary({d: s - 2 if d < 0 else s for d, s in scores.items()})
    assert judge(other, Procedure(DAY0), as_of=day(120), kept=kept) == judge(other, Procedure(DAY0), as_of=day(120))


def test_a_writing_that_comes_months_late_goes_back_to_its_day() -> None:
    scores = course(7, 2, 90, 7, 150, seed=5)
    late = dict.fromkeys(range(40, 60), 70)
    written = diary(scores, late={d: n - (d - 40) for d, n in late.items() if d in scores})
    unfolded = trace(written, Procedure(DAY0))
    for on in (109, 110, 111, 150):
        known = written.take(written.known_on <= DAY0.toordinal() + on)
        then = judge(known, Procedure(DAY0), as_of=day(on))
        assert unfolded.return_probability[on - 1] == then.returned.probability
        assert unfolded.phase[on - 1] == then.phase
    assert unfolded.verdict.returned == judge(written, Procedure(DAY0), as_of=day(150)).returned


def with_worst(scores: dict[int, float], worst: dict[int, float]) -> Diary:
    """A diary of averages, and of days on which only the worst was given."""
    made = diary(scores | worst)
    only = np.isin(made.day - DAY0.toordinal(), [d for d in worst if d not in scores])
    average, worsts = made.average.copy(), made.worst.copy()
    worsts[:, 2] = [worst.get(int(d) - DAY0.toordinal(), np.nan) for d in made.day]
    average[only] = np.nan
    return replace(made, average=average, worst=worsts)


def test_a_day_with_a_worst_score_alone_still_speaks() -> None:
    scores = {d: s for d, s in course(7, 2, 100, 7, 100, seed=6).items() if d <= 100}
    bad = with_worst(scores, dict.fromkeys(range(101, 150), 9.0) | {d: s + 1 for d, s in scores.items()})
    v = judge(bad, Procedure(DAY0), as_of=day(149))
    assert v.phase == "returned"
    well = with_worst(scores, dict.fromkeys(range(101, 150), 3.0) | {d: s + 1 for d, s in scores.items()})
    assert judge(well, Procedure(DAY0), as_of=day(149)).phase == "relief"


def test_coarse_habits_are_seen_and_read_as_wide_intervals() -> None:
    def heard(values: list[float]) -> Heard:
        scores = dict(enumerate((values * 4)[:20], start=1))
        last = make_plan(diary(scores), Procedure(DAY0, baseline_pain=7), last=20, at_once=True).evidence[-1]
        assert last is not None
        return last

    assert (heard([2, 4, 0, 6, 4]).low, heard([2, 4, 0, 6, 4]).high) == (3, 5)
    assert (heard([3, 5, 0, 7, 3]).low, heard([3, 5, 0, 7, 3]).high) == (1.5, 4)
    assert (heard([3, 4, 1, 6, 3]).low, heard([3, 4, 1, 6, 3]).high) == (2.5, 3.5)
    assert (heard([3, 4.5, 1, 6, 3]).low, heard([3, 4.5, 1, 6, 3]).high) == (2.75, 3.25)
    assert (heard([3, 4, 1, 6, 0]).low, heard([3, 4, 1, 6, 10]).high) == (-inf, inf)
