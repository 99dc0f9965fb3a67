"""One review, with all that its steps need."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from app.access.accounts.permissions import RULES
from app.answers.eligibility import service as eligibility
from app.answers.eligibility.clinic_policies import known
from app.answers.verdicts import context
from app.answers.verdicts.service import Question
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.service import Once
from app.base.http.problems import Problem, field_problems
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.record.patients.service import today_of
from app.rules.levels import spoken
from app.rules.reviews import CHECKS, OPEN
from app.work.calendar import service as calendar
from app.work.reviews import service
from app.work.reviews.schemas import BookIn, CancelIn, DecisionIn, ReviewChange, ReviewIn

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
DECISIONS = {
    "repeat": "repeat the procedure",
    "other_treatment": "another treatment",
    "wait": "wait",
    "none": "no repeat",
}
ANSWERS = {"": "open", "yes": "yes", "no": "no", "not_needed": "not needed"}


@router.post("/procedures/{procedure_id:uuid}/reviews")
async def open_review(procedure_id: UUID, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Opens a review, or leads to the one that is under way."""
    answer = await service.open_review(database, visitor.caller, procedure_id, ReviewIn(), Once(None, ""), now)
    return RedirectResponse(f"/clinic/reviews/{answer.body['id']}", 303)


@router.get("/reviews/{review_id:uuid}")
async def review_page(
    review_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    policy: Annotated[str, Query(max_length=60)] = "",
    proposed_on: date | None = None,
) -> Response:
    """One review: what is known, what a policy asks, what is still open."""
    return await _show(database, visitor, review_id, now, policy, proposed_on, None)


@router.post("/reviews/{review_id:uuid}/{step}")
async def take_step(
    review_id: UUID, step: str, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Takes a step; what does not fit is said on the same page, and nothing is lost."""
    form = {k: str(v).strip() for k, v in (await request.form()).items() if str(v).strip()}
    tag = form.get("tag")
    try:
        if step == "work":
            checks = {name: form[f"check_{name}"] for name in CHECKS if f"check_{name}" in form}
            owner = {"owner_id": visitor.caller.account_id} if "take" in form else {}
            work = {"note": form.get("note"), "checklist": checks or None, **owner}
            await service.work_on(database, visitor.caller, review_id, ReviewChange.model_validate(work), tag, now)
        elif step == "propose":
            given = {k: form[k] for k in ("proposed_on", "laterality", "policy", "note") if k in form}
            await service.work_on(database, visitor.caller, review_id, ReviewChange.model_validate(given), tag, now)
        elif step == "book":
            slot = BookIn.model_validate({"slot_id": form.get("slot_id")})
            await service.book(database, visitor.caller, review_id, slot, tag, now)
        elif step == "decide":
            decided = {k: form[k] for k in ("decision", "reason", "wait_until") if k in form}
            await service.decide(database, visitor.caller, review_id, DecisionIn.model_validate(decided), tag, now)
        elif step == "cancel":
            why = CancelIn.model_validate({"reason": form.get("reason")})
            await service.cancel(database, visitor.caller, review_id, why, tag, now)
        else:
            raise Problem(404, "There is no such step.")
    except ValidationError as error:
        found = field_problems(error.errors(include_input=False, include_url=False), "body")
        return await _show(database, visitor, review_id, now, "", None, Problem(422, "", found))
    except Problem as problem:
        if problem.status not in (409, 412, 422):
            raise
        return await _show(database, visitor, review_id, now, "", None, problem)
    return RedirectResponse(f"/clinic/reviews/{review_id}", 303)


async def _show(
    database: Database,
    visitor: Visitor,
    review_id: UUID,
    now: datetime,
    policy: str,
    proposed_on: date | None,
    problem: Problem | None,
) -> Response:
    row = await service.read(database, visitor.caller, review_id, now)
    about = await context.read(database, visitor.caller, row.procedure_id, Question(None, None, "half"), now)
    today = today_of(about.person.time_zone, now)
    named = policy or row.policy or "medicare-lcd"
    day = proposed_on or row.proposed_on or today
    theirs = await known(database, visitor.caller.clinic_id)
    found = eligibility.answer(eligibility.find(named, theirs), about, day, row.laterality, row.joints)
    beside = [eligibility.answer(one, about, day, row.laterality, row.joints) for one in theirs.values()]
    begin, end = calendar.window(now, now + timedelta(days=120), now)
    slots, _ = await calendar.list_slots(database, visitor.caller, begin, end, True, 200, None)
    booked = None
    if row.appointment_id is not None:
        async with database.read() as connection:
            booked = await calendar.find(connection, visitor.caller, row.appointment_id, "read")
    faults = (
        [] if problem is None else [f"{e.pointer.strip('/')}: {e.detail}" for e in problem.errors] or [problem.detail]
    )
    return page(
        "review.html", visitor, 200 if problem is None else problem.status, review=service.out(row, now).model_dump(),
        tag=service.tag_of(row), person=about.person, says=about.verdict["says"], adherence=about.verdict["adherence"],
        confounders=about.verdict["confounders"], found=found, beside=beside, day=day.isoformat(), today=today.isoformat(),
        policies=theirs, checks=CHECKS, answers=ANSWERS, decisions=DECISIONS, slots=slots, booked=booked, faults=faults,
        levels=spoken(row.joints or []), zone=about.person.time_zone,
        may_work=(visitor.caller.role, "work_review") in RULES and row.state in OPEN)  # fmt: skip
