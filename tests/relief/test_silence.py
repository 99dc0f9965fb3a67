"""A diary that has fallen silent: what it told stays told, and nothing is filled in."""

import pytest

from app.relief import Procedure, Verdict, judge, trace
from app.relief import parameters as par
from tests.relief.support import DAY0, course, day, diary

LAST = 190  # day of the last score
SPOKEN = LAST + par.SILENT_DAYS  # the last day of which the diary tells anything
COURSES = {
    "a return ten days old": course(7, 1.5, 180, 7, LAST, logging=1.0),
    "relief": course(7, 1.5, None, 0, LAST, logging=1.0),
    "a climb that has begun": course(7, 1.5, 188, 4.5, LAST, logging=1.0),
    "no relief": course(7, 6.5, None, 0, LAST, logging=1.0),
}


def told(verdict: Verdict) -> tuple[object, ...]:
    v = verdict
    dates = v.onset_on, v.onset_low, v.onset_high, v.returned
    return *dates, v.relief_days, v.held_days, v.spells, v.response, v.censored, v.failed


@pytest.mark.parametrize("name", COURSES)
def test_what_was_told_moves_no_more(name: str) -> None:
    at_last, later = (judge(diary(COURSES[name]), Procedure(DAY0), as_of=day(d)) for d in (SPOKEN, 500))
    assert told(later) == told(at_last)
    assert later.failed == (name == "no relief"), "falling silent undoes no failure"
    chances = later.days.return_probability
    assert set(chances[SPOKEN - 1 :]) == {chances[SPOKEN - 1]}
    assert name == "no relief" or chances[SPOKEN - 2] != chances[SPOKEN - 1], "until then it does"


@pytest.mark.parametrize("late", [0, 150])
@pytest.mark.parametrize("name", COURSES)
def test_each_day_is_told_as_it_was_judged_on_it(name: str, late: int) -> None:
    """Also where an entry about day 150 is written while the diary is silent."""
    scores = COURSES[name] | {500: 7.0}
    days = trace(diary(scores, late={150: late}), Procedure(DAY0)).days
    for on in (SPOKEN, SPOKEN + 1, 299, 300, 301, 400, 499):
        written = {d: s for d, s in scores.items() if d + (late if d == 150 else 0) <= on}
        known = judge(diary(written, late={150: late}), Procedure(DAY0), as_of=day(on))
        assert (days.phase[on - 1], days.return_probability[on - 1]) == (known.phase, known.returned.probability), on


@pytest.mark.parametrize(("last", "fails"), [(5, False), (25, False), (49, False), (50, True), (56, True), (90, True)])
def test_nobody_has_failed_whose_diary_ended_before_the_settling_time_did(last: int, fails: bool) -> None:
    """Sore for the first weeks, and silent since: whether relief came nobody knows."""
    scores = dict.fromkeys(range(-14, last + 1), 7.0)
    said = [judge(diary(scores), Procedure(DAY0), as_of=day(on)) for on in (57, last + 60, 400)]
    assert [one.failed for one in said] == [fails] * 3
    assert ("no_relief" in {one.phase for one in said}) == fails
    assert all(one.response is None for one in said) or fails
