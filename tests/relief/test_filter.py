"""The filter beside a slow twin, and what must make no difference to it."""

from copy import deepcopy
from dataclasses import replace
from itertools import product
from math import exp, inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from app.relief import DEFINITIONS, Definition, Diary, EngineState, Procedure, judge, trace, trace_all
from app.relief import parameters as par
from app.relief.chain import Chain
from app.relief.forward import run
from app.relief.plan import Plan, ScoreEvidence, make_plan
from app.relief.prepared_chain import prepared_chain
from app.relief.records import Floats
from app.relief.remembered import Filter
from tests.relief.support import DAY0, course, day, diary
from tests.relief.test_properties import with_late_writings


def weights_of(kept: Filter, day_: int) -> Floats:
    """A day's weights by state, shape (states,)."""
    return np.asarray(kept.weights[day_].sum(axis=(0, 2)))


def slow_mood(
    heard: list[ScoreEvidence | None], counts: list[float], since: int, *, kind: par.Noise
) -> tuple[float, float, float]:
    """The next score's mean, as shift and slope of the level, and its SD, one score after the other.

    The level has been what it is since a day; `counts` is how much each score counts as one of it. The weight given to each
    score is that of somebody who has listened from the first day on.
    """
    keeps, shift, slope, listened = exp(-1 / kind.days), 0.0, 0.0, kind.mood**2
    variance = kind.mood**2
    for d, (one, share) in enumerate(zip(heard, counts, strict=True), start=1):
        listened = listened * keeps**2 + kind.mood**2 * (1 - keeps**2)
        gain = share * listened / (listened + kind.noise**2) if one else 0.0
        listened *= 1 - gain
        if d > since:
            shift, slope = keeps * shift, keeps * slope
            variance = variance * keeps**2 + kind.mood**2 * (1 - keeps**2)
            if one:
                shift, slope = shift + gain * (one.score - shift), slope + gain * (-1 - slope)
                variance = (1 - gain) ** 2 * variance + gain**2 * kind.noise**2
    variance = (listened if since == 0 else variance) * keeps**2 + kind.mood**2 * (1 - keeps**2)
    return keeps * shift, 1 + keeps * slope, (variance + kind.noise**2) ** 0.5


def since_when(chain: Chain, d: int, steady: list[float]) -> list[int]:
    """For each state the day from which its level counts as what it is; 0 is always."""
    time = (d - 1) // par.COHORT_DAYS
    ago = {1: d - 1, 2: max(0, (time - 1) * par.COHORT_DAYS + 2), 3: max(0, (time - 3) * par.COHORT_DAYS + 2)}
    since = [0] * chain.size
    for block in (chain.young, chain.ended):
        for k, state in enumerate(range(block.start, block.stop)):
            bin_ = k // (block.rows * block.levels)
            since[state] = ago[{0: 1, 1: 2, 2: 2, 3: 3, 4: 3, 5: 3}[bin_]] if bin_ < 6 else 0
    calm = max((on for on, share in enumerate(steady, start=1) if share >= 0.5), default=0)
    for state in range(chain.relief.at(0, 1), chain.relief.stop):
        since[state] = calm
    return since


def lasting_states(chain: Chain) -> Floats:
    """Which states count as a level that has lasted."""
    out = np.zeros(chain.size)
    out[: chain.young.start] = 1
    out[chain.young.at(0, time=6) : chain.relief.at(0, 1)] = 1
    out[chain.ended.at(0, time=6) :] = 1
    return out


def slow_weights(plan: Plan, chain: Chain, last: int) -> Floats:
    """Weights by state on day `last`, by whole matrices, one kind of person and one state at a time."""
    baseline = plan.baseline.pain or 0.0
    level = np.minimum(chain.level * baseline, par.MOST_PAIN) + chain.rise
    level = np.clip(np.rint(level / par.LEVEL_STEP), 0, par.N_LEVEL - 1) * par.LEVEL_STEP
    onward, leaving = [m.toarray() for m in chain.onward], chain.leaving.toarray()
    people = [(prone, kind) for prone in range(len(par.PRONE_WEIGHT)) for kind in par.KINDS]
    now = [chain.start * par.PRONE_WEIGHT[prone] * kind.weight for prone, kind in people]
    steady: list[float] = []
    for d in range(1, last + 1):
        score, before = plan.evidence[d - 1], plan.evidence[: d - 1]
        since = since_when(chain, d, steady)
        for i, (prone, kind) in enumerate(people):
            one = older(now[i], chain) if (d - 1) % par.COHORT_DAYS == 0 else now[i]
            one = (onward[prone] + plan.rate[d] * leaving) @ one
            now[i] = one if score is None else one * told(before, score, steady, level=level, since=since, kind=kind)
        total = np.sum(now, axis=0)
        steady.append(float(total @ lasting_states(chain) / total.sum()))
    return np.asarray(total / total.sum())


def told(
    before: list[ScoreEvidence | None],
    score: ScoreEvidence,
    steady: list[float],
    *,
    level: Floats,
    since: list[int],
    kind: par.Noise,
) -> Floats:
    """What a day's score says of each state, from the normal distribution alone."""
    of = {s: slow_mood(before, [1.0] * len(before) if s else steady, s, kind=kind) for s in set(since)}
    shift, slope, sd = np.array([of[s] for s in since]).T
    chance = np.zeros(len(since))
    for share, wide in ((1 - par.HEAVY_SHARE, sd), (par.HEAVY_SHARE, sd * par.HEAVY_TIMES)):
        centre = slope * level + shift
        chance += share * (norm.cdf(score.high, centre, wide) - norm.cdf(score.low, centre, wide))
    return np.maximum(chance, par.LEAST_CHANCE)


def older(now: Floats, chain: Chain) -> Floats:
    """Each cohort in the place of the one before it."""
    out = now.copy()
    out[chain.young.slice] = out[chain.ended.slice] = 0
    for i, row, k in product(range(chain.young.levels), range(chain.young.rows), range(chain.young.bins)):
        there = chain.young.at(i, row, k + 1) if k + 1 < chain.young.bins else chain.relief.at(i, row)
        out[there] += now[chain.young.at(i, row, k)]
    for i in range(chain.ended.levels):
        for k in range(chain.ended.bins):
            out[chain.ended.at(i, time=min(k + 1, chain.ended.bins - 1))] += now[chain.ended.at(i, time=k)]
    return out


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_the_filter_agrees_with_a_slow_twin(definition: Definition) -> None:
    scores = course(7, 2, 16, 7, 24, seed=1)
    plan = make_plan(diary(scores), Procedure(DAY0), last=24, at_once=True)
    one = Filter(definition)
    run([one], [plan])
    slow = slow_weights(plan, prepared_chain(definition).chain, 24)
    assert np.abs(weights_of(one, 24) - slow).max() < 2e-4, "the normal distribution is read from a table, to 1e-4"
    assert np.abs(weights_of(one, 24) - slow).sum() < 2e-3


@pytest.mark.unmeasured
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


def test_whatever_changes_between_two_verdicts_the_second_is_as_if_made_anew() -> None:
    scores, own, kept = course(7, 2, 60, 7, 120, seed=4), Procedure(DAY0, baseline_pain=6), EngineState()
    doses = {d: 60.0 if d > 70 else 20.0 for d in scores}
    other = scores | {40: 9.0, 110: 9.0}
    asked = [
        (diary(scores), own, 120),
        (diary(scores, mme={110: 60.0}), own, 120),  # the first dose of all
        (diary(scores, mme=doses), own, 120),
        (diary(other, mme=doses), own, 120),
        (diary({d: s for d, s in other.items() if d != 90}, mme=doses), own, 120),  # an entry is taken back
        (diary(other, mme=doses), own, 80),
        (diary(other, mme=doses), own, 118),
        (diary(other, mme=doses), replace(own, laterality="left"), 118),
        (diary({d: s for d, s in other.items() if d > 0}), own, 118),
        (diary({**other, 0: 3.0}, mme=doses), own, 119),
    ]
    for number, (written, procedure, on) in enumerate(asked):
        found = judge(written, procedure, as_of=day(on), kept=kept)
        assert found == judge(written, procedure, as_of=day(on)), number


def test_a_verdict_that_was_given_away_stays_as_it_is() -> None:
    scores, kept = course(7, 2, 60, 7, 120, seed=4), EngineState()
    first = judge(diary(scores), Procedure(DAY0), as_of=day(120), kept=kept)
    copy = deepcopy(first)
    judge(diary(scores | {50: 10.0}), Procedure(DAY0), as_of=day(125), kept=kept)
    assert first == copy


def test_a_writing_that_comes_months_late_goes_back_to_its_day() -> None:
    scores = course(7, 2, 90, 7, 150, seed=5)
    late = dict.fromkeys(range(40, 60), 70)
    written = diary(scores, late={d: n - (d - 40) for d, n in late.items() if d in scores})
    unfolded = trace(written, Procedure(DAY0))
    for on in (109, 110, 111, 150):
        known = written.take(written.known_on <= DAY0.toordinal() + on)
        then = judge(known, Procedure(DAY0), as_of=day(on))
        assert unfolded.days.return_probability[on - 1] == then.returned.probability
        assert unfolded.days.phase[on - 1] == then.phase
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
    def heard(values: list[float]) -> ScoreEvidence:
        scores = dict(enumerate((values * 4)[:20], start=1))
        last = make_plan(diary(scores), Procedure(DAY0, baseline_pain=7), last=20, at_once=True).evidence[-1]
        assert last is not None
        return last

    assert (heard([2, 4, 0, 6, 4]).low, heard([2, 4, 0, 6, 4]).high) == (3, 5)
    assert (heard([3, 5, 0, 7, 3]).low, heard([3, 5, 0, 7, 3]).high) == (1.5, 4)
    assert (heard([3, 4, 1, 6, 3]).low, heard([3, 4, 1, 6, 3]).high) == (2.5, 3.5)
    assert (heard([3, 4.5, 1, 6, 3]).low, heard([3, 4.5, 1, 6, 3]).high) == (2.75, 3.25)
    assert (heard([3, 4, 1, 6, 0]).low, heard([3, 4, 1, 6, 10]).high) == (-inf, inf)
