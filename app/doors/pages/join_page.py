"""Pages for whoever was handed a code: to make an account with it, or to choose a new password."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access.accounts.attempts import CODES, attempt, bucket, network_of
from app.access.lifecycle import codes
from app.access.lifecycle.schemas import ResetIn
from app.alerts.messages import forgotten
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import same_origin
from app.doors.pages.steps import PageForm, faults_of, filled, problem_of
from app.record.patients.invitations import service as invitations
from app.record.patients.invitations.schemas import AcceptIn, AccountOut

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)


class CodeForm(PageForm):
    """A code, and what is chosen with it."""

    code: str = ""
    username: str | None = None
    password: str | None = None


CodeFormDep = Annotated[CodeForm, Form()]


@router.get("/join")
async def join_page() -> Response:
    """The form of somebody who was invited."""
    return _show("join.html", CodeForm())


@router.post("/join")
async def join(request: Request, form: CodeFormDep, database: DatabaseDep, now: Now) -> Response:
    """Makes the account."""
    same_origin(request)
    made: list[AccountOut] = []

    async def step() -> None:
        given = filled(AcceptIn, form)
        guess = bucket(CODES, network_of(address_of(request)))
        async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
            made.append(await invitations.accept(database, form.code, given=given, now=now))

    return _show("join.html", form, await _problem(step), made=made[0] if made else None)


@router.get("/reset")
async def reset_page() -> Response:
    """The form of somebody who was handed a code for a new password."""
    return _show("reset.html", CodeForm())


@router.post("/reset")
async def reset(request: Request, form: CodeFormDep, database: DatabaseDep, now: Now) -> Response:
    """Sets the password."""
    same_origin(request)

    async def step() -> None:
        given = filled(ResetIn, form)
        guess = bucket(CODES, network_of(address_of(request)))
        async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
            await codes.set_by_code(database, form.code, given=given, now=now)

    problem = await _problem(step)
    return _show("reset.html", form, problem, done=problem is None)


@router.get("/forgotten")
async def forgotten_page() -> Response:
    """The form of somebody who has forgotten their password."""
    return _show("forgotten.html", CodeForm())


@router.post("/forgotten")
async def mail_code(request: Request, form: CodeFormDep, database: DatabaseDep, now: Now) -> Response:
    """Mails a code, where there is somewhere to mail it; the page says the same where there is not."""
    same_origin(request)

    async def step() -> None:
        await forgotten.asked(database, form.username or "", address=address_of(request), now=now)

    problem = await _problem(step)
    return _show("forgotten.html", form, problem, done=problem is None)


async def _problem(step: Callable[[], Awaitable[None]]) -> Problem | None:
    try:
        return await problem_of(step())
    except Problem as problem:
        if problem.status not in (404, 429):
            raise
        says = "The code is wrong, was used, or is too old: ask for a new one." if problem.status == 404 else None
        return Problem(problem.status, says or problem.detail)


def _show(
    name: str, form: CodeForm, problem: Problem | None = None, *, made: AccountOut | None = None, done: bool = False
) -> Response:
    status = 200 if problem is None else problem.status
    return page(name, None, status, form=form, faults=faults_of(problem), made=made, done=done)
