"""Reviews: the scheduler's queue, and each step."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.access.accounts.shown import shown_to
from app.answers.eligibility.schemas import EligibilityOut
from app.base.http.conditional import NOT_MODIFIED, IfMatch, IfNoneMatch, matches
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Page
from app.base.http.problems import Responses, bad_field, problems
from app.base.http.sheets import CSV, Accept, listed
from app.base.http.wire import Day, Line
from app.work.reviews import bulk, service, steps
from app.work.reviews.queue import queue, workload
from app.work.reviews.schemas import (
    BookIn,
    BulkIn,
    BulkOut,
    CancelIn,
    DecisionIn,
    QueueIn,
    ReopenIn,
    ReviewChange,
    ReviewIn,
    ReviewOut,
    WorkloadOut,
)
from app.work.reviews.service import ReviewState

router = APIRouter(prefix="/v1", tags=["reviews"])
OPENED: Responses = {
    200: {"model": ReviewOut, "description": "A review of the procedure is open already: this one"},
    201: {"model": ReviewOut, "description": "Opened"},
}
STEP = problems(403, 404, 409, 412, 413)


@router.post(
    "/procedures/{procedure_id}/reviews",
    status_code=201,
    response_model=ReviewOut,
    responses={**OPENED, **problems(403, 404, 409, 413)},
)
async def open_review(
    procedure_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    once: IdempotentCallDep,
    new: ReviewIn | None = None,
) -> Response:
    """Opens the review whether to repeat a procedure. A procedure has one at a time: an open one is returned."""
    answer = await service.open_review(
        database, caller, procedure_id=procedure_id, new=new or ReviewIn(), once=once, now=now
    )
    return JSONResponse(answer.body, answer.status, headers=answer.headers)


@router.get("/reviews", response_model=Page[ReviewOut], responses={**CSV, **problems(403)})
async def list_reviews(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    asked: Annotated[QueueIn, Query()],
    accept: Accept = "application/json",
) -> Response:
    """The queue, the most urgent first: pain that has returned, a likely return, no relief, then the longest waiting."""
    if asked.cursor is not None and not re.fullmatch(r"[0-9]{1,9}", asked.cursor):
        raise bad_field("/cursor", "not a cursor; take `next` of the page before", where="query")
    begin = int(asked.cursor or 0)
    rows, more = await queue(database, caller, asked, offset=begin, now=now)
    return await listed(
        ReviewOut,
        (shown_to(caller, service.out(one, now)) for one in rows),
        following=str(begin + asked.limit) if more else None,
        accept=accept,
    )


@router.get("/reviews/workload", responses=problems(403))
async def read_workload(caller: CallerDep, database: DatabaseDep, now: Now) -> Page[WorkloadOut]:
    """The open reviews by owner: how many, in which states, and how long the oldest has waited."""
    return Page(items=await workload(database, caller, now))


@router.post("/reviews/bulk", responses=problems(403, 413))
async def take_many(given: BulkIn, caller: CallerDep, database: DatabaseDep, now: Now) -> BulkOut:
    """Takes one step with many reviews: assign, propose, wait or cancel. One that fails does not stop the others."""
    return await bulk.take_many(database, caller, given=given, now=now)


@router.post("/reviews/bulk/{bulk_id}/undo", responses=problems(403, 404, 409))
async def undo_many(bulk_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> BulkOut:
    """Undoes a bulk step, for each review that nobody has changed since."""
    return await bulk.undo(database, caller, bulk_id=bulk_id, now=now)


@router.get("/reviews/{review_id}", responses={**NOT_MODIFIED, **problems(403, 404)})
async def read_review(
    review_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_none_match: IfNoneMatch = None,
) -> ReviewOut:
    """One review with its steps, and an ETag."""
    one = await service.read(database, caller, review_id=review_id, now=now)
    tag = service.tag_of(one.review)
    if matches(if_none_match, tag):
        return Response(status_code=304, headers={"ETag": tag})  # type: ignore[return-value]  # no body to model
    response.headers["ETag"] = tag
    return shown_to(caller, service.out(one, now))


@router.patch("/reviews/{review_id}", responses=STEP)
async def work_on_review(
    review_id: UUID,
    given: ReviewChange,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> ReviewOut:
    """Ticks off the checklist, hands the review to somebody, or proposes a day, side, levels and policy."""
    return _told(
        await steps.work_on(database, caller, review_id=review_id, given=given, if_match=if_match, now=now),
        response,
        now,
    )


@router.post("/reviews/{review_id}/book", responses=STEP)
async def book_review(
    review_id: UUID,
    given: BookIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> ReviewOut:
    """Books a slot. Of several callers at the same moment exactly one gets it; the others get 409."""
    return _told(
        await steps.book(database, caller, review_id=review_id, given=given, if_match=if_match, now=now),
        response,
        now,
    )


@router.post("/reviews/{review_id}/decide", responses=STEP)
async def decide_review(
    review_id: UUID,
    given: DecisionIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> ReviewOut:
    """Ends a review with a person's decision and the reason."""
    return _told(
        await steps.decide(database, caller, review_id=review_id, given=given, if_match=if_match, now=now),
        response,
        now,
    )


@router.post("/reviews/{review_id}/cancel", responses=STEP)
async def cancel_review(
    review_id: UUID,
    given: CancelIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> ReviewOut:
    """Ends a review without a decision; its appointment is cancelled."""
    return _told(
        await steps.cancel(database, caller, review_id=review_id, given=given, if_match=if_match, now=now),
        response,
        now,
    )


@router.post("/reviews/{review_id}/reopen", responses=STEP)
async def reopen_review(
    review_id: UUID,
    given: ReopenIn,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    response: Response,
    if_match: IfMatch = None,
) -> ReviewOut:
    """Goes on with a review that was decided or cancelled, with the reason; 409 where another is open."""
    return _told(
        await steps.reopen(database, caller, review_id=review_id, given=given, if_match=if_match, now=now),
        response,
        now,
    )


@router.get("/reviews/{review_id}/eligibility", responses=problems(403, 404))
async def read_eligibility(
    review_id: UUID,
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    policy: Annotated[Line | None, Query(description="name of a policy; the review's own where left out")] = None,
    proposed_on: Annotated[Day | None, Query(description="the review's own day, or today, where left out")] = None,
) -> EligibilityOut:
    """Each rule of a policy: met, not met, unknown, or left to a person; with what it found. It approves nothing."""
    return await service.answer_policy(database, caller, review_id, policy=policy, proposed_on=proposed_on, now=now)


def _told(one: ReviewState, response: Response, now: datetime) -> ReviewOut:
    response.headers["ETag"] = service.tag_of(one.review)
    return service.out(one, now)
