"""Correcting a fact that is on record, and deleting one, each with its reason; what it said before stays in its history."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem, bad_field
from app.base.store.database import Database
from app.doors.pages.fact_fields import body_of, typed_of
from app.doors.pages.fields import Values
from app.doors.pages.forms import FORMS, REASON, Correction, FactForm, checked, fact_page, given_by
from app.doors.pages.rendering import PageRoute
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import SHOWN, DeleteForm, PageForm, faults_of, filled, problem_of
from app.record.facts import service as facts
from app.record.facts.kinds import Fact, FactIn
from app.record.procedures.service import PROCEDURE
from app.work.calendar.schemas import ReasonIn

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)


def _add(plural: str, form: FactForm) -> None:
    kind, address = form.kind, f"/{plural}/{{fact_id:uuid}}"

    async def correct(fact_id: UUID, visitor: VisitorDep, *, database: DatabaseDep, now: Now) -> Response:
        return await _correction(database, visitor, form=form, fact_id=fact_id, now=now)

    async def corrected(
        fact_id: UUID, request: Request, *, visitor: WriterDep, database: DatabaseDep, now: Now
    ) -> Response:
        asked = form.fields(())
        given = await given_by(request, [*asked, REASON])
        tag = str((await request.form()).get("tag", "")) or None
        one = await facts.read_one(database, visitor.caller, kind=kind, fact_id=fact_id, action=kind.action, now=now)
        body = body_of(kind.name, given, one.content)
        emptied = {f.name: None for f in asked if f.name in kind.change.model_fields and f.name not in body}
        try:
            if not given["reason"]:
                raise bad_field("/reason", "is needed")
            changes = checked(kind.change, {**emptied, **body})
            await facts.change(
                database, visitor.caller, kind=kind, fact_id=fact_id, changes=changes, if_match=tag, now=now
            )
        except Problem as problem:
            return await _correction(
                database, visitor, form=form, fact_id=fact_id, now=now, typed=given, problem=problem
            )
        return RedirectResponse(_shown_at(form, one), 303)

    async def delete(
        fact_id: UUID, given: Annotated[DeleteForm, Form()], *, visitor: WriterDep, database: DatabaseDep, now: Now
    ) -> Response:
        one = await facts.read_one(database, visitor.caller, kind=kind, fact_id=fact_id, action=kind.action, now=now)

        async def step() -> None:
            why = filled(ReasonIn, given)
            await facts.remove(
                database,
                visitor.caller,
                kind=kind,
                fact_id=fact_id,
                if_match=given.tag,
                reason=why.reason,
                now=now,
            )

        problem = await problem_of(step())
        if problem is not None:
            why = given.reason or ""
            return await _correction(
                database, visitor, form=form, fact_id=fact_id, now=now, delete_reason=why, not_deleted=problem
            )
        return RedirectResponse(f"/clinic/patients/{one.patient_id}/treatments", 303)

    router.add_api_route(f"{address}/edit", correct, methods=["GET"])
    router.add_api_route(f"{address}/edit", corrected, methods=["POST"])
    router.add_api_route(f"{address}/delete", delete, methods=["POST"])


for _plural, _form in FORMS.items():
    _add(_plural, _form)


def _shown_at(form: FactForm, one: Fact[FactIn]) -> str:
    """The page that shows a fact."""
    if form.kind is PROCEDURE:
        return f"/clinic/procedures/{one.id}"
    return f"/clinic/patients/{one.patient_id}/treatments#{one.id}"


async def _correction(
    database: Database,
    visitor: Visitor,
    *,
    form: FactForm,
    fact_id: UUID,
    now: datetime,
    typed: Values | None = None,
    delete_reason: str = "",
    not_deleted: Problem | None = None,
    problem: Problem | None = None,
) -> Response:
    kind = form.kind
    one = await facts.read_one(database, visitor.caller, kind=kind, fact_id=fact_id, action=kind.action, now=now)
    values: Values = dict.fromkeys((f.name for f in form.fields(())), "")
    values |= typed_of(kind.name, one.content)
    yours: Values = {}
    if problem is not None and problem.status == 412:  # what an old page holds would undo the new state
        yours, typed = typed or {}, {"reason": (typed or {}).get("reason", "")}
    answer = await fact_page(
        database,
        visitor,
        form=form,
        patient_id=one.patient_id,
        now=now,
        values=values | (typed or {}),
        problem=problem,
        yours=yours,
        corrects=Correction(fact_id, facts.tag_of(kind, one), delete_reason, faults_of(not_deleted)),
    )
    if not_deleted is not None:
        answer.status_code = not_deleted.status
    return answer


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
        if form.baseline_pain is None:
            raise bad_field("/baseline_pain", "is needed")
        held = await facts.read_one(
            database, visitor.caller, kind=PROCEDURE, fact_id=procedure_id, action=PROCEDURE.action, now=now
        )
        if held.body.baseline_pain not in (None, given.get("baseline_pain")):
            raise Problem(412, "Somebody has written it down meanwhile.")
        changes = checked(PROCEDURE.change, {**given, "reason": "the pain before was missing"})
        await facts.change(
            database, visitor.caller, kind=PROCEDURE, fact_id=procedure_id, changes=changes, if_match=None, now=now
        )
    except Problem as problem:
        if problem.status not in SHOWN:
            raise
        this = FORMS["procedures"]
        return await _correction(
            database, visitor, form=this, fact_id=procedure_id, now=now, typed=typed, problem=problem
        )
    return RedirectResponse(f"/clinic/procedures/{procedure_id}", 303)
