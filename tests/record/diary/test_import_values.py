from datetime import date, time

import pytest

from app.record.diary.importing.values import BadCell, Order, read_amount, read_moment, read_score


@pytest.mark.parametrize(
    ("cell", "order", "day", "at"),
    [
        ("2025-03-01", None, date(2025, 3, 1), None),
        ("2025/3/1", None, date(2025, 3, 1), None),
        ("03/01/2025, 7:33:22 PM", "month", date(2025, 3, 1), time(19, 33, 22)),
        ("03/01/2025, 7:33:22 PM", "day", date(2025, 1, 3), time(19, 33, 22)),
        ("03/13/2025", None, date(2025, 3, 13), None),
        ("13.3.2025 21:05", None, date(2025, 3, 13), time(21, 5)),
        ("03/03/2025 12:00 AM", None, date(2025, 3, 3), time(0, 0)),
        ("1 Mar 2025 21:30", None, date(2025, 3, 1), time(21, 30)),
        ("March 1st, 2025", None, date(2025, 3, 1), None),
        ("2025-03-01T21:15", None, date(2025, 3, 1), time(21, 15)),
        ("2024-02-29", None, date(2024, 2, 29), None),
    ],
)
def test_days_are_read_in_the_forms_that_people_use(cell: str, order: Order, day: date, at: time | None) -> None:
    found = read_moment(cell, order)
    assert (found.day, found.at) == (day, at)


@pytest.mark.parametrize(
    ("cell", "order", "says"),
    [
        ("03/04/2025", None, "could be either way"),
        ("13/45/2024, 9:99 PM", None, "no such day"),
        ("13/45/2024, 9:99 PM", "month", "no such day"),
        ("04/23/2025", "day", "no such day"),
        ("2025-02-29", None, "no such day"),
        ("2025-03-01 25:00", None, "no such time"),
        ("2025-03-01 9:99 PM", None, "no such time"),
        ("2025-03-01 soon", None, "not a time"),
        ("1 Foo 2025", None, "no such month"),
        ("yesterday", None, "not a day"),
        ("", None, "not a day"),
    ],
)
def test_what_is_no_day_is_said_to_be_none_and_an_order_is_never_guessed(cell: str, order: Order, says: str) -> None:
    with pytest.raises(BadCell, match=says):
        read_moment(cell, order)


def test_an_offset_is_heeded() -> None:
    moment = read_moment("2025-03-01T21:15:00+02:00", None)
    assert moment.at is not None
    assert str(moment.at.utcoffset()) == "2:00:00"


@pytest.mark.parametrize(
    ("cell", "score"),
    [("7", 7), ("7,5", 7.5), ("7.0", 7), (" 4 ", 4), ("6/10", 6), ("", None), ("n/a", None), ("-", None)],
)
def test_scores(cell: str, score: float | None) -> None:
    assert read_score(cell) == score


@pytest.mark.parametrize("cell", ["11", "-1", "five", "1e999", "NaN?", "7;8", "inf"])
def test_what_is_no_score_is_refused(cell: str) -> None:
    with pytest.raises(BadCell, match="not a score"):
        read_score(cell)


def test_amounts_with_thousands() -> None:
    assert read_amount("4'188", 200_000) == 4188
    assert read_amount("12 345,5", 200_000) == 12345.5
    with pytest.raises(BadCell):
        read_amount("300000", 200_000)
