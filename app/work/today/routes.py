"""A patient's day in one call."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.accounts.deps import CallerDep
from app.base.http.conditional import NOT_MODIFIED, IfNoneMatch, etag, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.base.http.wire import Day
from app.rules.words import Language
from app.work.today import service
from app.work.today.schemas import TodayOut

router = APIRouter(prefix="/v1/me", tags=["diary"])


@router.get("/today", response_model=TodayOut, responses={**NOT_MODIFIED, **problems(403)})
async def read_today(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    on: Annotated[Day | None, Query(description="the day by the phone's own calendar")] = None,
    language: Annotated[Language | None, Query(description="of the sentences")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All that a phone needs for the day: what was written, what is usual, what is asked, and where things stand."""
    told = await service.read(database, caller, on=on, language=language, now=now)
    body = told.model_dump_json()
    tag = etag(caller.clinic_id, "today", told.patient_id, body)
    if matches(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, media_type="application/json", headers={"ETag": tag})
