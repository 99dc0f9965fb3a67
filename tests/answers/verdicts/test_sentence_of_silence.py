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
