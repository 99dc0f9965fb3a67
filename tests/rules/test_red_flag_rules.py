"""The rules of the red flags: kinds, severities, days and region."""

import pytest

from app.rules.emergency import numbers
from app.rules.red_flags import RedFlag, RedFlagRule, Report, in_all, red_flags
from app.rules.words import LANGUAGES, Region


def names(found: list[RedFlag]) -> list[str]:
    return [one.rule.name for one in found]


LEAST = {
    "fever": 1,
    "wound_discharge": 1,
    "weakness": 1,
    "bladder_or_bowel_change": 1,
    "headache": 3,
    "numbness": 3,
    "saddle_numbness": 1,
    "chest_pain": 1,
    "breathlessness": 1,
    "hives": 1,
    "swelling": 1,
    "burn": 1,
    "burning": 4,
}


@pytest.mark.parametrize(("kind", "least"), LEAST.items())
def test_a_kind_counts_from_its_severity_on(kind: str, least: int) -> None:
    met = [bool(red_flags(Report(side_effects=((kind, severity),)))) for severity in (1, 2, 3, 4)]
    assert met == [severity >= least for severity in (1, 2, 3, 4)]
    assert bool(red_flags(Report(side_effects=((kind, None),)))) == (kind not in ("burning", "numbness"))


def test_severe_soreness_counts_in_the_first_three_days_alone() -> None:
    sore = (("soreness", 3),)
    met = [names(red_flags(Report(side_effects=sore, since=day))) for day in (0, 3, 4)]
    assert met == [["rising_pain"], ["rising_pain"], []]
    assert red_flags(Report(side_effects=sore)) == []


@pytest.mark.parametrize(
    ("pain", "before", "since", "met"),
    [
        (8.0, 5.0, 3, True),
        (8.0, 5.5, 3, False),
        (7.5, 2.0, 3, False),
        (8.0, 5.0, 4, False),
        (8.0, 5.0, 1, False),
        (9.0, None, 2, False),
    ],
)
def test_scores_that_rise_fast_after_the_procedure(pain: float, before: float | None, since: int, met: bool) -> None:
    assert bool(red_flags(Report(pain=pain, pain_before=before, since=since))) is met


def test_a_temperature_as_a_number() -> None:
    assert [bool(red_flags(Report(temperature=t))) for t in (37.9, 38.0, 39.5)] == [False, True, True]


@pytest.mark.parametrize(
    ("region", "since", "name"),
    [
        ("thoracic", 14, "chest_pain_thoracic"),
        ("thoracic", 15, "chest_pain"),
        ("lumbar", 2, "chest_pain"),
        (None, None, "chest_pain"),
    ],
)
def test_chest_pain_after_a_thoracic_procedure_has_its_own_advice(
    region: Region | None, since: int | None, name: str
) -> None:
    assert names(red_flags(Report(side_effects=(("chest_pain", 2),), region=region, since=since))) == [name]


def test_what_is_reported_is_told_and_what_is_guessed_is_asked() -> None:
    (told,) = red_flags(Report(side_effects=(("fever", 1),), spoken=frozenset({"fever"})))
    (asked,) = red_flags(Report(spoken=frozenset({"fever"})))
    assert (told.guessed, asked.guessed) == (False, True)
    for language in LANGUAGES:
        assert "?" not in told.tells(language) and "?" in asked.tells(language)


def test_a_clinic_adds_rules() -> None:
    own = RedFlagRule("own", ("tingling",), 2, in_all("Call us."))
    assert [names(red_flags(Report(side_effects=(("tingling", s),)), [own])) for s in (1, 2)] == [[], ["own"]]


@pytest.mark.parametrize(
    ("phone", "own", "country", "says"),
    [
        (None, None, None, "Emergency: 112."),
        (None, None, "US", "Emergency: 911."),
        (None, None, "XX", "Emergency: 112."),
        ("+41 44 1", "1415", "CH", "Your clinic: +41 44 1. Emergency: 1415."),
    ],
)
def test_advice_always_has_a_number(phone: str | None, own: str | None, country: str | None, says: str) -> None:
    assert numbers(phone, own, country) == says
