"""A sentence names the relief that its own definition asks for."""

from app.answers.verdicts.sentence import sentence
from app.record.procedures.schemas import ProcedureIn
from app.relief import Procedure, judge
from tests.relief.support import DAY0, course, day, diary


def test_relief_of_seventy_percent_is_not_said_to_be_less_than_half() -> None:
    scores = course(7, 2, None, 0, 150, logging=1.0)
    own = ProcedureIn(performed_on=DAY0, laterality="left", region="lumbar")
    verdict = judge(diary(scores), Procedure(DAY0), as_of=day(150), definition="eighty")
    assert (verdict.phase, (verdict.current.relief_percent or 0) > 60) == ("no_relief", True)
    assert "half" not in sentence(verdict, own)
