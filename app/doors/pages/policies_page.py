"""Payers' policies on a page: those that come with the service, and the clinic's own."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Response

from app.access.accounts.permissions import RULES
from app.answers.eligibility import clinic_policies, service
from app.answers.eligibility.schemas import PolicyIn, policy_example
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.doors.pages.as_shown import ShownForm, require_as_shown
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, Typed, faults_of, filled, problem_of, taken
from app.rules.policies import policies
from app.work.reviews.policy_change import PolicyChange, changed_by

ADDRESS = "/clinic/policies"
router = APIRouter(prefix=ADDRESS, route_class=PageRoute, include_in_schema=False)


class PolicyForm(ShownForm):
    """A policy's text; and of which of the clinic's own it is a new one."""

    toml: str | None = None
    of: str = ""


@router.get("")
async def policies_page(visitor: VisitorDep, database: DatabaseDep) -> Response:
    """Each policy with its source, its versions and what they ask."""
    return await _show(database, visitor)


@router.post("")
async def add(
    form: Annotated[PolicyForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now, once: SentOnceDep
) -> Response:
    """Adds a policy of the clinic's own, or a new text of one."""

    async def step() -> None:
        await _check_shown(database, visitor, form, name=form.of)
        await clinic_policies.add(database, visitor.caller, given=filled(PolicyIn, form), once=once, now=now)

    async def again(problem: Problem) -> Response:
        if problem.status == 412:  # the text stays, in a form that says no more what it was written over
            form.tag = None
        return await _show(database, visitor, typed=Typed("policy", form), problem=problem)

    return await taken(step(), ADDRESS, again)


@router.post("/preview")
async def preview(form: Annotated[PolicyForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Whose answer the text would change; nothing is kept."""
    found: list[PolicyChange] = []

    async def step() -> None:
        toml = filled(PolicyIn, form).toml
        found.append(await changed_by(database, visitor.caller, toml=toml, now=now))

    problem = await problem_of(step())
    change = found[0] if found else None
    return await _show(database, visitor, typed=Typed("policy", form), problem=problem, change=change)


@router.post("/{name}/end")
async def end(
    name: Annotated[str, Path(max_length=60)],
    form: Annotated[ShownForm, Form()],
    visitor: WriterDep,
    *,
    database: DatabaseDep,
    now: Now,
) -> Response:
    """Ends one of the clinic's own."""

    async def step() -> None:
        await _check_shown(database, visitor, form, name=name)
        await clinic_policies.end(database, visitor.caller, name=name, now=now)

    async def again(problem: Problem) -> Response:
        return await _show(database, visitor, problem=problem)

    return await taken(step(), ADDRESS, again)


async def _check_shown(database: Database, visitor: Visitor, form: ShownForm, *, name: str) -> None:
    require_as_shown(form.tag, (await clinic_policies.texts(database, visitor.caller)).get(name))


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    typed: Typed = NOTHING_TYPED,
    problem: Problem | None = None,
    change: PolicyChange | None = None,
) -> Response:
    may_change = (visitor.caller.role, "change_clinic") in RULES
    known = await clinic_policies.known(database, visitor.caller.clinic_id)
    shown = [service.out(one, own=one.name not in policies()) for one in known.values()]
    return page(
        "policies.html",
        visitor,
        200 if problem is None else problem.status,
        own=[one for one in shown if one.own],
        others=[one for one in shown if not one.own],
        texts=await clinic_policies.texts(database, visitor.caller) if may_change else {},
        example=policy_example(),
        typed=typed,
        change=change,
        faults=faults_of(problem),
        may_change=may_change,
    )
