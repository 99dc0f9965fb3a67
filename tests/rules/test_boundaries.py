"""Every clinical number of the rules: exactly at it, just below and just above."""

from datetime import date, timedelta
from typing import get_args

import pytest

from app.rules.expected import WATCHED, is_expected, outlasts
from app.rules.medications import Dose, class_changes, opioid_mme
from app.rules.parameters import EXPECTED_UNTIL
from app.rules.plan import CONTACTS, STEPS, WINDOWS, contacts, steps
from app.rules.questionnaires import BadItemsError, is_meaningful, score
from app.rules.red_flags import RedFlagRule, Report, in_all, red_flags
from app.rules.reviews import OPEN, ReviewStep, State, after

PERFORMED = date(2026, 1, 1)
OVER: tuple[State, ...] = ("decided", "cancelled")
USUAL = {"soreness": 14, "bruising": 14, "burning": 21, "tingling": 21, "numbness": 84}


@pytest.mark.parametrize(("kind", "until"), USUAL.items())
def test_each_usual_side_effect_has_a_last_day(kind: str, until: int) -> None:
    assert USUAL == EXPECTED_UNTIL
    found = [is_expected(kind, day, severity=1, in_treated_skin=True) for day in (-1, 0, until - 1, until, until + 1)]
    assert found == [False, True, True, True, False]
    watched = kind in ("burning", "tingling", "numbness")
    assert [outlasts(kind, day) for day in (until - 1, until, until + 1)] == [False, False, watched]
    assert watched == (kind in WATCHED)


@pytest.mark.parametrize("kind", USUAL)
def test_only_what_is_mild_and_in_the_treated_skin_is_usual(kind: str) -> None:
    assert [is_expected(kind, 5, severity=severity, in_treated_skin=True) for severity in (None, 1, 2, 3, 4)] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert not is_expected(kind, 5, severity=1, in_treated_skin=False)
    assert not is_expected("fever", 5, severity=1, in_treated_skin=True) and not outlasts("fever", 500)


LEAST = {
    "fever": 1,
    "wound_discharge": 1,
    "weakness": 1,
    "bladder_or_bowel_change": 1,
    "saddle_numbness": 1,
    "chest_pain": 1,
    "breathlessness": 1,
    "hives": 1,
    "swelling": 1,
    "burn": 1,
    "headache": 3,
    "numbness": 3,
    "burning": 4,
}


def met_by(*side_effects: tuple[str, int | None]) -> list[str]:
    return [one.rule.name for one in red_flags(Report(side_effects=side_effects))]


@pytest.mark.parametrize(("kind", "least"), LEAST.items())
def test_a_red_flag_is_met_from_its_severity_on(kind: str, least: int) -> None:
    met = {severity: met_by((kind, severity)) for severity in (1, 2, 3, 4)}
    assert [bool(met[severity]) for severity in (1, 2, 3, 4)] == [severity >= least for severity in (1, 2, 3, 4)]
    assert all(("in_danger" in met[severity]) == (severity == 4) for severity in met)
    assert bool(met_by((kind, None))) == (kind not in ("burning", "numbness"))


def test_the_worst_of_several_reports_counts_and_each_rule_once() -> None:
    assert met_by(("headache", 2), ("headache", 3), ("headache", 4)) == ["headache", "in_danger"]
    assert met_by(("weakness", 1), ("fever", 1)) == ["fever", "weakness"], "in the order of the rules"
    own = RedFlagRule(name="own", kinds=("tingling",), least_severity=2, advice=in_all("Call us."))
    found = [red_flags(Report(side_effects=(("tingling", severity),)), [own]) for severity in (1, 2, 3)]
    assert [[one.rule for one in some] for some in found] == [[], [own], [own]]


DAYS = {
    "days_1_3": (1, 3),
    "weeks_2": (11, 18),
    "weeks_6_8": (42, 56),
    "months_3": (80, 104),
    "months_6": (166, 200),
    "months_12": (345, 395),
}


@pytest.mark.parametrize("name", DAYS)
def test_a_contact_is_missed_the_day_after_its_window(name: str) -> None:
    assert {one: (first, last) for one, first, last in CONTACTS} == DAYS
    first, last = DAYS[name]

    def state(day: int, done: dict[str, date]) -> str:
        found = contacts(PERFORMED, done, PERFORMED + timedelta(days=day))
        (mine,) = [c for c in found if c.contact == name]
        assert ((mine.first_on - PERFORMED).days, (mine.last_on - PERFORMED).days) == (first, last)
        assert mine.done_on == done.get(name)
        return mine.state

    assert [state(day, {}) for day in (0, first, last - 1, last, last + 1)] == ["due"] * 4 + ["missed"]
    assert [state(day, {name: PERFORMED}) for day in (last, last + 1)] == ["done", "done"]
    assert set(WINDOWS) == set(DAYS)


def test_the_steps_back_follow_one_another_without_a_gap() -> None:
    found = [((s.first_on - PERFORMED).days, (s.last_on - PERFORMED).days) for s in steps(PERFORMED)]
    assert found == [(0, 1), (2, 3), (4, 7), (8, 14), (15, 28)] == [(first, last) for first, last, _ in STEPS]


@pytest.mark.parametrize(
    ("kind", "before", "now", "expected"),
    [
        ("peg", 10, 7.01, False),
        ("peg", 10, 7, True),
        ("peg", 10, 6.99, True),
        ("peg", 0, 0, None),
        ("peg", 5, 8, False),
        ("odi", 60, 50.01, False),
        ("odi", 60, 50, True),
        ("odi", 60, 49.99, True),  # by points
        ("odi", 20, 14.01, False),
        ("odi", 20, 14, True),
        ("odi", 20, 13.99, True),  # by percent
        ("odi", 0, 0, False),
        ("ndi", 30, 22.51, False),
        ("ndi", 30, 22.5, True),
        ("ndi", 30, 22.49, True),
        ("ndi", 10, 5, False),
        ("pgic", 7, 1, None),
        ("activities", 8, 4.01, False),
        ("activities", 8, 4, True),
        ("activities", 8, 3.99, True),
        ("activities", 0, 0, None),
    ],
)
def test_a_change_is_meaningful_from_its_limit_on(kind: str, before: float, now: float, expected: bool | None) -> None:
    assert is_meaningful(kind, before, now) is expected


@pytest.mark.parametrize(
    ("kind", "worst", "best"),
    [
        ("peg", [10.0] * 3, [0.0] * 3),
        ("odi", [5.0] * 10, [0.0] * 10),
        ("ndi", [5.0] * 10, [0.0] * 10),
        ("pgic", [7.0], [1.0]),
        ("activities", [10.0] * 3, [0.0] * 3),
    ],
)
def test_a_score_goes_from_end_to_end_and_no_item_beyond(kind: str, worst: list[float], best: list[float]) -> None:
    assert score(kind, list(worst)) == {"peg": 10, "odi": 100, "ndi": 50, "pgic": 7, "activities": 10}[kind]
    assert score(kind, list(best)) == (1 if kind == "pgic" else 0)
    step = 0.5 if kind in ("peg", "activities") else 1.0
    for beyond in (worst[0] + step, best[0] - step, best[0] + step / 2):
        with pytest.raises(BadItemsError) as refused:
            score(kind, [*worst[:-1], beyond])
        assert refused.value.place == len(worst) - 1
    for count in (len(worst) + 1, 0):
        with pytest.raises(BadItemsError):
            score(kind, [best[0]] * count)


@pytest.mark.parametrize(
    ("kind", "items", "needed"), [("peg", 3, 3), ("odi", 10, 8), ("ndi", 10, 8), ("activities", 3, 1)]
)
def test_so_many_items_are_needed(kind: str, items: int, needed: int) -> None:
    enough: list[float | None] = [2.0] * needed + [None] * (items - needed)
    assert score(kind, enough) == {"peg": 2, "odi": 40, "ndi": 20, "activities": 2}[kind]
    with pytest.raises(BadItemsError) as refused:
        score(kind, [None, *enough[1:]])
    assert refused.value.place is None


def times(count: float) -> list[list[Dose]]:
    return [[Dose("10689", 50, "mg", count)]]


@pytest.mark.parametrize(
    ("was", "is_now", "expected"),
    [
        (10, 12, "same"),
        (10, 12.01, "up"),
        (12, 10, "same"),
        (12, 9.99, "down"),
        (10, 10, "same"),
        (0, 0, "same"),
        (0, 1, "started"),
        (1, 0, "stopped"),
    ],
)
def test_use_changes_by_more_than_a_fifth(was: float, is_now: float, expected: str) -> None:
    assert class_changes(times(was), times(is_now)) == {"opioid": expected}


def test_doses_are_summed_and_rounded_to_hundredths() -> None:
    assert opioid_mme([Dose("7804", 5, "mg", 4), Dose("10689", 50, "mg", 2), Dose("1191", 500, "mg", 3)]) == 50
    assert opioid_mme([Dose("10689", 0.33, "mg", 1)]) == 0.07
    assert opioid_mme([Dose("7052", 10, "mg", None)]) is None
    assert opioid_mme([Dose("7052", 10, "mg", 0)]) == 0


def test_a_review_that_is_over_allows_no_step() -> None:
    assert OPEN == ("opened", "in_work", "proposed", "booked")
    every: tuple[ReviewStep, ...] = get_args(ReviewStep)
    assert every == ("work", "propose", "book", "unbook", "move", "decide", "cancel", "reopen")
    assert [after(over, step) for over in OVER for step in every] == [
        *[None] * 2,
        "decided",  # a repeat that was decided before it had a slot
        "proposed",  # and one that has lost it
        "decided",
        *[None] * 2,
        "opened",
        *[None] * 7,
        "opened",
    ]
    assert [after(state, "book") for state in OPEN] == ["booked", "booked", "booked", None]
    assert [after(state, "unbook") for state in OPEN] == [None, None, None, "proposed"]
    assert [after(state, "move") for state in OPEN] == [None, None, None, "booked"]
    assert [after(state, "propose") for state in OPEN] == ["proposed", "proposed", "proposed", None]
