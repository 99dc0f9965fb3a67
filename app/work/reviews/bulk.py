"""One step with many reviews at once, and its undoing."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.audit import service as audit
from app.alerts.flags.answered import give_back, take_up_again
from app.base.http.problems import Problem, not_found
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.timeline import step
from app.base.store.typed import col, row, table, to, whole
from app.work.reviews.schemas import (
    AssignManyIn,
    BulkIn,
    BulkItemOut,
    BulkOut,
    CancelIn,
    CancelManyIn,
    DecisionIn,
    ProposeManyIn,
    ReviewChange,
    WaitManyIn,
)
from app.work.reviews.service import (
    ReviewState,
    StepTaken,
    TakeStep,
    find,
    set_columns,
    take,
)
from app.work.reviews.steps import cancelling, deciding, working
from app.work.reviews.tables import Bulk, BulkItem, Review

bulk = table(Bulk)
BOOKED = "The review is booked; cancel the appointment first."


class BeforeStep(BaseModel):
    """The columns of a review that a bulk step can change, as they were before it."""

    state: str
    owner_id: UUID | None
    policy: str | None
    proposed_on: date | None
    decision: str | None
    reason: str | None
    wait_until: date | None
    open_procedure_id: UUID | None
    closed_at: datetime | None


async def take_many(
    database: Database, caller: Caller, *, given: BulkIn, tags: Mapping[UUID, str] | None = None, now: datetime
) -> BulkOut:
    """Takes a step with each review that allows it, in one transaction; answers what became of each.

    A review that does not allow the step stays as it is and says why; the others are not held up by it. `tags` are the ETags
    of reviews as the caller has seen them: one that has changed since does not allow it.
    """
    require(caller, "work_review")
    seen = tags or {}
    change = _unbooked(_change(caller, given, now), given.step)

    async def work(connection: AsyncConnection) -> BulkOut:
        done: list[BulkItem] = []
        outcomes: dict[UUID, BulkItemOut] = {}
        for review_id in sorted(set(given.review_ids)):  # every writer of several reviews locks them in this order
            try:
                async with connection.begin_nested():  # what a step did before it was refused goes with it
                    tag = seen.get(review_id)
                    taken = await take(connection, caller, review_id=review_id, change=change, if_match=tag, now=now)
            except Problem as problem:
                outcomes[review_id] = BulkItemOut(review_id=review_id, status="rejected", problem=problem.body())
                continue
            outcomes[review_id] = BulkItemOut(review_id=review_id, status="done", problem=None)
            if taken is None:  # it was so already: nothing that could be undone
                continue
            before = taken.review
            kept = BeforeStep.model_validate(before, from_attributes=True).model_dump(mode="json")
            done.append({"review_id": str(review_id), "version": before.version + 1, "before": kept})
        bulk_id = new_id()
        values = row(
            Bulk,
            clinic_id=caller.clinic_id,
            id=bulk_id,
            account_id=caller.account_id,
            step=given.step,
            items=done,
            created_at=now,
        )
        await connection.execute(insert(bulk).values(values))
        return BulkOut(id=bulk_id, items=[outcomes[review_id] for review_id in dict.fromkeys(given.review_ids)])

    return await database.write(work)


async def undo(database: Database, caller: Caller, *, bulk_id: UUID, now: datetime) -> BulkOut:
    """Undoes a bulk step for each review that nobody has changed since.

    Raises:
        Problem: 404 where the clinic has no such step, 409 where it was undone already.
    """
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> BulkOut:
        this = and_(col(Bulk.clinic_id) == caller.clinic_id, col(Bulk.id) == bulk_id)
        found = (await connection.execute(select(bulk).where(this).with_for_update())).first()
        if found is None:
            raise not_found("bulk step")
        one = whole(Bulk, found)
        if one.undone_at is not None:
            raise Problem(409, "The step was taken back already.")
        items = []
        for item in sorted(one.items, key=lambda item: UUID(item["review_id"])):
            problem = await _restore(connection, caller, item=item, taken_at=one.created_at, now=now)
            review_id = UUID(item["review_id"])
            if problem is None:
                items.append(BulkItemOut(review_id=review_id, status="done", problem=None))
            else:
                items.append(BulkItemOut(review_id=review_id, status="rejected", problem=problem.body()))
        await connection.execute(update(bulk).where(this).ordered_values(to(col(Bulk.undone_at), now)))
        return BulkOut(id=bulk_id, items=items)

    return await database.write(work)


async def _restore(
    connection: AsyncConnection, caller: Caller, *, item: BulkItem, taken_at: datetime, now: datetime
) -> Problem | None:
    try:
        one = (
            await find(connection, caller, review_id=UUID(item["review_id"]), action="work_review", lock=True)
        ).review
    except Problem as problem:
        return problem
    if one.version != item["version"]:
        return Problem(409, "Somebody has changed the review since.")
    before = BeforeStep.model_validate(item["before"])
    if before.open_procedure_id is not None:
        other = and_(
            col(Review.clinic_id) == one.clinic_id,
            col(Review.open_procedure_id) == before.open_procedure_id,
            col(Review.id) != one.id,
        )
        if (await connection.execute(select(col(Review.id)).where(other))).first() is not None:
            return Problem(409, "Another review of the procedure has been opened since.")
    await set_columns(
        connection,
        one,
        [
            to(col(Review.state), before.state),
            to(col(Review.owner_id), before.owner_id),
            to(col(Review.policy), before.policy),
            to(col(Review.proposed_on), before.proposed_on),
            to(col(Review.decision), before.decision),
            to(col(Review.reason), before.reason),
            to(col(Review.wait_until), before.wait_until),
            to(col(Review.open_procedure_id), before.open_procedure_id),
            to(col(Review.closed_at), before.closed_at),
            to(col(Review.steps), [*one.steps, step("undo", now, by=caller.account_id)]),
        ],
    )
    await take_up_again(connection, caller, review_id=one.id, patient_id=one.patient_id, now=now)
    await give_back(connection, caller, procedure_id=one.procedure_id, flag_id=one.flag_id, taken_at=taken_at, now=now)
    await audit.record(connection, caller, action="change", resource="review", patient_id=one.patient_id, now=now)
    return None


def _change(caller: Caller, given: BulkIn, now: datetime) -> TakeStep:
    if isinstance(given, CancelManyIn):
        return cancelling(caller, CancelIn(reason=given.reason), now)
    if isinstance(given, WaitManyIn):
        decided = DecisionIn(decision="wait", reason=given.reason, wait_until=given.wait_until)
        return deciding(caller, decided, now)
    if isinstance(given, AssignManyIn):
        return working(caller, ReviewChange(owner_id=given.owner_id, note=given.note), now)
    if isinstance(given, ProposeManyIn):
        return working(caller, ReviewChange(proposed_on=given.proposed_on, policy=given.policy, note=given.note), now)
    assert_never(given)


def _unbooked(change: TakeStep, bulk_step: str) -> TakeStep:
    """A cancelled appointment can't be restored for sure: such a step is taken with one review at a time."""

    async def checked(connection: AsyncConnection, before: ReviewState) -> StepTaken:
        if before.state == "booked" and bulk_step != "assign":
            raise Problem(409, BOOKED)
        return await change(connection, before)

    return checked
