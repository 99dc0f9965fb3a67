"""Reviews: their way from opened to decided, guarded against two people at once, and the scheduler's queue."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach
from app.access.accounts.service import account
from app.access.audit import service as audit
from app.alerts.flags.service import flag
from app.alerts.messages.outbox import Topic, post
from app.answers.eligibility import service as eligibility
from app.answers.eligibility.clinic_policies import known, known_to
from app.answers.eligibility.schemas import DEFAULT, EligibilityOut
from app.answers.verdicts import context
from app.answers.verdicts.sentence import spoken_day
from app.answers.verdicts.service import Question, look_up, outcome
from app.base.http.conditional import etag, require_match
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.base.store.statements import insert_new
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.record.procedures.service import procedure
from app.rules.levels import region_of
from app.rules.reviews import OPEN, Step, after
from app.work.calendar import service as calendar
from app.work.reviews.schemas import BookIn, CancelIn, DecisionIn, ReviewChange, ReviewIn, ReviewOut
from app.work.reviews.tables import Review

review = columns(Review)
PROPOSAL = ("proposed_on", "laterality", "joints", "policy")


def tag_of(row: Row[Any]) -> str:
    """The ETag of a review."""
    return etag("review", row.id, row.version)


def with_outcome() -> Select[Any]:
    """Reviews with what the verdict of their procedure says now."""
    same = and_(
        outcome.c.clinic_id == review.c.clinic_id,
        outcome.c.procedure_id == review.c.procedure_id,
        outcome.c.definition == "half",
    )
    said = (outcome.c.phase, outcome.c.returned_on, outcome.c.relief_days, outcome.c.masked)
    return select(review, *said).outerjoin(outcome, same)


def out(row: Row[Any], now: datetime) -> ReviewOut:
    """A review as it goes over the wire."""
    why = None
    if row.phase == "returned":
        held = f" after {row.relief_days} days" if row.relief_days else ""
        why = f"pain returned on {spoken_day(row.returned_on)}{held}"
    elif row.phase is not None:
        why = row.phase.replace("_", " ")
    until = row.closed_at or now
    return ReviewOut.model_validate(
        {**row._asdict(), "urgency": why, "waiting_days": max(0, (until - row.opened_at).days)}
    )


async def find(
    connection: AsyncConnection, caller: Caller, review_id: UUID, action: Action = "read", lock: bool = False
) -> Row[Any]:
    """One review within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    within = reach(caller, action, review.c.clinic_id, review.c.patient_id)
    query = with_outcome().where(review.c.id == review_id, within)
    row: Row[Any] | None = (await connection.execute(query.with_for_update(of=review) if lock else query)).first()
    if row is None:
        raise not_found("review")
    return row


async def open_review(
    database: Database, caller: Caller, procedure_id: UUID, new: ReviewIn, once: Once, now: datetime
) -> Answer:
    """Opens the review of a procedure; where one is under way already, answers that one with 200."""
    reach(caller, "work_review", review.c.clinic_id, review.c.patient_id)

    async def work(connection: AsyncConnection) -> Answer:
        own = await look_up(connection, caller, procedure_id, "half")
        if new.flag_id is not None:
            of_hers = and_(flag.c.clinic_id == own.clinic_id, flag.c.patient_id == own.patient_id)
            if (await connection.execute(select(flag.c.id).where(of_hers, flag.c.id == new.flag_id))).first() is None:
                raise bad_field("/flag_id", "is no flag of this patient")
        if new.proposed_on is not None and new.proposed_on <= own.performed_on:
            raise bad_field("/proposed_on", "lies before the procedure that it would repeat")
        values = {
            "clinic_id": own.clinic_id, "id": new_id(), "patient_id": own.patient_id, "procedure_id": procedure_id,
            "open_procedure_id": procedure_id, "state": "opened", "opened_by": "flag" if new.flag_id else "hand",
            "flag_id": new.flag_id, "proposed_on": new.proposed_on, "laterality": own.laterality, "joints": own.joints,
            "checklist": {}, "steps": [step_of(caller, "opened", new.reason, now)], "version": 1,
            "opened_at": now}  # fmt: skip
        made = await connection.execute(insert_new(connection, review, "clinic_id", "open_procedure_id"), values)
        open_one = and_(review.c.clinic_id == own.clinic_id, review.c.open_procedure_id == procedure_id)
        row = (await connection.execute(with_outcome().where(open_one))).one()
        if made.rowcount:
            await audit.record(connection, caller, "create", "review", own.patient_id, now)
            await _tell(connection, caller, "review.opened", row, now)
        headers = {"ETag": tag_of(row), "Location": f"/v1/reviews/{row.id}"}
        body = to_wire(ReviewOut, out(row, now).model_dump())
        return Answer(body, 201 if made.rowcount else 200, headers, own.patient_id)

    return await once.run(database, caller.account_id, now, work)


Change = Callable[[AsyncConnection, Row[Any]], Awaitable[tuple[Step, dict[str, Any], str | None]]]


async def _take(
    database: Database, caller: Caller, review_id: UUID, if_match: str | None, change: Change, now: datetime
) -> Row[Any]:
    """Takes one step with a review, in a transaction of its own."""

    async def work(connection: AsyncConnection) -> Row[Any]:
        await take(connection, caller, review_id, if_match, change, now)
        return await find(connection, caller, review_id)

    return await database.write(work)


async def take(
    connection: AsyncConnection, caller: Caller, review_id: UUID, if_match: str | None, change: Change, now: datetime
) -> Row[Any]:
    """Takes one step with a review that is held for it; answers what it was before.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a step that its state does not allow.
    """
    row = await find(connection, caller, review_id, "work_review", lock=True)
    require_match(if_match, tag_of(row))
    step, values, note = await change(connection, row)
    state = after(row.state, step)
    if state is None:
        raise Problem(409, f"A review that is {row.state.replace('_', ' ')} does not allow this step.")
    if state not in OPEN:
        values |= {"open_procedure_id": None, "closed_at": now}
    steps = [*row.steps, step_of(caller, step, note, now)]
    this = and_(review.c.clinic_id == row.clinic_id, review.c.id == row.id)
    await connection.execute(
        update(review).where(this).values(**values, state=state, steps=steps, version=row.version + 1)
    )
    await audit.record(connection, caller, "change", "review", row.patient_id, now)
    if state == "decided":
        await _tell(connection, caller, "review.decided", row, now)
    return row


async def work_on(
    database: Database, caller: Caller, review_id: UUID, given: ReviewChange, if_match: str | None, now: datetime
) -> Row[Any]:
    """Ticks off the checklist, hands it to somebody, or proposes day, side, levels and policy."""
    return await _take(database, caller, review_id, if_match, working(given), now)


def working(given: ReviewChange) -> Change:
    """The step of somebody who works on a review, as far as she gives something."""

    async def change(connection: AsyncConnection, row: Row[Any]) -> tuple[Step, dict[str, Any], str | None]:
        values = given.model_dump(mode="python", exclude_unset=True, exclude={"note", "checklist"})
        values = {name: value for name, value in values.items() if value is not None}
        if "policy" in values:
            eligibility.find(values["policy"], await known_to(connection, row.clinic_id))
        if "owner_id" in values:
            theirs = and_(account.c.clinic_id == row.clinic_id, account.c.id == values["owner_id"])
            found = select(account.c.id).where(theirs, account.c.role != "patient")
            if (await connection.execute(found)).first() is None:
                raise bad_field("/owner_id", "is nobody of this clinic's staff")
        if "joints" in values:
            own = select(procedure.c.region).where(
                procedure.c.clinic_id == row.clinic_id, procedure.c.id == row.procedure_id
            )
            region = (await connection.execute(own)).scalar_one()
            for place, one in enumerate(values["joints"]):
                if region_of(one) != region:
                    raise bad_field(f"/joints/{place}", "lies in another region than the procedure")
        if given.checklist:
            values["checklist"] = {**row.checklist, **given.checklist}
        if row.state == "booked" and any(name in values for name in PROPOSAL):
            raise Problem(409, "The review is booked; cancel or move the appointment first.")
        return "propose" if any(name in values for name in PROPOSAL) else "work", values, given.note

    return change


async def book(
    database: Database, caller: Caller, review_id: UUID, given: BookIn, if_match: str | None, now: datetime
) -> Row[Any]:
    """Takes a slot; a review without a proposed day is proposed for the slot's by it."""

    async def change(connection: AsyncConnection, row: Row[Any]) -> tuple[Step, dict[str, Any], str | None]:
        if after(row.state, "book") is None:
            raise Problem(409, f"A review that is {row.state.replace('_', ' ')} does not allow this step.")
        taken = await calendar.book(connection, caller, row.patient_id, given.slot_id, row.id, now)
        starts = (await calendar.find(connection, caller, taken, "read")).starts_at
        person = await patients.find(connection, caller, row.patient_id)
        day = row.proposed_on or today_of(person.time_zone, starts)
        return "book", {"appointment_id": taken, "proposed_on": day}, None

    return await _take(database, caller, review_id, if_match, change, now)


async def decide(
    database: Database, caller: Caller, review_id: UUID, given: DecisionIn, if_match: str | None, now: datetime
) -> Row[Any]:
    """Ends a review with a decision and its reason; an appointment stands only where the decision is to repeat."""
    return await _take(database, caller, review_id, if_match, deciding(caller, given, now), now)


def deciding(caller: Caller, given: DecisionIn, now: datetime) -> Change:
    """The step that decides a review.

    Raises:
        Problem: 422 for a day to wait until where the decision is another.
    """
    if given.wait_until is not None and given.decision != "wait":
        raise bad_field("/wait_until", "goes with `wait`")

    async def change(connection: AsyncConnection, row: Row[Any]) -> tuple[Step, dict[str, Any], str | None]:
        if given.decision != "repeat":
            await _give_back(connection, caller, row, given.reason, now)
        return "decide", given.model_dump(mode="python"), given.reason

    return change


async def cancel(
    database: Database, caller: Caller, review_id: UUID, given: CancelIn, if_match: str | None, now: datetime
) -> Row[Any]:
    """Ends a review without a decision; its appointment is given back."""
    return await _take(database, caller, review_id, if_match, cancelling(caller, given, now), now)


def cancelling(caller: Caller, given: CancelIn, now: datetime) -> Change:
    """The step that ends a review without a decision."""

    async def change(connection: AsyncConnection, row: Row[Any]) -> tuple[Step, dict[str, Any], str | None]:
        await _give_back(connection, caller, row, given.reason, now)
        return "cancel", {"reason": given.reason}, given.reason

    return change


async def _give_back(connection: AsyncConnection, caller: Caller, row: Row[Any], reason: str, now: datetime) -> None:
    if row.appointment_id is None:
        return
    booked = await calendar.find(connection, caller, row.appointment_id, "work_review", lock=True)
    if booked.state != "cancelled":
        values = {"state": "cancelled", "holds_slot_id": None, "reason": reason[:200]}
        await calendar.change(connection, caller, booked, values, "cancelled", reason, now)


async def read(database: Database, caller: Caller, review_id: UUID, now: datetime) -> Row[Any]:
    """One review."""
    async with database.read() as connection:
        row = await find(connection, caller, review_id)
    await audit.record_read(database, caller, "review", row.patient_id, now)
    return row


async def answer_policy(
    database: Database, caller: Caller, review_id: UUID, policy: str | None, proposed_on: date | None, now: datetime
) -> EligibilityOut:
    """Each rule of a policy for what the review proposes; today, and the procedure's side and levels, where it does not."""
    row = await read(database, caller, review_id, now)
    named = eligibility.find(policy or row.policy or DEFAULT, await known(database, caller.clinic_id))
    about = await context.read(database, caller, row.procedure_id, Question(None, None, "half"), now)
    day = proposed_on or row.proposed_on or today_of(about.person.time_zone, now)
    return eligibility.answer(named, about, day, row.laterality, row.joints)


async def _tell(connection: AsyncConnection, caller: Caller, topic: Topic, row: Row[Any], now: datetime) -> None:
    about = {"review_id": str(row.id), "patient_id": str(row.patient_id)}
    await post(connection, row.clinic_id, topic, str(row.id), about, now, account_id=caller.account_id)


def step_of(caller: Caller, what: str, note: str | None, now: datetime) -> dict[str, Any]:
    """One step of a review, as it is kept."""
    return {"at": now.isoformat(), "by": str(caller.account_id), "what": what, "note": note}
