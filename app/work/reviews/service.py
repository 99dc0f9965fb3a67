"""Reviews: their way from opened to decided, guarded against two people at once."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, require
from app.access.accounts.service import is_staff
from app.access.audit import service as audit
from app.alerts.flags.service import of_a_patient
from app.alerts.messages.outbox import Topic, post
from app.answers.eligibility import service as eligibility
from app.answers.eligibility.clinic_policies import known, known_to
from app.answers.eligibility.schemas import DEFAULT, EligibilityOut
from app.answers.verdicts import context
from app.answers.verdicts.sentence import spoken_day
from app.answers.verdicts.service import Question, look_up, outcome
from app.answers.verdicts.tables import OutcomeRow
from app.base.http.conditional import etag, require_match
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.base.store.timeline import step
from app.base.store.typed import Setting, col, row, table, to, values_of
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.record.procedures.tables import ProcedureRow
from app.rules.levels import region_of
from app.rules.reviews import OPEN, State, Step, after
from app.work.calendar import service as calendar
from app.work.reviews.schemas import BookIn, CancelIn, DecisionIn, ReviewChange, ReviewIn, ReviewOut
from app.work.reviews.tables import Review

review = table(Review)
PROPOSAL = {"proposed_on", "laterality", "joints", "policy"}


@dataclass(frozen=True)
class ReviewState:
    """A review with what the verdict of its procedure says now; None where there is no verdict yet."""

    review: Review
    phase: str | None
    returned_on: date | None
    relief_days: int | None
    masked: bool | None

    @property
    def state(self) -> State:
        """Where the review stands."""
        return cast(State, self.review.state)


def tag_of(one: Review) -> str:
    """The ETag of a review."""
    return etag("review", one.id, one.version)


def with_outcome() -> Select[*tuple[Any, ...]]:
    """A query for the columns of `ReviewState`, of all clinics."""
    same = and_(
        col(OutcomeRow.clinic_id) == col(Review.clinic_id),
        col(OutcomeRow.procedure_id) == col(Review.procedure_id),
        col(OutcomeRow.definition) == "half",
    )
    said = col(OutcomeRow.phase), col(OutcomeRow.returned_on), col(OutcomeRow.relief_days), col(OutcomeRow.masked)
    query: Select[*tuple[Any, ...]] = select(review, *said)
    return query.outerjoin(outcome, same)


async def find_all(connection: AsyncConnection, query: Select[*tuple[Any, ...]]) -> list[ReviewState]:
    """The reviews of a query that `with_outcome` began."""
    found = [one._mapping for one in (await connection.execute(query)).all()]
    return [
        ReviewState(
            Review.model_construct(**{name: one[name] for name in Review.model_fields}),
            one["phase"],
            one["returned_on"],
            one["relief_days"],
            one["masked"],
        )
        for one in found
    ]


def out(one: ReviewState, now: datetime) -> ReviewOut:
    """A review as it goes over the wire."""
    why = None
    if one.phase == "returned" and one.returned_on is not None:
        held = f" after {one.relief_days} days" if one.relief_days else ""
        why = f"pain returned on {spoken_day(one.returned_on)}{held}"
    elif one.phase is not None:
        why = one.phase.replace("_", " ")
    until = one.review.closed_at or now
    waited = max(0, (until - one.review.opened_at).days)
    return ReviewOut.model_validate({**values_of(one.review), "urgency": why, "waiting_days": waited})


async def find(
    connection: AsyncConnection, caller: Caller, review_id: UUID, action: Action = "read", *, lock: bool = False
) -> ReviewState:
    """One review within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    within = reach(caller, action, col(Review.clinic_id), col(Review.patient_id))
    query = with_outcome().where(col(Review.id) == review_id, within)
    found = await find_all(connection, query.with_for_update(of=review) if lock else query)
    if not found:
        raise not_found("review")
    return found[0]


async def open_review(
    database: Database, caller: Caller, procedure_id: UUID, new: ReviewIn, *, once: Once, now: datetime
) -> Answer:
    """Opens the review of a procedure; where one is open already, returns that one with 200."""
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> Answer:
        own = await look_up(connection, caller, procedure_id, "half")
        if new.flag_id is not None and not await of_a_patient(connection, own.clinic_id, own.patient_id, new.flag_id):
            raise bad_field("/flag_id", "is no flag of this patient")
        if new.proposed_on is not None and new.proposed_on <= own.performed_on:
            raise bad_field("/proposed_on", "lies before the procedure that it would repeat")
        values = row(
            Review, clinic_id=own.clinic_id, id=new_id(), patient_id=own.patient_id, procedure_id=procedure_id,
            open_procedure_id=procedure_id, state="opened", opened_by="flag" if new.flag_id else "hand",
            flag_id=new.flag_id, proposed_on=new.proposed_on, laterality=own.laterality, joints=own.joints,
            checklist={}, steps=[step("opened", now, by=caller.account_id, note=new.reason)], version=1,
            opened_at=now)  # fmt: skip
        made = await connection.execute(insert_new(connection, review, "clinic_id", "open_procedure_id"), values)
        open_one = and_(col(Review.clinic_id) == own.clinic_id, col(Review.open_procedure_id) == procedure_id)
        (one,) = await find_all(connection, with_outcome().where(open_one))
        if made.rowcount:
            await audit.record(connection, caller, "create", "review", own.patient_id, now)
            await _tell(connection, caller, "review.opened", one.review, now)
        headers = {"ETag": tag_of(one.review), "Location": f"/v1/reviews/{one.review.id}"}
        return Answer(to_wire(ReviewOut, out(one, now)), 201 if made.rowcount else 200, headers, own.patient_id)

    return await once.run(database, caller.account_id, now, work)


@dataclass(frozen=True)
class Taken:
    """A step with a review: which, what it changes, and a note."""

    step: Step
    changes: tuple[Setting, ...] = ()
    note: str | None = None


Change = Callable[[AsyncConnection, ReviewState], Awaitable[Taken]]


async def _take(
    database: Database, caller: Caller, review_id: UUID, change: Change, *, if_match: str | None, now: datetime
) -> ReviewState:
    """Takes one step with a review, in a transaction of its own."""

    async def work(connection: AsyncConnection) -> ReviewState:
        await take(connection, caller, review_id, change, if_match=if_match, now=now)
        return await find(connection, caller, review_id)

    return await database.write(work)


async def take(
    connection: AsyncConnection,
    caller: Caller,
    review_id: UUID,
    change: Change,
    *,
    if_match: str | None,
    now: datetime,
) -> ReviewState:
    """Takes one step with a review whose row it locks; returns the review as it was before.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a step that its state does not allow.
    """
    before = await find(connection, caller, review_id, "work_review", lock=True)
    one = before.review
    require_match(if_match, tag_of(one))
    taken = await change(connection, before)
    state = after(before.state, taken.step)
    if state is None:
        raise _not_allowed(before.state)
    closed: list[Setting] = []
    if state not in OPEN:
        closed = [to(col(Review.open_procedure_id), None), to(col(Review.closed_at), now)]
    steps = [*one.steps, step(taken.step, now, by=caller.account_id, note=taken.note)]
    await set_columns(
        connection, one, [*taken.changes, *closed, to(col(Review.state), state), to(col(Review.steps), steps)]
    )
    await audit.record(connection, caller, "change", "review", one.patient_id, now)
    if state == "decided":
        await _tell(connection, caller, "review.decided", one, now)
    return before


async def set_columns(connection: AsyncConnection, one: Review, changes: Iterable[Setting]) -> None:
    """Changes columns of a review whose row is locked, and counts its version up."""
    await connection.execute(
        update(review)
        .where(col(Review.clinic_id) == one.clinic_id, col(Review.id) == one.id)
        .ordered_values(*changes, to(col(Review.version), one.version + 1))
    )


def _not_allowed(state: str) -> Problem:
    return Problem(409, f"A review that is {state.replace('_', ' ')} does not allow this step.")


async def work_on(
    database: Database, caller: Caller, review_id: UUID, given: ReviewChange, *, if_match: str | None, now: datetime
) -> ReviewState:
    """Ticks off the checklist, assigns the review, or proposes day, side, levels and policy."""
    return await _take(database, caller, review_id, working(given), if_match=if_match, now=now)


def working(given: ReviewChange) -> Change:
    """The step of working on a review; it becomes a proposal where a day, side, levels or a policy is given."""

    async def change(connection: AsyncConnection, before: ReviewState) -> Taken:
        one, changes = before.review, list(_given(given))
        if given.policy is not None:
            eligibility.find(given.policy, await known_to(connection, one.clinic_id))
        if given.owner_id is not None and not await is_staff(connection, one.clinic_id, given.owner_id):
            raise bad_field("/owner_id", "is nobody of this clinic's staff")
        if given.joints is not None:
            await _check_joints(connection, one, given.joints)
        if given.checklist:
            changes.append(to(col(Review.checklist), {**one.checklist, **given.checklist}))
        proposes = any(getattr(given, name) is not None for name in PROPOSAL)
        if before.state == "booked" and proposes:
            raise Problem(409, "The review is booked; cancel or move the appointment first.")
        return Taken("propose" if proposes else "work", tuple(changes), given.note)

    return change


def _given(given: ReviewChange) -> Iterable[Setting]:
    if given.owner_id is not None:
        yield to(col(Review.owner_id), given.owner_id)
    if given.proposed_on is not None:
        yield to(col(Review.proposed_on), given.proposed_on)
    if given.laterality is not None:
        yield to(col(Review.laterality), given.laterality)
    if given.joints is not None:
        yield to(col(Review.joints), given.joints)
    if given.policy is not None:
        yield to(col(Review.policy), given.policy)


async def _check_joints(connection: AsyncConnection, one: Review, joints: list[str]) -> None:
    own = select(col(ProcedureRow.region)).where(
        col(ProcedureRow.clinic_id) == one.clinic_id, col(ProcedureRow.id) == one.procedure_id
    )
    region = (await connection.execute(own)).scalar_one()
    for place, joint in enumerate(joints):
        if region_of(joint) != region:
            raise bad_field(f"/joints/{place}", "lies in another region than the procedure")


async def book(
    database: Database, caller: Caller, review_id: UUID, given: BookIn, *, if_match: str | None, now: datetime
) -> ReviewState:
    """Books a slot; a review without a proposed day is proposed for the slot's day."""

    async def change(connection: AsyncConnection, before: ReviewState) -> Taken:
        one = before.review
        if after(before.state, "book") is None:
            raise _not_allowed(before.state)
        taken = await calendar.book(connection, caller, one.patient_id, given.slot_id, review_id=one.id, now=now)
        starts_at = (await calendar.find(connection, caller, taken, "read")).starts_at
        person = await patients.find(connection, caller, one.patient_id)
        day = one.proposed_on or today_of(person.time_zone, starts_at)
        return Taken("book", (to(col(Review.appointment_id), taken), to(col(Review.proposed_on), day)))

    return await _take(database, caller, review_id, change, if_match=if_match, now=now)


async def decide(
    database: Database, caller: Caller, review_id: UUID, given: DecisionIn, *, if_match: str | None, now: datetime
) -> ReviewState:
    """Ends a review with a decision and its reason; an appointment is kept only where the decision is to repeat."""
    return await _take(database, caller, review_id, deciding(caller, given, now), if_match=if_match, now=now)


def deciding(caller: Caller, given: DecisionIn, now: datetime) -> Change:
    """The step that decides a review.

    Raises:
        Problem: 422 for a day to wait until where the decision is another.
    """
    if given.wait_until is not None and given.decision != "wait":
        raise bad_field("/wait_until", "goes with `wait`")

    async def change(connection: AsyncConnection, before: ReviewState) -> Taken:
        if given.decision != "repeat":
            await _give_back(connection, caller, before.review, given.reason, now)
        decided = (
            to(col(Review.decision), given.decision),
            to(col(Review.reason), given.reason),
            to(col(Review.wait_until), given.wait_until),
        )
        return Taken("decide", decided, given.reason)

    return change


async def cancel(
    database: Database, caller: Caller, review_id: UUID, given: CancelIn, *, if_match: str | None, now: datetime
) -> ReviewState:
    """Ends a review without a decision; its appointment is cancelled."""
    return await _take(database, caller, review_id, cancelling(caller, given, now), if_match=if_match, now=now)


def cancelling(caller: Caller, given: CancelIn, now: datetime) -> Change:
    """The step that ends a review without a decision."""

    async def change(connection: AsyncConnection, before: ReviewState) -> Taken:
        await _give_back(connection, caller, before.review, given.reason, now)
        return Taken("cancel", (to(col(Review.reason), given.reason),), given.reason)

    return change


async def _give_back(connection: AsyncConnection, caller: Caller, one: Review, reason: str, now: datetime) -> None:
    if one.appointment_id is None:
        return
    booked = await calendar.find(connection, caller, one.appointment_id, "work_review", lock=True)
    if booked.state != "cancelled":
        await calendar.give_back(connection, caller, booked, reason, now)


async def read(database: Database, caller: Caller, review_id: UUID, now: datetime) -> ReviewState:
    """One review."""
    async with database.read() as connection:
        found = await find(connection, caller, review_id)
    await audit.record_read(database, caller, "review", found.review.patient_id, now)
    return found


async def answer_policy(
    database: Database,
    caller: Caller,
    review_id: UUID,
    *,
    policy: str | None,
    proposed_on: date | None,
    now: datetime,
) -> EligibilityOut:
    """Each rule of a policy for what the review proposes, or else for today and the procedure's side and levels."""
    one = (await read(database, caller, review_id, now)).review
    named = eligibility.find(policy or one.policy or DEFAULT, await known(database, caller.clinic_id))
    about = await context.read(database, caller, one.procedure_id, Question(None, None, "half"), now)
    day = proposed_on or one.proposed_on or today_of(about.person.time_zone, now)
    return eligibility.answer(named, about, day, one.laterality, one.joints)


async def open_by_state(connection: AsyncConnection) -> dict[str, int]:
    """How many reviews are open, by state, in all clinics."""
    counted = select(col(Review.state), func.count()).where(is_open()).group_by(col(Review.state))
    return {key: value for key, value in (await connection.execute(counted)).all()}  # noqa: C416  # rows are typed tuples


def is_open() -> ColumnElement[bool]:
    """That a review is under way."""
    return col(Review.state).in_(OPEN)


async def _tell(connection: AsyncConnection, caller: Caller, topic: Topic, one: Review, now: datetime) -> None:
    about = {"review_id": str(one.id), "patient_id": str(one.patient_id)}
    await post(connection, one.clinic_id, topic, str(one.id), about=about, now=now, account_id=caller.account_id)
