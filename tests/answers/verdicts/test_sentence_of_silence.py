"""What is said of somebody who fell silent: what was known until then."""

from app.answers.verdicts.sentence import sentence
from app.record.procedures.schemas import ProcedureIn
from app.relief import Procedure, judge
from tests.relief.support import DAY0, course, day, diary

OWN = ProcedureIn.model_validate({"performed_on": DAY0.isoformat(), "region": "lumbar", "laterality": "bilateral"})


def said(scores: dict[int, float], on: int) -> str:
    verdict = judge(diary(scores), Procedure(DAY0), as_of=day(on))
    assert verdict.phase == "unknown"
    return sentence(verdict, OWN)


def test_of_relief_that_held() -> None:
    assert "relief was known to hold for" in said(course(7, 1.5, None, 0, 200), 300)


def test_of_a_return_after_which_it_was_better_again() -> None:
    scores = course(7, 1.5, 110, 7, 200) | dict.fromkeys(range(201, 290), 1.0)
    told = said(scores, 380)
    assert "pain had returned on" in told and "and got better again" in told
    assert "known to hold" not in told


def test_of_a_diary_that_ended_in_the_first_weeks() -> None:
    """So few days are not the reason: many were logged, but none that could tell."""
    sore = dict.fromkeys(range(-14, 40), 7.0)
    ended = f"{day(39).day} {day(39):%B %Y}"
    assert f"hether there is relief can't be said: the diary ended on {ended}, in the first weeks" in said(sore, 70)
    assert f"the diary has been silent since {ended}" in said(sore, 200)
    assert "never reached" not in said(sore, 200)


def test_of_no_relief() -> None:
    told = said(dict.fromkeys(range(-14, 80), 7.0), 300)
    assert "silent since" in told and "relief never reached half of the pain before" in told
