"""One step with many reviews at once, and its undoing."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach
from app.access.audit import service as audit
from app.base.http.problems import Problem, not_found
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.work.reviews.schemas import BulkIn, CancelIn, DecisionIn, ReviewChange
from app.work.reviews.service import Change, cancelling, deciding, find, review, step_of, take, working
from app.work.reviews.tables import Bulk

bulk = columns(Bulk)
RESTORED = ("state", "owner_id", "policy", "proposed_on", "decision", "reason", "wait_until", "open_procedure_id",
            "closed_at")  # fmt: skip
BOOKED = "The review is booked; cancel the appointment first."


async def take_many(database: Database, caller: Caller, given: BulkIn, now: datetime) -> dict[str, Any]:
    """Takes a step with each review that allows it, in one transaction; answers what became of each.

    A review that does not allow the step stays as it is and says why; the others are not held up by it.
    """
    reach(caller, "work_review", review.c.clinic_id, review.c.patient_id)
    change = _change(caller, given, now)

    async def work(connection: AsyncConnection) -> dict[str, Any]:
        done, items = [], []
        for review_id in dict.fromkeys(given.review_ids):
            try:
                row = await take(connection, caller, review_id, None, _unbooked(change, given.step), now)
            except Problem as problem:
                items.append({"review_id": review_id, "status": "rejected", "problem": problem.body()})
                continue
            before = {name: _plain(row._mapping[name]) for name in RESTORED}
            done.append({"review_id": str(review_id), "version": row.version + 1, "before": before})
            items.append({"review_id": review_id, "status": "done", "problem": None})
        values = {"clinic_id": caller.clinic_id, "id": new_id(), "account_id": caller.account_id, "step": given.step,
                  "items": done, "created_at": now, "undone_at": None}  # fmt: skip
        await connection.execute(insert(bulk).values(values))
        return {"id": values["id"], "items": items}

    return await database.write(work)


async def undo(database: Database, caller: Caller, bulk_id: UUID, now: datetime) -> dict[str, Any]:
    """Takes a bulk step back with each review that nobody has touched since.

    Raises:
        Problem: 404 where the clinic has no such step, 409 where it was taken back already.
    """
    reach(caller, "work_review", review.c.clinic_id, review.c.patient_id)

    async def work(connection: AsyncConnection) -> dict[str, Any]:
        this = and_(bulk.c.clinic_id == caller.clinic_id, bulk.c.id == bulk_id)
        row = (await connection.execute(select(bulk).where(this).with_for_update())).first()
        if row is None:
            raise not_found("bulk step")
        if row.undone_at is not None:
            raise Problem(409, "The step was taken back already.")
        items = []
        for one in row.items:
            problem = await _restore(connection, caller, one, now)
            status = "done" if problem is None else "rejected"
            shown = None if problem is None else problem.body()
            items.append({"review_id": UUID(one["review_id"]), "status": status, "problem": shown})
        await connection.execute(update(bulk).where(this).values(undone_at=now))
        return {"id": bulk_id, "items": items}

    return await database.write(work)


async def _restore(connection: AsyncConnection, caller: Caller, one: dict[str, Any], now: datetime) -> Problem | None:
    try:
        row = await find(connection, caller, UUID(one["review_id"]), "work_review", lock=True)
    except Problem as problem:
        return problem
    if row.version != one["version"]:
        return Problem(409, "Somebody has changed the review since.")
    before = {name: _back(name, value) for name, value in one["before"].items()}
    mine = and_(review.c.clinic_id == row.clinic_id, review.c.id == row.id)
    if before["open_procedure_id"] is not None:
        other = and_(
            review.c.clinic_id == row.clinic_id,
            review.c.open_procedure_id == before["open_procedure_id"],
            review.c.id != row.id,
        )
        if (await connection.execute(select(review.c.id).where(other))).first() is not None:
            return Problem(409, "Another review of the procedure has been opened since.")
    steps = [*row.steps, step_of(caller, "undo", None, now)]
    await connection.execute(update(review).where(mine).values(**before, steps=steps, version=row.version + 1))
    await audit.record(connection, caller, "change", "review", row.patient_id, now)
    return None


def _change(caller: Caller, given: BulkIn, now: datetime) -> Change:
    if given.step == "cancel":
        return cancelling(caller, CancelIn(reason=given.reason), now)
    if given.step == "wait":
        decided = DecisionIn(decision="wait", reason=given.reason, wait_until=given.wait_until)
        return deciding(caller, decided, now)
    if given.step == "assign":
        return working(ReviewChange(owner_id=given.owner_id, note=given.note))
    given_up = given.model_dump(exclude={"step", "review_ids"}, exclude_none=True)
    return working(ReviewChange.model_validate(given_up))


def _unbooked(change: Change, step: str) -> Change:
    """An appointment that was given back can't be taken back again: such a step is taken with one review at a time."""

    async def checked(connection: AsyncConnection, row: Any) -> Any:
        if row.state == "booked" and step != "assign":
            raise Problem(409, BOOKED)
        return await change(connection, row)

    return checked


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value


def _back(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in ("owner_id", "open_procedure_id"):
        return UUID(value)
    if name in ("proposed_on", "wait_until"):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if name == "closed_at" else value
