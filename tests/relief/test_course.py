"""What the engine says of plain courses."""

import numpy as np
import pytest

from app.relief import LEFT, RIGHT, Definition, Diary, Procedure, judge, trace
from tests.relief.support import DAY0, course, day, diary

LEFT_ONE = Procedure(DAY0, "left")


def test_relief_that_holds() -> None:
    v = judge(diary(course(7, 2, None, 0, 200)), Procedure(DAY0), as_of=day(200))
    assert (v.phase, v.response, v.censored) == ("relief", "responder", True)
    assert v.onset_on is not None
    assert abs((v.onset_on - day(10)).days) <= 4
    assert v.current.level == pytest.approx(2, abs=0.5)
    assert v.current.low is not None and v.current.high is not None and v.current.level is not None
    assert v.current.low <= v.current.level <= v.current.high
    assert v.returned.on is None and v.returned.probability < 0.05
    assert v.forecast is not None and 0.05 < v.forecast.return_within_90_days < 0.6
    assert v.relief_days == max(d for d in course(7, 2, None, 0, 200))


def test_a_return_is_dated_and_its_interval_holds_the_truth() -> None:
    v = judge(diary(course(7, 2, 150, 7, 240)), Procedure(DAY0), as_of=day(240))
    crossed = day(150 + 5)  # half of 7 is reached 30 % up a climb of 14 days
    assert v.phase == "returned" and not v.censored
    assert v.returned.on and v.returned.low and v.returned.high
    assert v.returned.low <= crossed <= v.returned.high
    assert abs((v.returned.on - crossed).days) <= 7
    assert v.relief_days == (v.returned.on - DAY0).days
    assert all("expected" in why.says for why in v.why) and v.why


def test_a_fierce_flare_up_of_a_week_is_no_return() -> None:
    scores = course(7, 2, None, 0, 220, logging=1.0)
    for d in range(150, 157):
        scores[d] = 9.0
    unfolded = trace(diary(scores), Procedure(DAY0)).days.phase
    assert set(unfolded[149:156]) <= {"relief", "returning"}
    assert set(unfolded[157:]) == {"relief"}


def test_a_procedure_that_brought_no_relief() -> None:
    v = judge(diary(course(7, 6.3, None, 0, 120)), Procedure(DAY0), as_of=day(120))
    assert (v.phase, v.response, v.onset_on, v.censored, v.relief_days) == ("no_relief", "none", None, False, None)


def test_nobody_has_failed_in_the_settling_window() -> None:
    v = judge(diary(course(7, 7, None, 0, 56, logging=1.0)), Procedure(DAY0), as_of=day(56))
    assert v.phase == "settling"
    assert judge(diary(course(7, 7, None, 0, 57, logging=1.0)), Procedure(DAY0), as_of=day(57)).phase == "no_relief"


def test_silence_is_neither_relief_nor_pain() -> None:
    scores = {d: s for d, s in course(7, 2, None, 0, 200).items() if d <= 100}
    v = judge(diary(scores), Procedure(DAY0), as_of=day(300))
    assert (v.phase, v.current.relief_percent, v.censored) == ("unknown", None, True)
    assert v.adherence.longest_gap >= 200
    assert v.days.relief_percent[-1] is None


def test_a_climb_hidden_under_a_rising_dose_is_masked() -> None:
    scores = course(7, 2, 150, 4.4, 240, logging=1.0)
    mme = {d: 20.0 if d < 150 else min(70.0, 20 + 2.5 * (d - 150)) for d in scores}
    v = judge(diary(scores, mme=mme), Procedure(DAY0), as_of=day(240))
    assert v.phase == "returned" and v.medication.masked
    assert "masked" in {c.kind for c in v.confounders}
    assert not judge(diary(scores, mme=dict.fromkeys(scores, 20.0)), Procedure(DAY0), as_of=day(240)).medication.masked


def test_pain_on_the_other_side_is_not_a_return_and_is_reported() -> None:
    mine = diary(course(7, 2, None, 0, 200, logging=1.0), column=LEFT)
    average = mine.average.copy()
    average[mine.day >= DAY0.toordinal() + 150, RIGHT] = 8.0
    elsewhere = np.where(mine.day >= DAY0.toordinal() + 150, 8.0, np.nan)
    both = Diary(mine.day, mine.known_on, average, mine.worst, mine.mme, mine.steps, elsewhere)
    v = judge(both, LEFT_ONE, as_of=day(200))
    alone = judge(mine, LEFT_ONE, as_of=day(200))
    assert v.phase == "relief" and v.days.level == alone.days.level
    assert "pain_elsewhere" in {c.kind for c in v.confounders}


def test_a_bilateral_procedure_is_judged_by_the_worse_side_and_gives_each_its_own() -> None:
    left, right = (course(7, 2, e, 7, 220, logging=1.0) for e in (150, None))
    base = diary(left, column=LEFT)
    average = base.average.copy()
    average[:, RIGHT] = [right[int(d) - DAY0.toordinal()] for d in base.day]
    v = judge(
        Diary(base.day, base.known_on, average, base.worst, base.mme, base.steps, base.elsewhere),
        Procedure(DAY0),
        as_of=day(220),
    )
    assert v.phase == "returned"
    assert [(s.side, s.phase) for s in v.sides] == [("left", "returned"), ("right", "relief")]


def test_a_repeat_ends_the_watch() -> None:
    v = judge(diary(course(7, 2, 150, 7, 240)), Procedure(DAY0, watched_until=day(120)), as_of=day(240))
    assert v.phase == "relief" and v.censored and v.forecast is None
    assert v.days.date[-1] == day(120)
    assert v.relief_days is not None and v.relief_days <= 120


@pytest.mark.parametrize("definition", ["half", "eighty", "full"])
def test_the_definition_is_named_and_moves_the_date(definition: Definition) -> None:
    scores = course(7, 0.5, 150, 7, 300, noise=0.5)
    v = judge(diary(scores), Procedure(DAY0), as_of=day(300), definition=definition)
    assert v.definition == definition
    definitions: tuple[Definition, ...] = ("eighty", "half", "full")
    dates = [judge(diary(scores), Procedure(DAY0), as_of=day(300), definition=d).returned.on for d in definitions]
    assert None not in dates and dates == sorted(dates, key=str) and len(set(dates)) == 3


def test_who_was_never_better_is_near_no_line_of_a_definition_whose_line_is_of_relief_lost() -> None:
    scores = course(7, 6.5, None, 0, 200)
    v = judge(diary(scores), Procedure(DAY0), as_of=day(200), definition="full")
    assert v.phase == "no_relief" and "borderline" not in [one.kind for one in v.confounders]


def test_who_comes_near_the_line_of_full_and_not_over_it_is_borderline() -> None:
    v = judge(diary(course(7, 1, 150, 5.8, 260)), Procedure(DAY0), as_of=day(220), definition="full")
    assert v.phase in ("relief", "returning") and "borderline" in [one.kind for one in v.confounders]
