from datetime import timedelta
from typing import Any

import pytest

from app.relief import Procedure, block_days, judge, relief_percent, response
from tests.relief.support import DAY0, day, diary


@pytest.mark.parametrize(
    ("percent", "expected"),
    [
        (-5, "none"),
        (29.9, "none"),
        (30, "partial"),
        (49.6, "partial"),
        (50, "responder"),
        (79.99, "responder"),
        (80, "strong"),
    ],
)
def test_response_is_compared_before_anything_is_rounded(percent: float, expected: str) -> None:
    assert response(percent) == expected


def test_relief_is_the_drop_from_baseline_in_percent() -> None:
    assert relief_percent(3.5, 7.0) == 50
    assert relief_percent(7.7, 7.0) == pytest.approx(-10)


def baseline_of(scores: dict[int, float], **fields: Any) -> tuple[float | None, str, int, bool]:
    found = judge(diary(scores), Procedure(DAY0, **fields), as_of=day(3)).baseline
    return found.pain, found.source, found.days, found.thin


def test_the_baseline_is_the_mean_of_the_fourteen_days_before() -> None:
    scores = {-15: 1.0, -14: 8.0, -9: 7.0, -5: 6.0, -2: 7.0, -1: 7.0, 0: 1.0, 1: 2.0}
    assert baseline_of(scores) == (7.0, "diary", 5, False)


def test_fewer_than_five_days_are_thin_and_fewer_than_three_are_none() -> None:
    assert baseline_of({-3: 6.0, -2: 7.0, -1: 8.0}) == (7.0, "diary", 3, True)
    assert baseline_of({-2: 6.0, -1: 8.0}, baseline_pain=6.5) == (6.5, "clinic", 2, False)
    assert baseline_of({-2: 6.0, -1: 8.0}) == (None, "unknown", 2, False)


def test_the_day_of_a_block_and_the_day_after_never_count() -> None:
    scores = {-10: 7.0, -9: 7.0, -8: 7.0, -7: 0.0, -6: 1.0, -5: 7.0, -4: 7.0}
    assert baseline_of(scores, baseline_not=block_days([DAY0 - timedelta(days=7)])) == (7.0, "diary", 5, False)


def test_a_later_episode_never_changes_an_earlier_baseline() -> None:
    scores = {-3: 6.0, -2: 7.0, -1: 8.0} | dict.fromkeys(range(100, 130), 9.0)
    found = judge(diary(scores), Procedure(DAY0), as_of=day(200)).baseline
    assert (found.pain, found.days) == (7.0, 3)
