"""The sentence of a day, and the questionnaire that is asked: at each boundary, and never what must not be said."""

from datetime import date, timedelta

import pytest

from app.rules import course_words as words
from app.rules.asked import AskedForm, asked_form
from app.rules.course_words import course_sentence
from app.rules.words import PHASES, Phase, Region

DONE = date(2026, 3, 1)


def said(day: int, region: Region = "lumbar", phase: Phase | None = None) -> tuple[str, int]:
    told = course_sentence(DONE + timedelta(day), DONE, region=region, phase=phase)
    return told.text, told.number


@pytest.mark.parametrize(
    ("day", "text", "number"),
    [
        (-1, words.BEFORE, 0),
        (0, words.REST, 0),
        (1, words.REST_TOO, 1),
        (2, words.SORE, 2),
        (14, words.SORE, 14),
        (15, words.FADING, 15),
        (21, words.FADING, 21),
        (22, words.WAITING, 4),
        (56, words.WAITING, 9),
        (57, words.GOES_ON, 2),
        (90, words.GOES_ON, 4),
    ],
)
def test_a_day_has_its_sentence(day: int, text: str, number: int) -> None:
    assert said(day) == (text, number)


def test_the_upper_back_takes_longer() -> None:
    assert [said(day, "thoracic")[0] for day in (14, 15, 21, 22)] == [words.SORE_LONGER] * 3 + [words.WAITING]


def test_what_was_seen_is_said_only_once_it_can_be_judged() -> None:
    assert {said(56, phase=phase)[0] for phase in PHASES} == {words.WAITING}
    assert [
        said(57, phase=phase)[0] for phase in ("relief", "returning", "returned", "no_relief", "unknown", "settling")
    ] == [
        words.BETTER,
        words.HIGHER,
        words.HIGHER,
        words.TALK,
        words.GOES_ON,
        words.GOES_ON,
    ]
    assert course_sentence(DONE, None, region=None, phase=None).text == words.BEFORE


def test_nothing_is_promised_and_no_chance_is_told() -> None:
    for text in words.SENTENCES:
        assert not any(
            word in text.lower() for word in ("%", "chance", "probab", "will help", "cure", "diagnos", "likely")
        )


def asked(day: int, *answered: int) -> AskedForm | None:
    return asked_form(DONE + timedelta(day), DONE, [DONE + timedelta(one) for one in answered])


def test_function_is_asked_for_in_the_windows_of_the_follow_up() -> None:
    assert [day for day in range(400) if asked(day)] == [
        *range(42, 57),
        *range(80, 105),
        *range(166, 201),
        *range(345, 396),
    ]
    assert asked(42) == AskedForm("peg", DONE + timedelta(56))


def test_an_answer_in_the_window_is_enough_and_one_before_it_is_not() -> None:
    assert asked(50, 41) is not None
    assert asked(50, 42) is None
    assert asked(56, 56) is None


def test_before_the_treatment_an_answer_holds_for_four_weeks() -> None:
    assert asked(-1, -29) is None
    assert asked(-1, -30) == AskedForm("peg", DONE - timedelta(1))
    assert asked_form(DONE, None, []) == AskedForm("peg", DONE + timedelta(28))
