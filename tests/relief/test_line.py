"""What the doubt about the line adds to the interval of a date."""

from datetime import timedelta

import pytest

from app.relief import Verdict, judge
from app.relief.line import line_sd, widened
from app.relief.spells import EstimatedDay
from tests.relief.courses import Course, Writer, returning
from tests.relief.support import DAY0

KNOWN = EstimatedDay(100, 98, 103)


def climb(points_a_day: float) -> list[float]:
    """A level that goes through 3.5 on day 100."""
    return [3.5 + points_a_day * (day - 100) for day in range(1, 201)]


def test_a_steep_climb_is_dated_as_well_as_before() -> None:
    level = [1.0] * 99 + [6.0] * 101
    assert widened(KNOWN, level, line=3.5, sd=0.5, rises=True, between=(1, 200)) == EstimatedDay(100, 97, 104)


@pytest.mark.parametrize(("slope", "days"), [(0.2, 5), (0.1, 9), (0.05, 17)])
def test_a_slow_climb_is_in_doubt_for_the_days_that_it_takes_for_the_doubt(slope: float, days: int) -> None:
    found = widened(EstimatedDay(100, 100, 100), climb(slope), line=3.5, sd=0.5, rises=True, between=(1, 200))
    assert 100 - found.low == pytest.approx(days, abs=1)
    assert found.high - 100 == pytest.approx(days, abs=1)


def test_a_level_that_falls_is_read_from_above() -> None:
    falling = [7 - v for v in climb(0.1)]
    found = widened(EstimatedDay(100, 100, 100), falling, line=3.5, sd=0.5, rises=False, between=(1, 200))
    assert found == widened(EstimatedDay(100, 100, 100), climb(0.1), line=3.5, sd=0.5, rises=True, between=(1, 200))


def test_days_that_tell_nothing_and_days_after_the_last_are_passed_over() -> None:
    level = [v if day % 3 else None for day, v in enumerate(climb(0.1), start=1)]
    found = widened(KNOWN, level, line=3.5, sd=0.5, rises=True, between=(1, 105))
    assert found.low < KNOWN.low and found.high == 105
    assert widened(EstimatedDay(2, 1, 3), [9.0, 9.0, 9.0], line=3.5, sd=0.5, rises=True, between=(1, 3)).low == 1


def test_a_return_lies_after_the_relief_that_it_ends() -> None:
    near = [6.0] * 40 + [3.2] * 59 + [6.0] * 101  # never clearly under the line, so that no day before tells of it
    found = widened(KNOWN, near, line=3.5, sd=0.5, rises=True, between=(41, 142))
    assert 41 <= found.low < KNOWN.low


def test_two_doubts_add_by_their_squares() -> None:
    assert line_sd(0.5, 0.0) < line_sd(0.5, 0.9) < line_sd(0.5, 0.0) + 0.45


def days_in_doubt(course: Course, *, before: bool) -> list[int]:
    """Width of the return's interval for each noise, by the diary's own baseline or by the clinic's number."""
    found = []
    for diary in course.diaries():
        own = diary if before else diary.take(diary.day >= DAY0.toordinal())
        v: Verdict = judge(own, course.writer.procedure, as_of=DAY0 + timedelta(days=course.last))
        if v.returned.low is not None and v.returned.high is not None:
            found.append((v.returned.high - v.returned.low).days)
    return found


def test_a_return_is_dated_less_surely_by_one_number_of_the_clinic() -> None:
    slow = Course(returning(150, takes=90), 330, Writer(baseline=7.0, clinic=7.0))
    by_diary, by_clinic = (days_in_doubt(slow, before=before) for before in (True, False))
    assert len(by_diary) >= 7 and len(by_clinic) >= 7
    assert sorted(by_clinic)[3] > sorted(by_diary)[3]
