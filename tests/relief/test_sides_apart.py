"""The worse side of a bilateral procedure, also where the sides are not written down on the same days."""

from dataclasses import replace

import numpy as np
import pytest

from app.relief import BOTH, LEFT, RIGHT, Diary, Procedure, judge, trace
from tests.relief.support import DAY0, course, day, diary


def side_by_side(left: dict[int, float], right: dict[int, float]) -> Diary:
    """A diary with scores of each side, none for both together."""
    made = diary(dict.fromkeys(left | right, 0.0))
    average = np.full_like(made.average, np.nan)
    on = (made.day - DAY0.toordinal()).tolist()
    average[:, LEFT] = [left.get(d, np.nan) for d in on]
    average[:, RIGHT] = [right.get(d, np.nan) for d in on]
    return replace(made, average=average)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("share", ["odd and even days", "60 % each"])
def test_a_return_on_one_side_is_seen_whichever_days_tell_it(seed: int, share: str) -> None:
    rng = np.random.default_rng(seed)
    left, right = course(6.5, 1.5, None, 0, 260, seed, logging=1), course(6.5, 1.5, 150, 6.5, 260, seed + 9, logging=1)
    if share == "60 % each":
        left = {d: s for d, s in left.items() if rng.random() < 0.6}
        right = {d: s for d, s in right.items() if rng.random() < 0.6}
    else:
        left, right = {d: s for d, s in left.items() if d % 2}, {d: s for d, s in right.items() if d % 2 == 0}
    whole = judge(side_by_side(left, right), Procedure(DAY0), as_of=day(260))
    assert whole.phase == "returned"
    assert whole.returned.on is not None and abs((whole.returned.on - day(157)).days) <= 10
    assert [side.phase for side in whole.sides] == ["relief", "returned"]
    unfolded = trace(side_by_side(left, right), Procedure(DAY0))
    assert unfolded.verdict.returned == whole.returned


def test_a_day_of_the_better_side_alone_tells_nothing_of_the_worse() -> None:
    left, right = dict.fromkeys(range(1, 60, 2), 1.0), dict.fromkeys(range(2, 60, 2), 6.0)
    found = judge(side_by_side(left, right), Procedure(DAY0, baseline_pain=7), as_of=day(59))
    assert found.adherence.logged == 30, "the days of the right, and the first, before which it was not told"
    assert found.current.mean_7d == 6.0
    assert found.days.average[0] == 1.0


def test_a_baseline_is_that_of_the_worse_side() -> None:
    before = side_by_side(
        dict.fromkeys((-13, -11, -9, -7, -5, -3, -1), 3.0), dict.fromkeys((-14, -12, -10, -8, -6, -4, -2), 7.0)
    )
    assert judge(before, Procedure(DAY0), as_of=day(10)).baseline.pain == 7.0


def test_one_side_that_nobody_else_outdoes_counts_as_it_is() -> None:
    alone = side_by_side(dict.fromkeys(range(1, 60), 4.0), {})
    assert judge(alone, Procedure(DAY0, baseline_pain=7), as_of=day(59)).adherence.logged == 59
    beside = side_by_side(dict.fromkeys(range(1, 60), 4.0), dict.fromkeys(range(1, 60, 7), 4.5))
    assert judge(beside, Procedure(DAY0, baseline_pain=7), as_of=day(59)).adherence.logged == 59
    together = replace(beside, average=beside.average.copy())
    together.average[:, BOTH] = 2.0
    assert judge(together, Procedure(DAY0, baseline_pain=7), as_of=day(59)).adherence.logged == 59
