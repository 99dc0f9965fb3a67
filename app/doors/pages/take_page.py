"""A record that another clinic hands over, brought in by its code."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access.accounts.attempts import CODES, attempt, bucket, network_of
from app.access.accounts.permissions import require
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.service import Answer
from app.base.http.problems import Problem
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import faults_of, taken
from app.record.whole.hand_overs import service
from app.record.whole.schemas import ImportedOut

router = APIRouter(prefix="/clinic/take-over", route_class=PageRoute, include_in_schema=False)


@router.get("")
async def take_page(visitor: VisitorDep) -> Response:
    """Asks for the code."""
    for action in service.NEEDED:
        require(visitor.caller, action)
    return _show(visitor, None)


@router.post("")
async def take(
    request: Request,
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
    once: SentOnceDep,
    code: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Brings the record in, and leads to the patient."""
    made: list[Answer] = []
    guess = bucket(CODES, network_of(address_of(request)))

    async def step() -> None:
        try:
            async with attempt(database, [guess], now=now, failed=lambda problem: problem.status == 404):
                made.append(await service.take(database, visitor.caller, code.strip(), once=once, now=now))
        except Problem as problem:
            if problem.status != 404:
                raise
            raise Problem(422, "The code is wrong, used, or too old.") from None

    async def again(problem: Problem) -> Response:
        return _show(visitor, problem)

    answer = await taken(step(), "/clinic", again)
    if made:
        told = ImportedOut.model_validate(made[0].body)
        answer.headers["location"] = f"/clinic/patients/{told.patient_id}"
    return answer


def _show(visitor: Visitor, problem: Problem | None) -> Response:
    status = 200 if problem is None else problem.status
    return page("take_over.html", visitor, status, faults=faults_of(problem))
