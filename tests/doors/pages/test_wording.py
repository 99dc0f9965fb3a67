"""Sentences of the API as a page says them."""

import pytest

from app.doors.pages.wording import fault, label, spoken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("followed until 2026-04-30: death", "followed until 30 April 2026: death"),
        ("until 2026-11-29T18:07+00:00.", "until 29 November 2026, 18:07 UTC."),
        ("at 2026-11-29T18:07:03.120+00:00", "at 29 November 2026, 18:07 UTC"),
        ("decided in review 01a22351-a04e-7000-8000-000000000001: wait", "decided in review: wait"),
        ("2026-04-30 to 2026-05-02", "30 April 2026 to 2 May 2026"),
        ("C2-3 and 12-34-56", "C2-3 and 12-34-56"),
    ],
)
def test_days_and_instants_read_one_way_and_ids_are_left_out(text: str, said: str) -> None:
    assert spoken(text) == said


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("Field required", "is needed"),
        ("Input should be a valid UUID", "is to be chosen from the list"),
        ("Input should be a valid integer, unable to parse string as an integer", "is a whole number"),
        ("Input should be greater than or equal to 5", "is at least 5"),
        ("Input should be 'left', 'right' or 'not_needed'", "is one of: left, right, not needed"),
        ("String should have at most 200 characters", "has at most 200 characters"),
        ("lies before `first_on`", "lies before “first day”"),
        ("lies before the first day, 2026-05-02", "lies before the first day, 2 May 2026"),
    ],
)
def test_a_fault_is_said_in_the_words_of_a_form(detail: str, said: str) -> None:
    assert fault(detail) == said


def test_a_field_is_named_in_words() -> None:
    assert (label("/slot_id"), label("/review_ids/0"), label("/checklist/blocks")) == (
        "slot",
        "reviews",
        "checklist, blocks",
    )
