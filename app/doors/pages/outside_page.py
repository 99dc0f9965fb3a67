"""Looking at a patient of another team, in an emergency and for a reason."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response

from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import PageForm, faults_of, filled, taken
from app.record.patients.teams import service as teams
from app.record.patients.teams.schemas import BreakGlassIn

router = APIRouter(prefix="/clinic/outside-team", route_class=PageRoute, include_in_schema=False)
SHORTEST = 3  # letters of a name


class ReasonForm(PageForm):
    """Why, and the search to lead back to."""

    reason: str | None = None
    q: str = ""


@router.get("")
async def outside_page(
    visitor: VisitorDep, database: DatabaseDep, now: Now, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Patients by name of whose team the visitor is not."""
    return await _show(database, visitor, q=q, now=now)


@router.post("/{patient_id:uuid}")
async def break_glass(
    patient_id: UUID, form: Annotated[ReasonForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Opens the record, for a reason that stands in the log."""

    async def step() -> None:
        given = filled(BreakGlassIn, form)
        await teams.break_glass(database, visitor.caller, patient_id=patient_id, reason=given.reason, now=now)

    async def again(problem: Problem) -> Response:
        return await _show(database, visitor, q=form.q, now=now, problem=problem)

    return await taken(step(), f"/clinic/patients/{patient_id}", again)


async def _show(
    database: Database, visitor: Visitor, *, q: str, now: datetime, problem: Problem | None = None
) -> Response:
    name = q.strip()
    found = await teams.outside(database, visitor.caller, name=name, now=now) if len(name) >= SHORTEST else []
    return page(
        "outside.html",
        visitor,
        200 if problem is None else problem.status,
        q=name,
        rows=found,
        asked=len(name) >= SHORTEST,
        faults=faults_of(problem),
    )
