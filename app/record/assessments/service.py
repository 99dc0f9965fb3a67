"""Questionnaires: their rules and scores."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from app.record.assessments.schemas import AssessmentIn, AssessmentOut
from app.record.facts import service as facts
from app.record.facts.kinds import Kind, shown
from app.record.patients.service import check_past
from app.rules.questionnaires import QUESTIONNAIRES, is_meaningful, score


async def _check(_connection: AsyncConnection, person: Row[Any], new: AssessmentIn, now: datetime) -> None:
    check_past("answered_on", new.answered_on, person, now)


async def _show(connection: AsyncConnection, rows: list[Row[Any]]) -> list[dict[str, Any]]:
    if not rows:
        return []
    everything = await facts.of_patient(connection, rows[0].clinic_id, rows[0].patient_id, "assessment")
    first: dict[str, dict[str, Any]] = {}
    for one in everything:
        first.setdefault(one["kind"], one)
    out = []
    for row in rows:
        kind, mine = row.content["kind"], score(row.content["kind"], row.content["items"])
        start = first.get(kind)
        before = None if start is None or start["id"] == row.id else score(kind, start["items"])
        out.append(
            {
                **shown(row),
                "score": mine,
                "out_of": QUESTIONNAIRES[kind].out_of,
                "success": mine <= 2 if kind == "pgic" else None,
                "first_score": before,
                "meaningful": None if before is None else is_meaningful(kind, before, mine),
            }
        )
    return out


ASSESSMENT = Kind(
    "assessment", "assessments", AssessmentIn, AssessmentOut, "answered_on", "write_diary", check=_check, show=_show
)
