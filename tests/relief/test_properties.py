from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.relief import DEFINITIONS, LEFT, RIGHT, Definition, Diary, Procedure, judge, trace
from tests.relief.support import DAY0, course, day, diary

seeds = st.integers(0, 10_000)


def with_late_writings(seed: int) -> Diary:
    """A diary of 150 days in which one writing in five comes up to ten days late, and some days are written twice."""
    rng = np.random.default_rng(seed)
    scores = course(7, 2, 100, 7, 150, seed)
    late = {d: int(rng.integers(1, 10)) for d in scores if rng.random() < 0.2}
    first = diary(scores, late, mme={d: float(rng.integers(0, 5) * 10) for d in scores if rng.random() < 0.5})
    again = [i for i in range(len(first.day)) if rng.random() < 0.05]
    average = first.average[again] + 1
    later = replace(
        first.take(np.array(again, dtype=np.int64)), average=np.minimum(average, 10), known_on=first.known_on[again] + 3
    )
    parts = {name: np.concatenate([getattr(first, name), getattr(later, name)]) for name in vars(first)}
    return Diary(**parts).take(np.argsort(parts["known_on"], kind="stable"))


@settings(max_examples=15, deadline=None)
@given(seed=seeds, cut=st.integers(20, 150))
def test_cutting_off_later_writings_changes_no_earlier_day(seed: int, cut: int) -> None:
    whole = with_late_writings(seed)
    shorter = whole.take(whole.known_on <= DAY0.toordinal() + cut)
    all_days, fewer = trace(whole, Procedure(DAY0)), trace(shorter, Procedure(DAY0))
    n = len(fewer.date)
    assert all_days.days.phase[:n] == fewer.days.phase
    assert all_days.days.relief_percent[:n] == fewer.days.relief_percent
    assert all_days.days.return_probability[:n] == fewer.days.return_probability


@settings(max_examples=15, deadline=None)
@given(seed=seeds, on=st.integers(2, 150))
def test_each_day_of_a_trace_is_what_judge_says_with_what_was_known_then(seed: int, on: int) -> None:
    whole = with_late_writings(seed)
    unfolded = trace(whole, Procedure(DAY0))
    known = whole.take(whole.known_on <= DAY0.toordinal() + on)
    then = judge(known, Procedure(DAY0), as_of=day(on))
    assert unfolded.date[on - 1] == day(on)
    assert unfolded.days.phase[on - 1] == then.phase
    assert unfolded.days.return_probability[on - 1] == then.returned.probability
    assert unfolded.days.relief_percent[on - 1] == then.current.relief_percent


@pytest.mark.unmeasured
@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_the_order_of_arrival_does_not_matter_in_the_end(seed: int) -> None:
    whole = with_late_writings(seed)
    last = day(int(whole.known_on.max()) - DAY0.toordinal())
    final = judge(whole.latest(), Procedure(DAY0), as_of=last)
    assert trace(whole, Procedure(DAY0)).verdict.returned == final.returned
    assert judge(whole, Procedure(DAY0), as_of=last).days == final.days


@pytest.mark.unmeasured
@settings(max_examples=15, deadline=None)
@given(seed=seeds, by=st.integers(-400, 400))
def test_shifting_all_dates_shifts_the_answer(seed: int, by: int) -> None:
    one = with_late_writings(seed)
    moved = replace(one, day=one.day + by, known_on=one.known_on + by)
    a, b = trace(one, Procedure(DAY0)), trace(moved, Procedure(DAY0 + timedelta(days=by)))
    assert a.days.phase == b.days.phase and a.days.return_probability == b.days.return_probability
    assert [d + timedelta(days=by) for d in a.date] == b.date
    assert a.verdict.relief_days == b.verdict.relief_days


@settings(max_examples=15, deadline=None)
@given(seed=seeds, more=st.integers(1, 20))
def test_more_days_of_the_same_never_lower_certainty_in_relief_by_much(seed: int, more: int) -> None:
    scores = course(7, 2, None, 0, 120, seed, noise=0.5)
    before = judge(diary(scores), Procedure(DAY0), as_of=day(120)).returned.probability
    same = scores | {120 + i: 2.0 for i in range(1, more + 1)}
    assert judge(diary(same), Procedure(DAY0), as_of=day(120 + more)).returned.probability <= before + 0.02


@pytest.mark.unmeasured
@settings(max_examples=12, deadline=None)
@given(
    seed=seeds,
    good=st.integers(1, 200),
    level=st.sampled_from([0.0, 1.0, 3.0]),
    definition=st.sampled_from(DEFINITIONS),
)
def test_an_end_that_has_stood_is_never_undone_by_later_days(
    seed: int, good: int, level: float, definition: Definition
) -> None:
    stood = 230
    scores = course(7, 0.5, 100, 9, stood, seed)
    before = judge(diary(scores), Procedure(DAY0), as_of=day(stood), definition=definition)
    assert before.spells[0].settled and before.spells[0].to_on == before.returned.on
    rng = np.random.default_rng(seed)
    later = {stood + i: float(np.clip(rng.normal(level, 1), 0, 10).round()) for i in range(1, good + 1)}
    after = judge(diary(scores | later), Procedure(DAY0), as_of=day(stood + good), definition=definition)
    assert (after.returned, after.onset_on, after.relief_days) == (before.returned, before.onset_on, before.relief_days)
    assert (after.onset_low, after.onset_high) == (before.onset_low, before.onset_high)
    assert after.spells[0] == before.spells[0] and after.phase != "no_relief"


def test_the_same_input_gives_the_same_output_to_the_bit() -> None:
    one = with_late_writings(7)
    assert judge(one, Procedure(DAY0), as_of=day(150)) == judge(one, Procedure(DAY0), as_of=day(150))


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_scores_of_another_side_change_nothing(seed: int) -> None:
    scores = course(7, 2, 90, 7, 150, seed)
    mine = diary(scores, column=LEFT)
    rng = np.random.default_rng(seed)
    average = mine.average.copy()
    average[:, RIGHT] = rng.integers(0, 11, len(average))
    beside = replace(mine, average=average, elsewhere=average[:, RIGHT])
    own = Procedure(DAY0, "left")
    one, other = trace(mine, own), trace(beside, own)
    assert (one.days.phase, one.days.return_probability, one.days.relief_percent) == (
        other.days.phase,
        other.days.return_probability,
        other.days.relief_percent,
    )
    assert one.verdict.returned == other.verdict.returned
