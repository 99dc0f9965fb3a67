"""A change is compared before anything is rounded: exactly the percentage is enough."""

import pytest

from app.rules.questionnaires import is_meaningful, score


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("peg", [7, 7, 6], [5, 5, 4]),  # 20 and 14 of 30: 30 % better
        ("peg", [2, 2, 1], [1.5, 1, 1]),
        ("activities", [3, 3, 4], [1.5, 1.5, 2]),  # half
        ("activities", [1, 1, 2], [1, 0, 1]),
    ],
)
def test_exactly_the_percentage_is_meaningful(kind: str, before: list[float | None], after: list[float | None]) -> None:
    assert is_meaningful(kind, score(kind, before), score(kind, after))
