"""The engine's limits: exactly at each, just below and just above."""

from dataclasses import replace

import numpy as np
import pytest

from app.relief import Definition, Diary, Phase, Procedure, judge
from app.relief import parameters as par
from app.relief.baseline import find_baseline
from app.relief.dates import begins, onset_day, return_crossing
from app.relief.medicine import Hidden
from app.relief.phases import phase_of
from app.relief.plan import make_plan
from app.relief.records import Floats
from app.relief.summary import adherence, confounders, medication
from tests.relief.support import DAY0, day, diary

STEP = 1e-9
LATE = 100  # a day far beyond the settling window
SETTLED = par.SETTLING_DAYS + 1
KNOWN = Procedure(DAY0, baseline_pain=7.0)


def phase(
    on: int = LATE, returned: float = 0.0, reached: float = 0.0, logged: int = 50, newest: int | None = None
) -> Phase:
    return phase_of(on, returned, reached=reached, logged=logged, newest=on if newest is None else newest)


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        (par.RETURNED_AT - STEP, "returning"),
        (par.RETURNED_AT, "returned"),
        (par.RETURNED_AT + STEP, "returned"),
        (par.RETURNING_AT - STEP, "relief"),
        (par.RETURNING_AT, "returning"),
        (par.RETURNING_AT + STEP, "returning"),
    ],
)
def test_a_return_is_said_from_its_chance_on(returned: float, expected: Phase) -> None:
    assert phase(returned=returned, reached=1.0) == expected


@pytest.mark.parametrize("returned", [par.RETURNING_AT, par.RETURNED_AT, 1.0])
def test_an_end_is_said_only_of_relief_that_most_likely_was_there(returned: float) -> None:
    assert phase(returned=returned, reached=par.REACHED_FOR_RETURN - STEP) == "relief"
    expected = "returned" if returned >= par.RETURNED_AT else "returning"
    assert phase(returned=returned, reached=par.REACHED_FOR_RETURN) == expected


@pytest.mark.parametrize("returned", [par.RETURNING_AT, 1.0])
def test_no_return_is_said_in_the_first_four_weeks(returned: float) -> None:
    expected = "returned" if returned >= par.RETURNED_AT else "returning"
    said = [phase(par.EARLIEST_RETURN_DAYS + i, returned, 1.0, 20) for i in (-1, 0, 1)]
    assert said == ["relief", "relief", expected]
    assert par.EARLIEST_RETURN_DAYS == 28


@pytest.mark.parametrize(
    ("reached", "expected"),
    [(par.REACHED_AT - STEP, "no_relief"), (par.REACHED_AT, "relief"), (par.REACHED_AT + STEP, "relief")],
)
def test_relief_is_said_from_an_even_chance_on(reached: float, expected: Phase) -> None:
    assert phase(reached=reached) == expected


def test_relief_and_failure_need_so_many_scores() -> None:
    few, enough = par.MIN_LOGGED_FOR_RELIEF, par.MIN_LOGGED_FOR_FAILURE
    assert [phase(20, reached=1.0, logged=few + i) for i in (-1, 0, 1)] == ["settling", "relief", "relief"]
    assert [phase(LATE, reached=1.0, logged=few + i) for i in (-1, 0, 1)] == ["unknown", "relief", "relief"]
    assert [phase(LATE, logged=enough + i) for i in (-1, 0, 1)] == ["unknown", "no_relief", "no_relief"]
    assert (few, enough) == (3, 5)


def test_nobody_has_failed_before_the_settling_window_is_over() -> None:
    assert [phase(par.SETTLING_DAYS + i) for i in (-1, 0, 1)] == ["settling", "settling", "no_relief"]
    assert [phase(par.SETTLING_DAYS + i, logged=0, newest=0) for i in (-1, 0)] == ["settling", "settling"]
    assert phase(SETTLED, logged=0, newest=0) == "unknown"


def test_silence_lapses_everything_but_a_return() -> None:
    at = 200
    for chance, expected in ((0.0, "relief"), (par.RETURNING_AT, "returning")):
        said = [phase(at, chance, 1.0, newest=at - par.SILENT_DAYS - i) for i in (-1, 0, 1)]
        assert said == [expected, expected, "unknown"]
    assert [phase(at, newest=at - par.SILENT_DAYS - i) for i in (-1, 0, 1)] == ["no_relief", "no_relief", "unknown"]
    assert phase(at, par.RETURNED_AT, 1.0, newest=1) == "returned"
    assert phase(par.SILENT_DAYS, logged=0, newest=0) == "unknown", "past settling"


def chances(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


HALF, UNDER, OVER = par.REACHED_AT, par.REACHED_AT - STEP, par.REACHED_AT + STEP


@pytest.mark.parametrize(
    ("reached", "first", "expected"),
    [
        (chances(UNDER, UNDER, UNDER), 1, None),
        (chances(UNDER, HALF, OVER), 1, 2),
        (chances(UNDER, UNDER, HALF), 1, 3),
        (chances(HALF, HALF, HALF), 1, 1),
        (chances(OVER, UNDER, OVER), 1, 3),  # lost again on day 2
        (chances(OVER, OVER, UNDER), 1, None),  # and not there at the end
        (chances(OVER, HALF, OVER), 1, 1),  # an even chance is not lost
        (chances(UNDER, HALF, OVER), 41, 42),  # a window that begins later
    ],
)
def test_onset_is_the_first_day_that_holds(reached: Floats, first: int, expected: int | None) -> None:
    assert onset_day(reached, first) == expected


def test_a_return_is_dated_where_its_chance_passes_a_half_and_both_tails() -> None:
    low, high = par.DATE_TAIL, 1 - par.DATE_TAIL
    found = return_crossing(chances(0, low - 1e-6, low, 0.2, 0.5 - 1e-6, 0.5, 0.8, high - 1e-6, high, 1), 1)
    assert (found.low, found.on, found.high) == (3, 6, 9)
    above = return_crossing(chances(0, low + 1e-6, 0.4, 0.5 + 1e-6, high + 1e-6, 1), 1)
    assert (above.low, above.on, above.high) == (2, 4, 5)


def test_a_return_counts_from_the_chance_at_the_end_and_for_good() -> None:
    found = return_crossing(chances(0.0, 0.04, 0.39, 0.4, 0.8), 1)  # all of what is said is 0.8
    assert (found.low, found.on, found.high) == (2, 4, 5)
    again = return_crossing(chances(0.9, 0.9, 0.01, 0.6, 1.0), 1)  # the flare-up before it was none
    assert (again.low, again.on, again.high) == (4, 4, 5)
    later = return_crossing(chances(0.0, 0.5, 1.0), 101)
    assert (later.low, later.on, later.high) == (102, 102, 103)
    assert (par.DATE_TAIL, par.RETURNING_AT, par.REACHED_AT) == (0.05, 0.5, 0.5)


@pytest.mark.parametrize(
    ("chance", "expected"),
    [((0.5, 0.5, 0.5), 1), ((0.4, 0.5, 0.6), 2), ((0.6, UNDER, 0.5), 3), ((0.6, 0.6, 0.4), 3), ((0.4, 0.4, 0.4), 3)],
)
def test_the_last_stretch_at_a_limit_begins(chance: tuple[float, ...], expected: int) -> None:
    assert begins(chances(*chance), 0.5) == expected


@pytest.mark.parametrize("definition", ["half", "eighty", "full"])
def test_levels_of_the_definitions(definition: Definition) -> None:
    levels = {"half": (0.5, 0.5), "eighty": (0.2, 0.2), "full": (0.5, 1.0)}
    assert (par.ONSET_LEVEL[definition], par.RETURN_LEVEL[definition]) == levels[definition]


def test_the_baseline_has_a_first_and_a_last_day() -> None:
    for first, counted in ((-15, 3), (-14, 4)):
        scores = diary({first: 7.0, -3: 7.0, -2: 7.0, -1: 7.0, 0: 1.0})
        assert find_baseline(scores.day, scores.score("bilateral"), Procedure(DAY0)).days == counted
    from_day = replace(Procedure(DAY0), baseline_from=day(-10))
    scores = diary({-11: 1.0, -10: 7.0, -9: 7.0, -8: 7.0})
    found = find_baseline(scores.day, scores.score("bilateral"), from_day)
    assert (found.pain, found.days) == (7.0, 3)


@pytest.mark.parametrize(
    ("hidden", "masked"), [(par.MASKED_FROM - STEP, False), (par.MASKED_FROM, True), (par.MASKED_FROM + STEP, True)]
)
def test_so_many_hidden_points_in_the_four_weeks_about_a_return_mask_it(hidden: float, masked: bool) -> None:
    plan = make_plan(diary({}), KNOWN, last=60, at_once=True)
    plan.shift = [0.0] * 23 + [hidden] * 29 + [0.0] * 9  # days 23 to 51
    assert plan.masked_around(30) == masked
    assert not plan.masked_around(29) and not plan.masked_around(31)


@pytest.mark.parametrize(("dose", "points"), [(54, 0.0), (55, 0.05), (74, 1.0), (93, 1.95), (94, 2.0), (120, 2.0)])
def test_a_dose_hides_nothing_within_habit_and_never_more_than_two_points(dose: float, points: float) -> None:
    """From 40 mg on, 14 mg more are habit, and each mg beyond hides 0.05."""
    hidden, usual = Hidden(40), 40.0
    assert [hidden.points(d, usual) for d in range(1, 31)] == [0.0] * 30
    later = [hidden.points(d, dose) for d in range(31, 41)]
    assert later[-1] == pytest.approx(points)
    assert max(par.MASK_FREE_MME, par.MASK_FREE_SHARE * usual) == 14.0


def test_the_dose_of_before_and_of_now() -> None:
    on = chances(-15, -14, -1, 0, 86, 87, 100, 101)
    mme = chances(90, 10, 30, 90, 90, 40, 60, 90)
    found = medication(on, mme, today=100, masked=False)
    assert (found.mme_before, found.mme_now, found.change_percent) == (20.0, 50.0, 150.0)
    assert (par.BASELINE_DAYS, par.SUMMARY_DAYS) == (14, 14)


def test_the_longest_gap_counts_both_ends() -> None:
    assert (adherence([], 0).longest_gap, adherence([], 5).longest_gap) == (0, 5)
    assert [adherence(scored, 5).longest_gap for scored in ([4], [1], [1, 2, 3, 4, 5])] == [3, 4, 0]


def kinds(written: Diary, baseline: float = 7.0, borderline: float = 0.0, today: int = 60) -> set[str]:
    procedure = Procedure(DAY0, baseline_pain=baseline)
    base = find_baseline(written.day[:0], written.score("bilateral")[:0], procedure)
    return {
        c.kind
        for c in confounders(
            written, base, phase="relief", borderline=borderline, today=today, performed=DAY0.toordinal()
        )
    }


def test_what_could_mislead_is_said_from_its_limit_on() -> None:
    assert "low_baseline" in kinds(diary({}), 3.0 - STEP) and "low_baseline" not in kinds(diary({}), 3.0)
    assert "borderline" not in kinds(diary({}), borderline=0.5 - STEP)
    assert "borderline" in kinds(diary({}), borderline=0.5)
    for count, constant in ((20, False), (21, True)):
        same = dict.fromkeys(range(2, 2 + count), 3.0)
        assert (
            ("constant_scores" in kinds(diary(same)))
            == ("constant_scores" in kinds(diary({1: 5.0} | same)))
            == constant
        )
    for entries, late, recalled in ((9, 9, False), (10, 3, False), (10, 4, True), (12, 4, False), (12, 5, True)):
        scores = {d: float(d % 7) for d in range(1, entries + 1)}
        assert ("recalled_entries" in kinds(diary(scores, dict.fromkeys(range(1, late + 1), 4)))) == recalled, entries
        assert "recalled_entries" not in kinds(diary(scores, dict.fromkeys(scores, 3)))


@pytest.mark.parametrize(
    ("pains", "said"),
    [
        ({58: 4.0, 59: 4.0}, False),
        ({58: 4.0, 59: 4.0, 60: 4.0}, True),
        ({58: 4.0, 59: 4.0, 60: 3.5}, False),
        ({32: 4.0, 59: 4.0, 60: 4.0}, False),
        ({33: 4.0, 59: 4.0, 60: 4.0}, True),
    ],
)
def test_pain_elsewhere_of_the_last_four_weeks(pains: dict[int, float], said: bool) -> None:
    made = diary({d: float(d % 7) for d in range(1, 61)})
    elsewhere = np.array([pains.get(int(d) - DAY0.toordinal(), np.nan) for d in made.day])
    assert ("pain_elsewhere" in kinds(replace(made, elsewhere=elsewhere))) == said


def test_a_whole_verdict_lapses_on_the_sixty_first_silent_day() -> None:
    scores = dict.fromkeys(range(-10, 0), 7.0) | dict.fromkeys(range(1, 91), 1.0)
    said = [judge(diary(scores), Procedure(DAY0), as_of=day(90 + par.SILENT_DAYS + i)) for i in (0, 1)]
    assert [v.phase for v in said] == ["relief", "unknown"]
    assert [v.current.relief_percent is None for v in said] == [False, True]
