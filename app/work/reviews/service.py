"""Reviews: their way from opened to decided, guarded against two people at once."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, require
from app.access.audit import service as audit
from app.access.audit.schemas import AuditAction
from app.alerts.flags.answered import take_on
from app.alerts.flags.service import of_a_patient
from app.alerts.messages.outbox import Topic, post
from app.answers.eligibility import service as eligibility
from app.answers.eligibility.choice import policy_for
from app.answers.eligibility.schemas import EligibilityOut
from app.answers.verdicts import context
from app.answers.verdicts.service import Question, look_up, outcome
from app.answers.verdicts.tables import OutcomeRow
from app.base.http.conditional import etag, require_match
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.long_results import in_turns
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.base.store.timeline import step
from app.base.store.typed import RowQuery, Setting, col, for_row, row, table, to, values_of
from app.record.facts.death import refuse_after_death
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.rules.days import spoken_day
from app.rules.reviews import OPEN, ReviewStep, State, after
from app.rules.words import Phase
from app.work.reviews.schemas import ReviewIn, ReviewOut
from app.work.reviews.tables import Review

review = table(Review)


@dataclass(frozen=True)
class ReviewState:
    """A review with what the verdict of its procedure says now; None where there is no verdict yet."""

    review: Review
    phase: Phase | None
    returned_on: date | None
    relief_days: int | None
    spells: int | None
    masked: bool | None
    sides: str

    @property
    def state(self) -> State:
        """Where the review stands."""
        return cast(State, self.review.state)


def tag_of(one: Review) -> str:
    """The ETag of a review."""
    return etag(one.clinic_id, "review", one.id, one.version)


def with_outcome() -> RowQuery:
    """A query for the columns of `ReviewState`, of all clinics."""
    same = and_(
        col(OutcomeRow.clinic_id) == col(Review.clinic_id),
        col(OutcomeRow.procedure_id) == col(Review.procedure_id),
        col(OutcomeRow.definition) == "half",
    )
    said = col(OutcomeRow.phase), col(OutcomeRow.returned_on), col(OutcomeRow.relief_days)
    query: RowQuery = select(review, *said, col(OutcomeRow.spells), col(OutcomeRow.masked))
    return query.add_columns(col(OutcomeRow.sides)).outerjoin(outcome, same)


async def find_all(connection: AsyncConnection, query: RowQuery) -> list[ReviewState]:
    """The reviews of a query that `with_outcome` began."""
    return await in_turns(await connection.execute(query), lambda one: _state(one._mapping))


def _state(one: RowMapping) -> ReviewState:
    return ReviewState(
        Review.model_construct(**{name: one[name] for name in Review.model_fields}),
        one["phase"],
        one["returned_on"],
        one["relief_days"],
        one["spells"],
        one["masked"],
        one["sides"] or "",
    )


def out(one: ReviewState, now: datetime) -> ReviewOut:
    """A review as it goes over the wire."""
    why = one.sides or None
    if why is None and one.phase == "returned" and one.returned_on is not None:
        held = f" after {one.relief_days} days" if one.relief_days and one.spells == 1 else ""
        why = f"pain returned on {spoken_day(one.returned_on)}{held}"
    elif why is None and one.phase is not None:
        why = one.phase.replace("_", " ")
    until = one.review.closed_at or now
    waited = max(0, (until - one.review.opened_at).days)
    return ReviewOut.model_validate({**values_of(one.review), "urgency": why, "waiting_days": waited})


async def find(
    connection: AsyncConnection, caller: Caller, *, review_id: UUID, action: Action = "read", lock: bool = False
) -> ReviewState:
    """One review within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    within = reach(caller, action, clinic_id=col(Review.clinic_id), patient_id=col(Review.patient_id))
    query = with_outcome().where(col(Review.id) == review_id, within)
    found = await find_all(connection, query.with_for_update(of=review) if lock else query)
    if not found:
        raise not_found("review")
    return found[0]


async def open_review(
    database: Database, caller: Caller, *, procedure_id: UUID, new: ReviewIn, once: IdempotentCall, now: datetime
) -> Answer:
    """Opens the review of a procedure; where one is open already, returns that one with 200."""
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> Answer:
        own = await look_up(connection, caller, procedure_id=procedure_id, definition="half")
        await refuse_after_death(connection, own.clinic_id, own.patient_id)
        if new.flag_id is not None and not await of_a_patient(
            connection, own.clinic_id, patient_id=own.patient_id, flag_id=new.flag_id
        ):
            raise bad_field("/flag_id", "is no flag of this patient")
        if new.proposed_on is not None and new.proposed_on <= own.performed_on:
            raise bad_field("/proposed_on", "lies before the procedure that it would repeat")
        values = row(
            Review,
            clinic_id=own.clinic_id,
            id=new_id(),
            patient_id=own.patient_id,
            procedure_id=procedure_id,
            open_procedure_id=procedure_id,
            state="opened",
            opened_by="flag" if new.flag_id else "hand",
            flag_id=new.flag_id,
            proposed_on=new.proposed_on,
            laterality=own.laterality,
            joints=own.joints,
            checklist={},
            steps=[step("opened", now, by=caller.account_id, note=new.reason)],
            version=1,
            opened_at=now,
        )
        made = await connection.execute(insert_new(connection, review, "clinic_id", "open_procedure_id"), values)
        open_one = and_(col(Review.clinic_id) == own.clinic_id, col(Review.open_procedure_id) == procedure_id)
        (one,) = await find_all(connection, with_outcome().where(open_one))
        did: AuditAction = "create" if made.rowcount else "read"
        await audit.record(connection, caller, action=did, resource="review", patient_id=own.patient_id, now=now)
        if made.rowcount:
            await _tell(connection, caller, topic="review.opened", one=one.review, now=now)
        headers = {"ETag": tag_of(one.review), "Location": f"/v1/reviews/{one.review.id}"}
        return Answer(to_wire(ReviewOut, out(one, now)), 201 if made.rowcount else 200, headers, own.patient_id)

    return await audit.once(database, caller, once, now=now, work=work)


@dataclass(frozen=True)
class StepTaken:
    """A step with a review: which, what it changes, and a note; the state where it is not the step's usual one.

    None is no step: whoever sent the form as it was has done nothing.
    """

    step: ReviewStep | None
    changes: tuple[Setting, ...] = ()
    note: str | None = None
    state: State | None = None


TakeStep = Callable[[AsyncConnection, ReviewState], Awaitable[StepTaken]]


async def take_step(
    database: Database, caller: Caller, *, review_id: UUID, change: TakeStep, if_match: str | None, now: datetime
) -> ReviewState:
    """Takes one step with a review, in a transaction of its own."""

    async def work(connection: AsyncConnection) -> ReviewState:
        await take(connection, caller, review_id=review_id, change=change, if_match=if_match, now=now)
        return await find(connection, caller, review_id=review_id)

    return await database.write(work)


async def take(
    connection: AsyncConnection,
    caller: Caller,
    *,
    review_id: UUID,
    change: TakeStep,
    if_match: str | None,
    now: datetime,
) -> ReviewState | None:
    """Takes one step with a review whose row it locks; returns the review as it was before, None where nothing was to do.

    Raises:
        Problem: 404, 412 on a lost update, 409 for a step that its state does not allow.
    """
    before = await find(connection, caller, review_id=review_id, action="work_review", lock=True)
    one = before.review
    require_match(if_match, tag_of(one))
    taken = await change(connection, before)
    if taken.step is None:
        return None
    state = after(before.state, taken.step)
    if state is None:
        raise not_allowed(before.state)
    state = taken.state or state
    closed: list[Setting] = []
    if state not in OPEN and before.state in OPEN:  # a decided repeat that is booked stays decided when it was
        closed = [to(col(Review.open_procedure_id), None), to(col(Review.closed_at), now)]
    steps = [*one.steps, step(taken.step, now, by=caller.account_id, note=taken.note)]
    await set_columns(
        connection, one, [*taken.changes, *closed, to(col(Review.state), state), to(col(Review.steps), steps)]
    )
    await audit.record(connection, caller, action="change", resource="review", patient_id=one.patient_id, now=now)
    if state in OPEN:
        await take_on(connection, caller, procedure_id=one.procedure_id, flag_id=one.flag_id, now=now)
    if state == "decided" and before.state in OPEN:
        await _tell(connection, caller, topic="review.decided", one=one, now=now)
    return before


async def set_columns(connection: AsyncConnection, one: Review, changes: Iterable[Setting]) -> None:
    """Changes columns of a review whose row is locked, and counts its version up."""
    await connection.execute(
        update(review)
        .where(col(Review.clinic_id) == one.clinic_id, col(Review.id) == one.id)
        .ordered_values(*for_row([*changes, to(col(Review.version), one.version + 1)], one.clinic_id, one.id))
    )


def not_allowed(state: str) -> Problem:
    """The problem of a step that a review's state has no place for."""
    return Problem(409, f"A review that is {state.replace('_', ' ')} does not allow this step.")


async def read(database: Database, caller: Caller, *, review_id: UUID, now: datetime) -> ReviewState:
    """One review."""
    async with database.read() as connection:
        found = await find(connection, caller, review_id=review_id)
    await audit.record_read(database, caller, resource="review", patient_id=found.review.patient_id, now=now)
    return found


async def names_of_reviews(
    database: Database, caller: Caller, review_ids: list[UUID], *, now: datetime
) -> dict[UUID, str]:
    """The names of the patients whose reviews these are, by the review's id."""
    if not review_ids:
        return {}
    theirs = reach(caller, "read", clinic_id=col(Review.clinic_id), patient_id=col(Review.patient_id))
    query = select(col(Review.id), col(Review.patient_id)).where(theirs, col(Review.id).in_(review_ids))
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
        names = await patients.names_of(connection, caller, [patient_id for _, patient_id in found])
    await audit.record_list(database, caller, resource="reviews", patients=[whose for _, whose in found], now=now)
    return {review_id: names[patient_id] for review_id, patient_id in found if patient_id in names}


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
    one = (await read(database, caller, review_id=review_id, now=now)).review
    about = await context.read(
        database, caller, procedure_id=one.procedure_id, question=Question(None, None, "half"), now=now
    )
    named = await policy_for(database, about, policy or one.policy)
    day = proposed_on or one.proposed_on or today_of(about.person.time_zone, now)
    return eligibility.answer(named, about, proposed_on=day, laterality=one.laterality, joints=one.joints)


async def open_by_state(connection: AsyncConnection) -> dict[str, int]:
    """How many reviews are open, by state, in all clinics."""
    counted = select(col(Review.state), func.count()).where(is_open()).group_by(col(Review.state))
    return {key: value for key, value in (await connection.execute(counted)).all()}  # noqa: C416  # rows are typed tuples


def is_open() -> ColumnElement[bool]:
    """That a review is under way."""
    return col(Review.state).in_(OPEN)


async def _tell(connection: AsyncConnection, caller: Caller, *, topic: Topic, one: Review, now: datetime) -> None:
    about = {"review_id": str(one.id), "patient_id": str(one.patient_id)}
    await post(
        connection, one.clinic_id, topic=topic, key=str(one.id), about=about, now=now, account_id=caller.account_id
    )
