"""Questionnaires: their rules and scores."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from app.record.assessments.schemas import AssessmentIn, AssessmentOut
from app.record.facts import service as facts
from app.record.facts.kinds import Fact, Kind, shown
from app.record.patients.service import Person, check_past
from app.rules.questionnaires import QUESTIONNAIRES, is_meaningful, is_success, score


async def _check(_connection: AsyncConnection, person: Person, *, new: AssessmentIn, now: datetime) -> None:
    check_past("answered_on", new.answered_on, person=person, now=now)


async def _show(connection: AsyncConnection, answered: list[Fact[AssessmentIn]]) -> Sequence[BaseModel]:
    if not answered:
        return []
    whole = await facts.of_patient(
        connection, answered[0].clinic_id, patient_id=answered[0].patient_id, kinds=[ASSESSMENT]
    )
    first: dict[str, Fact[AssessmentIn]] = {}
    for one in whole.of(ASSESSMENT):
        first.setdefault(one.body.kind, one)
    out = []
    for one in answered:
        kind, mine = one.body.kind, score(one.body.kind, one.body.items)
        start = first.get(kind)
        before = None if start is None or start.id == one.id else score(kind, start.body.items)
        computed = {
            "score": mine,
            "out_of": QUESTIONNAIRES[kind].out_of,
            "success": is_success(kind, mine),
            "first_score": before,
            "meaningful": None if before is None else is_meaningful(kind, before, mine),
        }
        out.append(AssessmentOut.model_validate({**shown(one), **computed}))
    return out


ASSESSMENT = Kind(
    "assessment",
    "assessments",
    AssessmentIn,
    AssessmentOut,
    "answered_on",
    "write_diary",
    check=_check,
    show=_show,
    of_the_living=True,
)
