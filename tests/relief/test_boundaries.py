"""The engine's limits: exactly at each, just below and just above."""

from dataclasses import replace

import numpy as np
import pytest

from app.relief import Definition, Diary, Phase, Procedure, judge
from app.relief import parameters as par
from app.relief.baseline import find_baseline
from app.relief.medicine import HiddenPain
from app.relief.plan import make_plan
from app.relief.records import Floats
from app.relief.spells import (
    CohortShares,
    DayChances,
    EstimatedDay,
    PastSpell,
    SpellsSoFar,
    dated,
    next_spells,
    phase_of,
    when_ended,
)
from app.relief.summary import adherence, medication
from tests.relief.support import DAY0, day, diary

STEP = 1e-9
LATE = 100  # a day far beyond the settling window
SETTLED = par.SETTLING_DAYS + 1
KNOWN = Procedure(DAY0, baseline_pain=7.0)
LASTS = [0.5] * (par.SPELL_DAYS // par.COHORT_DAYS + 1)


def chances(over: float = 0.0, counted: float = 1.0) -> DayChances:
    """Chances of a day: relief ended with `over`, in the youngest of its cohorts."""
    ended = [over, *[0.0] * (par.ENDED_COHORTS - 1)]
    return DayChances(1 - counted, [0.0] * len(LASTS), counted - over, ended, over=over, counted=counted, steady=1.0)


def held(was: str, over: float = 0.0, counted: float = 1.0, logged: int = 50) -> str:
    return next_spells(SpellsSoFar(was), chances(over, counted), logged=logged).held


def phase(said: str = "", on: int = LATE, logged: int = 50, newest: int | None = None, **more: int) -> Phase:
    at = on if newest is None else newest
    return phase_of(SpellsSoFar(said), day=on, logged=logged, newest=at, joined_late=False, **more)


@pytest.mark.parametrize(
    ("was", "at", "under", "over"),
    [
        ("", par.RETURNED_AT, "returning", "returned"),
        ("relief", par.RETURNED_AT, "returning", "returned"),
        ("returning", par.RETURNED_AT, "returning", "returned"),
        ("returned", par.RETURNED_UNTIL, "returning", "returned"),
        ("relief", par.RETURNING_AT, "relief", "returning"),
        ("returning", par.RETURNING_UNTIL, "relief", "returning"),
    ],
)
def test_it_takes_more_to_leave_what_is_said_than_to_stay(was: str, at: float, under: str, over: str) -> None:
    assert [held(was, at + step) for step in (-STEP, 0.0, STEP)] == [under, over, over]
    assert par.RETURNED_AT > par.RETURNED_UNTIL and par.RETURNING_AT > par.RETURNING_UNTIL


def test_what_has_come_back_is_in_relief_again_once_its_end_is_hardly_likely() -> None:
    assert held("returned", par.RETURNING_UNTIL - STEP) == "relief"


@pytest.mark.parametrize(("was", "at"), [("", par.REACHED_AT), ("relief", par.REACHED_UNTIL)])
def test_relief_is_said_from_a_chance_on_that_it_will_count(was: str, at: float) -> None:
    assert [held(was, counted=at + step) for step in (-STEP, 0.0, STEP)] == ["", "relief", "relief"]


def test_relief_that_has_most_likely_ended_is_not_said_to_hold() -> None:
    still = chances(over=par.RETURNED_UNTIL - STEP, counted=par.RETURNED_UNTIL)
    assert next_spells(SpellsSoFar("relief"), still, logged=50).held == ""


def test_a_day_without_a_score_changes_nothing_of_what_is_said() -> None:
    for was in ("", "relief", "returning", "returned"):
        for chances_ in (chances(over=0.99, counted=1.0), chances(counted=0.0), chances(counted=1.0)):
            assert next_spells(SpellsSoFar(was), chances_, logged=50, heard=False).held == was


def test_relief_and_failure_need_so_many_scores() -> None:
    few, enough = par.MIN_LOGGED_FOR_RELIEF, par.MIN_LOGGED_FOR_FAILURE
    assert [held("", logged=few + i) for i in (-1, 0, 1)] == ["", "relief", "relief"]
    assert [phase(logged=enough + i) for i in (-1, 0, 1)] == ["unknown", "no_relief", "no_relief"]
    assert (few, enough) == (3, 5)


def test_nobody_has_failed_before_the_settling_window_is_over() -> None:
    assert [phase(on=par.SETTLING_DAYS + i) for i in (-1, 0, 1)] == ["settling", "settling", "no_relief"]
    assert [phase(on=par.SETTLING_DAYS + i, logged=0, newest=0) for i in (-1, 0)] == ["settling", "settling"]
    assert phase(on=SETTLED, logged=0, newest=0) == "unknown"


def test_another_window_may_be_given() -> None:
    assert [phase(on=84 + i, settles=84) for i in (-1, 0, 1)] == ["settling", "settling", "no_relief"]


def test_nobody_who_joined_late_has_failed() -> None:
    assert phase_of(SpellsSoFar(), day=LATE, logged=50, newest=LATE, joined_late=True) == "unknown"


def test_silence_lapses_everything_but_a_return() -> None:
    at = 200
    for said, expected in (("relief", "relief"), ("returning", "returning"), ("", "no_relief")):
        found = [phase(said, at, newest=at - par.SILENT_DAYS - i) for i in (-1, 0, 1)]
        assert found == [expected, expected, "unknown"]
    assert phase("returned", at, newest=1) == "returned"
    settled = SpellsSoFar("relief", (PastSpell(None, EstimatedDay(100, 90, 110)),))
    assert phase_of(settled, day=at, logged=50, newest=at, joined_late=False) == "relief"
    assert phase_of(settled, day=at, logged=50, newest=1, joined_late=False) == "unknown"


def test_a_day_is_dated_where_half_of_its_chance_lies_on_either_side() -> None:
    even = [(90.0, 100.0, 0.5), (80.0, 90.0, 0.5)]  # from the latest on: days 91 to 100, and 81 to 90
    assert dated(even) == EstimatedDay(90, 82, 100)
    late = [(90.0, 100.0, 0.9), (80.0, 90.0, 0.1)]
    assert dated(late) == EstimatedDay(95, 86, 100)
    assert dated([(4.0, 8.0, 1.0)]) == EstimatedDay(6, 5, 8)
    assert par.DATE_TAIL == 0.05


def test_a_return_is_dated_by_the_days_on_which_its_cohorts_crossed() -> None:
    """A cohort holds what crossed in four days; the first of them began on the day after a multiple of four."""
    day_, other = 120, [0.0] * (par.ENDED_COHORTS - 3)
    found = when_ended(
        DayChances(0, [0.0] * len(LASTS), 0.0, [0.0, 1.0, 0.0, *other], 1.0, 1.0, 1.0), CohortShares([], []), day_
    )
    assert 113 <= found.low <= found.on <= found.high <= 117


def test_the_oldest_cohort_is_dated_by_what_joined_it_when() -> None:
    ages = CohortShares([], [])
    for time in range(30):
        ages.at(time, 0.0, 1.0 if time == 20 else 0.0)
    only = DayChances(0, [0.0] * len(LASTS), 0.0, [*[0.0] * (par.ENDED_COHORTS - 1), 1.0], 1.0, 1.0, 1.0)
    found = when_ended(only, ages, 120)
    joined = (20 - par.ENDED_COHORTS + 2) * par.COHORT_DAYS
    assert joined - par.COHORT_DAYS <= found.low <= found.on <= found.high <= joined + 1


@pytest.mark.parametrize("definition", ["half", "eighty", "full"])
def test_levels_of_the_definitions(definition: Definition) -> None:
    levels = {"half": (0.5, 0.5), "eighty": (0.2, 0.2), "full": (0.5, 0.9)}
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
    """From 40 mg on, 14 mg more are habit, and each mg beyond hides 0.05, where scores have risen as well."""
    hidden, usual = HiddenPain(), 40.0
    assert [hidden.points(d, usual, 3.0) for d in range(1, 31)] == [0.0] * 30
    later = [hidden.points(d, dose, 8.0) for d in range(31, 41)]
    assert later[-1] == pytest.approx(points)
    assert max(par.MASK_FREE_MME, par.MASK_FREE_SHARE * usual) == 14.0


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def test_the_dose_of_before_and_of_now() -> None:
    on = floats(-15, -14, -1, 0, 86, 87, 100, 101)
    mme = floats(90, 10, 30, 90, 90, 40, 60, 90)
    found = medication(on, mme, today=100, masked=False)
    assert (found.mme_before, found.mme_now, found.change_percent) == (20.0, 50.0, 150.0)
    assert (par.BASELINE_DAYS, par.SUMMARY_DAYS) == (14, 14)


def test_the_longest_gap_counts_both_ends() -> None:
    assert (adherence([], 0).longest_gap, adherence([], 5).longest_gap) == (0, 5)
    assert [adherence(scored, 5).longest_gap for scored in ([4], [1], [1, 2, 3, 4, 5])] == [3, 4, 0]


def kinds(written: Diary, baseline: float = 7.0, today: int = 60) -> set[str]:
    found = judge(written, Procedure(DAY0, baseline_pain=baseline), as_of=day(today))
    return {c.kind for c in found.confounders}


def test_what_could_mislead_is_said_from_its_limit_on() -> None:
    assert "low_baseline" in kinds(diary({}), 3.0 - STEP) and "low_baseline" not in kinds(diary({}), 3.0)
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


def test_what_could_mislead_of_a_baseline() -> None:
    before = dict.fromkeys(range(-10, 0), 5.0) | {3: 4.0}
    assert "baseline_conflict" in kinds(diary(before), 7.0) and "baseline_conflict" not in kinds(diary(before), 6.9)
    for late, recalled in ((14, False), (15, True)):
        written = diary(before, {d: late - d for d in range(-10, -4)})  # six of ten, so many days after the procedure
        assert ("recalled_baseline" in kinds(written)) == recalled
    assert "recalled_baseline" not in kinds(diary(before, {d: 15 - d for d in range(-10, -5)})), "five of ten"


def test_few_entries_and_bad_days_alone() -> None:
    few = dict.fromkeys(range(1, 61, 5), 1.0)  # 12 of 60 days
    assert "sparse" in kinds(diary(few)) and "only_bad_days" not in kinds(diary(few))
    enough = few | dict.fromkeys((2, 3, 4, 5, 7, 8, 9, 10), 1.0)  # 20, a third
    assert "sparse" not in kinds(diary(enough))
    bad = dict.fromkeys(few, 6.0)
    assert "only_bad_days" in kinds(diary(bad)) and "sparse" not in kinds(diary(bad))
    assert not kinds(diary({1: 6.0, 20: 6.0}), today=27) & {"only_bad_days", "sparse"}, "too early to say"


def test_a_diary_that_stops_for_four_weeks_was_interrupted() -> None:
    scored = dict.fromkeys(range(1, 30), 2.0)
    for begins_again, interrupted in ((57, False), (58, True)):
        again = scored | dict.fromkeys(range(begins_again, begins_again + 20), 2.0)
        assert ("interrupted" in kinds(diary(again), today=80)) == interrupted
    assert "interrupted" not in kinds(diary(scored), today=80), "one that ends is silent"


def test_the_day_from_which_somebody_joined_late() -> None:
    for first, late in ((par.JOINED_LATE_DAYS, False), (par.JOINED_LATE_DAYS + 1, True)):
        found = judge(diary(dict.fromkeys(range(first, 120), 1.0)), KNOWN, as_of=day(119))
        assert ("joined_late" in {c.kind for c in found.confounders}) == late
        assert (found.onset_on is None) == late and found.watched_from == day(first) and found.phase == "relief"


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
