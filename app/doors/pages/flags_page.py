"""The work list: what a person must look at, who has it, and what the alarm budget holds back."""

from datetime import datetime
from typing import Annotated, Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlalchemy import select

from app.access.accounts.permissions import RULES
from app.alerts.flags import service
from app.alerts.flags.schemas import FlagKind, StepIn
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.record.patients.service import patient
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
PAGE = 50
SEVERITIES = ("now", "soon", "later")
STEPS = {"acknowledge": "acknowledged", "resolve": "resolved"}


@router.get("/flags")
async def flags_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    kind: str = "",
    severity: str = "",
    show: Annotated[str, Query(max_length=10)] = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """Flags: open ones, the visitor's own, those held back, or those that are over."""
    return await _show(database, visitor, now, {"kind": kind, "severity": severity, "show": show}, page_number, None)


@router.post("/flags/{flag_id:uuid}/{step}")
async def take_step(
    flag_id: UUID, step: str, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Takes a flag up, or ends it with a note."""
    form = {k: str(v).strip() for k, v in (await request.form()).items() if str(v).strip()}
    asked = {name: form.get(name, "") for name in ("kind", "severity", "show")}
    if step not in STEPS:
        raise Problem(404, "There is no such step.")
    try:
        given = StepIn.model_validate({"note": form.get("note")})
        await service.step(database, visitor.caller, flag_id, STEPS[step], given, form.get("tag"), now)
    except ValidationError:
        return await _show(database, visitor, now, asked, 1, Problem(422, "The note is too long, or no text."))
    except Problem as problem:
        if problem.status not in (409, 412):
            raise
        return await _show(database, visitor, now, asked, 1, problem)
    return RedirectResponse("/clinic/flags?" + urlencode({k: v for k, v in asked.items() if v}), 303)


async def _show(
    database: Database,
    visitor: Visitor,
    now: datetime,
    asked: dict[str, str],
    number: int,
    problem: Problem | None,
) -> Response:
    caller, show = visitor.caller, asked["show"]
    chosen: dict[str, Any] = {}
    if asked["kind"] in get_args(FlagKind):
        chosen["kind"] = asked["kind"]
    if asked["severity"] in SEVERITIES:
        chosen["severity"] = asked["severity"]
    if show == "mine":
        chosen["owner_id"] = caller.account_id
    states = ["resolved", "lapsed"] if show == "over" else ["open", "acknowledged"]
    rows, more = await service.work_list(
        database, caller, chosen, states, show == "held", PAGE, PAGE * (number - 1), now
    )
    async with database.read() as connection:
        query = select(patient.c.id, patient.c.name).where(
            patient.c.clinic_id == caller.clinic_id, patient.c.id.in_([row.patient_id for row in rows])
        )
        people = {row.id: row for row in (await connection.execute(query)).all()}
    names = {one.id: one.username for one in await clinics.list_colleagues(database, caller)}
    shown = [
        {**row._asdict(), "name": people[row.patient_id].name,
         "owner": names.get(row.owner_id), "tag": service.tag_of(row), "late": row.state == "open" and row.due_at <= now}
        for row in rows
    ]  # fmt: skip
    own = await clinics.read(database, caller, now)
    faults = [] if problem is None else [problem.detail]
    return page(
        "flags.html", visitor, 200 if problem is None else problem.status, rows=shown, kinds=get_args(FlagKind),
        severities=SEVERITIES, asked=asked, clinic=own, zone=own["time_zone"] or "UTC", faults=faults,
        page=number, more=more, address=lambda to: "/clinic/flags?" + urlencode({**asked, "page": to}),
        may_work=(caller.role, "work_flag") in RULES)  # fmt: skip
