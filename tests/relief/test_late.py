"""Writings that come late: unknown until their day, and from then on as if they had always been there."""

from collections.abc import Iterable
from dataclasses import fields

import numpy as np
import pytest

from app.relief import Diary, Procedure, judge, trace
from app.relief.plan import make_plan
from app.relief.remembered import BLOCK, HISTORY
from tests.relief.support import DAY0, NOTHING, course, day, diary

LAST = 80
SCORES = course(7, 2, 45, 7, LAST, seed=11, logging=1.0)
OWN = Procedure(DAY0)


def known_by(whole: Diary, on: int) -> Diary:
    """What had been written down by the end of a day."""
    return whole.take(whole.known_on <= DAY0.toordinal() + on)


def agrees(whole: Diary, own: Procedure, days: Iterable[int]) -> None:
    """Each day of the trace is what `judge` says with what was known by then, and with no more."""
    unfolded = trace(whole, own)
    for on in days:
        then = judge(known_by(whole, on), own, as_of=day(on))
        assert unfolded.date[on - 1] == day(on)
        assert unfolded.days.phase[on - 1] == then.phase, on
        assert unfolded.days.return_probability[on - 1] == then.returned.probability, on
        assert unfolded.days.relief_percent[on - 1] == then.current.relief_percent, on


def then_written(first: Diary, *more: tuple[int, int, float]) -> Diary:
    """A diary with further writings, each the day it is about, the day it was written and the score."""
    parts = [diary({d: score}, {d: written - d}) for d, written, score in more]
    columns = {f.name: np.concatenate([getattr(one, f.name) for one in (first, *parts)]) for f in fields(Diary)}
    return Diary(**columns).take(np.argsort(columns["known_on"], kind="stable"))


@pytest.mark.parametrize(
    "late", [1, 2, HISTORY - 2, HISTORY - 1, HISTORY, HISTORY + 1, BLOCK - 1, BLOCK, BLOCK + 1, 39]
)
def test_a_writing_counts_from_the_day_on_which_it_was_written(late: int) -> None:
    about, written = 40, 40 + late
    whole = diary({**SCORES, about: 9.0}, {about: late})
    unfolded, without = trace(whole, OWN), trace(diary({d: s for d, s in SCORES.items() if d != about}), OWN)
    assert unfolded.days.return_probability[: written - 1] == without.days.return_probability[: written - 1]
    assert unfolded.days.relief_percent[: written - 1] == without.days.relief_percent[: written - 1]
    assert unfolded.days.level[written - 1] != without.days.level[written - 1]
    agrees(whole, OWN, (about, written - 1, written, min(written + 1, LAST), LAST))


@pytest.mark.parametrize("about", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK])
def test_a_writing_about_any_day_beside_a_checkpoint_may_come_late(about: int) -> None:
    whole = diary(SCORES, {about: LAST - about})
    agrees(whole, OWN, (about, about + 1, LAST - 1, LAST))
    assert trace(whole, OWN).verdict.returned == judge(diary(SCORES), OWN, as_of=day(LAST)).returned


def test_a_week_that_is_sent_at_once_counts_on_that_day() -> None:
    whole = diary(SCORES, {d: 57 - d for d in range(50, 57)})
    silent = diary({d: s for d, s in SCORES.items() if not 50 <= d < 57})
    unfolded, without = trace(whole, OWN), trace(silent, OWN)
    assert unfolded.days.return_probability[:56] == without.days.return_probability[:56]
    assert unfolded.days.return_probability[56] > without.days.return_probability[56]
    agrees(whole, OWN, range(49, 60))
    assert unfolded.days.return_probability[56:] == trace(diary(SCORES), OWN).days.return_probability[56:]


def test_an_earlier_day_that_comes_after_a_later_one_is_heard_in_its_place() -> None:
    whole = diary(SCORES, {60: 12, 55: 18, 62: 10})  # written on the 72nd, the 73rd and the 72nd
    agrees(whole, OWN, range(70, 76))
    assert judge(whole, OWN, as_of=day(LAST)).days == judge(diary(SCORES), OWN, as_of=day(LAST)).days


@pytest.mark.parametrize(
    "late",
    [{40: 3, 42: 3}, {40: 3, 41: 4, 43: 3}, {20: 50, 40: 32}, {20: 50, 66: 6}, {30: 4, 33: 40}],
    ids=["near", "thrice near", "past checkpoints", "far and near", "over a checkpoint"],
)
def test_one_late_writing_after_another_goes_on_from_what_the_first_has_changed(late: dict[int, int]) -> None:
    scores = SCORES | dict.fromkeys(late, 8.0)
    whole, written = diary(scores, late), sorted(d + n for d, n in late.items())
    agrees(whole, OWN, range(written[0] - 1, written[-1] + 2))
    verdict, final = trace(whole, OWN).verdict, judge(diary(scores), OWN, as_of=day(LAST))
    assert (verdict.returned, verdict.onset_on, verdict.current) == (final.returned, final.onset_on, final.current)
    assert (verdict.response, verdict.relief_days) == (final.response, final.relief_days)


def test_a_correction_replaces_the_score_from_its_day_on() -> None:
    whole = then_written(diary(SCORES), (20, 35, 9.0), (20, 38, 1.0), (21, 35, 9.0))
    unfolded, before = trace(whole, OWN), trace(diary(SCORES), OWN)
    assert unfolded.days.return_probability[:34] == before.days.return_probability[:34]
    agrees(whole, OWN, range(33, 41))
    assert (
        judge(whole, OWN, as_of=day(LAST)).days == judge(diary({**SCORES, 20: 1.0, 21: 9.0}), OWN, as_of=day(LAST)).days
    )


def test_a_score_that_is_taken_back_no_longer_counts() -> None:
    scores = {d: s for d, s in SCORES.items() if d <= 40}
    whole = then_written(diary(scores), (40, 44, NOTHING), (39, 44, NOTHING), (10, 45, NOTHING))
    agrees(whole, OWN, range(38, 46))
    plan = make_plan(whole, OWN, last=45, at_once=False)
    assert [plan.logged[plan.marks[on - 1]] for on in (40, 43, 44, 45)] == [40, 40, 38, 37]
    assert [plan.newest[plan.marks[on - 1]] for on in (40, 43, 44, 45)] == [40, 40, 38, 38]


def test_what_is_known_counts_each_day_once_and_only_when_it_is_written() -> None:
    whole = then_written(diary({1: 5.0, 2: 5.0, 5: 5.0}), (3, 7, 4.0), (5, 8, 4.0))
    plan = make_plan(whole, OWN, last=8, at_once=False)
    assert [plan.logged[k] for k in plan.marks] == [1, 2, 2, 2, 3, 3, 4, 4]
    assert [plan.newest[k] for k in plan.marks] == [1, 2, 2, 2, 5, 5, 5, 5]
    newest = {day: k for k, day in enumerate(plan.target)}
    assert [plan.logged[newest[day]] for day in range(1, 9)] == [1, 2, 3, 3, 4, 4, 4, 4]
    assert plan.target == [1, 2, 3, 4, 5, 6, 3, 4, 5, 6, 7, 5, 6, 7, 8]
    assert plan.marks == [0, 1, 2, 3, 4, 5, 10, 14]
    at_once = make_plan(whole, OWN, last=8, at_once=True)
    assert (at_once.target, at_once.logged) == ([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 3, 4, 4, 4, 4])


def test_a_day_before_the_procedure_may_be_written_after_it() -> None:
    own = Procedure(DAY0, baseline_pain=5.0)
    whole = diary({**SCORES, -3: 8.0, -2: 8.0}, {-3: 23, -2: 33, **{d: 34 - d for d in range(-14, -3)}, -1: 2})
    plan = make_plan(whole, own, last=LAST, at_once=False)
    seen = [plan.baselines[plan.version[k]].source for k in plan.marks]
    assert (seen[29], seen[30]) == ("clinic", "diary")
    assert [plan.baselines[plan.version[plan.marks[on - 1]]].days for on in (1, 19, 20, 30, 31, 33, 34)] == [
        1,
        1,
        2,
        2,
        3,
        3,
        14,
    ]
    agrees(whole, own, (1, 19, 20, 21, 30, 31, 32, 33, 34, 35, LAST))


def test_rows_out_of_the_order_of_writing_are_refused() -> None:
    whole = diary({1: 5.0, 2: 5.0, 3: 5.0}, {1: 5})
    with pytest.raises(ValueError, match="known_on"):
        trace(whole.take(np.array([1, 0, 2])), OWN)
