"""The verdict of a procedure."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.access.accounts.deps import CallerDep
from app.answers.verdicts import service
from app.answers.verdicts.schemas import SuccessiveOut, VerdictOut
from app.answers.verdicts.successive import side_by_side
from app.base.http.conditional import NOT_MODIFIED, AsKnownOn, IfNoneMatch
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.base.http.wire import RecentDay
from app.rules.words import Definition

router = APIRouter(prefix="/v1", tags=["verdicts"])


@router.get(
    "/procedures/{procedure_id}/relief",
    response_model=VerdictOut,
    responses={**NOT_MODIFIED, **problems(403, 404)},
)
async def read_relief(
    procedure_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    as_of: Annotated[RecentDay | None, Query(description="day as of which to judge; today where left out")] = None,
    as_known_on: AsKnownOn = None,
    definition: Annotated[Definition, Query(description="definition of a return")] = "half",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The verdict: whether there was relief, how long it has held, whether it is ending; the daily series; an ETag.

    Reprieve shows one person's course. It does not diagnose, and a person decides.
    """
    question = service.Question(as_of, as_known_on, definition)
    found = await service.answer(
        database, caller, procedure_id=procedure_id, question=question, if_none_match=if_none_match, now=now
    )
    headers = {"ETag": found.tag, "Cache-Control": "private, no-cache"}
    if found.body is None:
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type="application/json", headers=headers)


@router.get("/patients/{patient_id}/relief", responses=problems(403, 404))
async def read_successive(
    patient_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    as_of: Annotated[RecentDay | None, Query(description="day as of which to judge; today where left out")] = None,
    definition: Annotated[Definition, Query(description="definition of a return")] = "half",
) -> SuccessiveOut:
    """Successive procedures side by side: each site's episodes in order, staged ones as one treatment."""
    return await side_by_side(database, caller, patient_id=patient_id, definition=definition, as_of=as_of, now=now)
