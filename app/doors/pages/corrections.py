"""Correcting a procedure that is on record, and deleting one, each with its reason."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import JsonValue

from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem, bad_field
from app.base.store.database import Database
from app.doors.pages import fields
from app.doors.pages.fields import Values, body_of
from app.doors.pages.forms import FORMS, REASON, Correction, checked, fact_page, given_by
from app.doors.pages.rendering import PageRoute
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import SHOWN, PageForm, filled, problem_of
from app.record.facts import service as facts
from app.record.procedures.service import PROCEDURE
from app.work.calendar.schemas import ReasonIn

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)


@router.get("/procedures/{procedure_id:uuid}/edit")
async def correct(procedure_id: UUID, visitor: VisitorDep, database: DatabaseDep, now: Now) -> Response:
    """The form of a procedure that is on record."""
    return await _correction(database, visitor, procedure_id=procedure_id, now=now)


async def _correction(
    database: Database,
    visitor: Visitor,
    *,
    procedure_id: UUID,
    now: datetime,
    typed: Values | None = None,
    delete_reason: str = "",
    problem: Problem | None = None,
) -> Response:
    one = await facts.read_one(
        database, visitor.caller, kind=PROCEDURE, fact_id=procedure_id, action="change_procedure", now=now
    )
    values: Values = {f.name: "" for f in fields.procedure()}
    values |= {name: _as_typed(value) for name, value in one.content.items()}
    if problem is not None and problem.status == 412:  # what an old page holds would undo the new state
        typed = {"reason": (typed or {}).get("reason", "")}
    return await fact_page(
        database,
        visitor,
        form=FORMS["procedures"],
        patient_id=one.patient_id,
        now=now,
        values=values | (typed or {}),
        problem=problem,
        corrects=Correction(procedure_id, facts.tag_of(PROCEDURE, one), delete_reason),
    )


def _as_typed(value: JsonValue) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, list) else str(value)


@router.post("/procedures/{procedure_id:uuid}/edit")
async def corrected(
    procedure_id: UUID, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Changes a procedure; a field that was emptied is no longer known. What it said before stays in its history."""
    given = await given_by(request, [*fields.procedure(), REASON])
    tag = str((await request.form()).get("tag", "")) or None
    body = body_of("procedure", given)
    emptied = {f.name: None for f in fields.procedure() if f.name not in body}
    try:
        if not given["reason"]:
            raise bad_field("/reason", "is needed")
        changes = checked(PROCEDURE.change, {**emptied, **body})
        await facts.change(
            database, visitor.caller, kind=PROCEDURE, fact_id=procedure_id, changes=changes, if_match=tag, now=now
        )
    except Problem as problem:
        return await _correction(database, visitor, procedure_id=procedure_id, now=now, typed=given, problem=problem)
    return RedirectResponse(f"/clinic/procedures/{procedure_id}", 303)


class DeleteForm(PageForm):
    """Why something that is on record should not be."""

    reason: str | None = None
    tag: str | None = None


@router.post("/procedures/{procedure_id:uuid}/delete")
async def delete(
    procedure_id: UUID, form: Annotated[DeleteForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Deletes a procedure that was recorded by mistake, and leads to the patient; its history stays, with the reason."""
    one = await facts.read_one(
        database, visitor.caller, kind=PROCEDURE, fact_id=procedure_id, action="change_procedure", now=now
    )

    async def step() -> None:
        why = filled(ReasonIn, form)
        await facts.remove(
            database,
            visitor.caller,
            kind=PROCEDURE,
            fact_id=procedure_id,
            if_match=form.tag,
            reason=why.reason,
            now=now,
        )

    problem = await problem_of(step())
    if problem is not None:
        return await _correction(
            database,
            visitor,
            procedure_id=procedure_id,
            now=now,
            delete_reason=form.reason or "",
            problem=problem,
        )
    return RedirectResponse(f"/clinic/patients/{one.patient_id}", 303)


class BaselineForm(PageForm):
    """The pain before a procedure, as somebody at the clinic writes it down."""

    baseline_pain: str | None = None


@router.post("/procedures/{procedure_id:uuid}/baseline")
async def add_baseline(
    procedure_id: UUID,
    form: Annotated[BaselineForm, Form()],
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
) -> Response:
    """Writes down the pain before a procedure; a number that is none leads to the form with all its fields."""
    typed: Values = {"baseline_pain": form.baseline_pain or ""}
    given = body_of("procedure", typed)
    try:
        changes = checked(PROCEDURE.change, {**given, "reason": "the pain before was missing"})
        await facts.change(
            database, visitor.caller, kind=PROCEDURE, fact_id=procedure_id, changes=changes, if_match=None, now=now
        )
    except Problem as problem:
        if problem.status not in SHOWN:
            raise
        return await _correction(database, visitor, procedure_id=procedure_id, now=now, typed=typed, problem=problem)
    return RedirectResponse(f"/clinic/procedures/{procedure_id}", 303)
