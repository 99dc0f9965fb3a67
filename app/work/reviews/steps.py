"""The steps of a review: work on it, book it, decide it, cancel it."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import is_staff
from app.alerts.flags.answered import resolve_answered, take_up_again
from app.answers.eligibility import service as eligibility
from app.answers.eligibility.clinic_policies import names_known
from app.base.http.problems import Problem, bad_field
from app.base.store.database import Database
from app.base.store.typed import Setting, col, to
from app.record.facts.death import refuse_after_death
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.record.procedures.tables import ProcedureRow
from app.rules.appointments import STANDS
from app.rules.days import spoken_day
from app.rules.levels import lies_in
from app.rules.reviews import DECISIONS, OPEN, after
from app.work.calendar import service as calendar
from app.work.reviews.appointments import check_authorised
from app.work.reviews.schemas import BookIn, CancelIn, DecisionIn, ReopenIn, ReviewChange
from app.work.reviews.service import ReviewState, StepTaken, TakeStep, not_allowed, review, take_step
from app.work.reviews.tables import Review

PROPOSAL = {"proposed_on", "laterality", "joints", "policy"}


async def work_on(
    database: Database, caller: Caller, *, review_id: UUID, given: ReviewChange, if_match: str | None, now: datetime
) -> ReviewState:
    """Ticks off the checklist, assigns the review, or proposes day, side, levels and policy."""
    return await take_step(
        database, caller, review_id=review_id, change=working(caller, given, now), if_match=if_match, now=now
    )


def working(caller: Caller, given: ReviewChange, now: datetime) -> TakeStep:
    """The step of working on a review; it becomes a proposal where a day, side, levels or a policy is given.

    Raises:
        Problem: 422 for what does not fit: a day that is over or outside of the payer's authorisation, joints elsewhere.
    """

    async def change(connection: AsyncConnection, before: ReviewState) -> StepTaken:
        one, changes = before.review, list(_given(given))
        if given.policy is not None:
            eligibility.check_name(given.policy, await names_known(connection, one.clinic_id))
        if given.owner_id is not None and not await is_staff(connection, one.clinic_id, given.owner_id):
            raise bad_field("/owner_id", "is nobody of this clinic's staff")
        _check_authorisation(one, given)
        if given.proposed_on is not None:
            await _check_day(connection, caller, one=one, given=given, now=now)
        if given.joints is not None:
            await _check_joints(connection, one, given.joints)
        if given.checklist:
            kept = {item: answer for item, answer in one.checklist.items() if item not in given.checklist}
            new = {item: answer for item, answer in given.checklist.items() if answer != "open"}
            changes.append(to(col(Review.checklist), {**kept, **new}))
        proposes = any(getattr(given, name) is not None for name in PROPOSAL)
        if before.state == "booked" and proposes:
            raise Problem(409, "The review is booked; cancel or move the appointment first.")
        if not proposes and given.note is None and before.state in OPEN and _is_as_before(one, changes):
            return StepTaken(None)
        return StepTaken("propose" if proposes else "work", tuple(changes), given.note)

    return change


def _is_as_before(one: Review, changes: Iterable[Setting]) -> bool:
    """Whether columns would be set to what they hold."""
    return all(getattr(one, column.key) == value for column, value in changes)


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
    if "authorisation" in given.model_fields_set:  # null takes each of these away
        yield to(col(Review.authorisation), given.authorisation)
    if "authorised_from" in given.model_fields_set:
        yield to(col(Review.authorised_from), given.authorised_from)
    if "authorised_until" in given.model_fields_set:
        yield to(col(Review.authorised_until), given.authorised_until)


def _authorised(one: Review, given: ReviewChange) -> tuple[date | None, date | None]:
    """The first and last day of the payer's authorisation as it will be; None: not limited, or none on record."""
    asked = given.model_fields_set
    first = given.authorised_from if "authorised_from" in asked else one.authorised_from
    return first, given.authorised_until if "authorised_until" in asked else one.authorised_until


def _check_authorisation(one: Review, given: ReviewChange) -> None:
    """Refuses days that end before they begin (422), or that leave out the day that is booked (409)."""
    first, last = _authorised(one, given)
    if first is not None and last is not None and last < first:
        raise bad_field("/authorised_until", f"lies before the first day, {spoken_day(first)}")
    day = one.proposed_on if one.state == "booked" else None
    if day is None or not one.is_authorised(day):  # one that an admin has overruled stays as it is
        return
    if (first is not None and day < first) or (last is not None and day > last):
        raise Problem(
            409, f"The review is booked for {spoken_day(day)}, outside of these days; move the appointment first."
        )


async def _check_day(
    connection: AsyncConnection, caller: Caller, *, one: Review, given: ReviewChange, now: datetime
) -> None:
    """Refuses (422) a new day that is over in the patient's calendar, and one that the payer's authorisation leaves out."""
    day = given.proposed_on
    assert day is not None
    person = await patients.find(connection, caller, patient_id=one.patient_id)
    if day != one.proposed_on and day < today_of(person.time_zone, now):
        raise bad_field("/proposed_on", "is over")
    first, last = _authorised(one, given)
    if (first is not None and day < first) or (last is not None and day > last):
        raise bad_field("/proposed_on", "lies outside of the payer's authorisation")


async def _check_joints(connection: AsyncConnection, one: Review, joints: list[str]) -> None:
    own = select(col(ProcedureRow.region)).where(
        col(ProcedureRow.clinic_id) == one.clinic_id, col(ProcedureRow.id) == one.procedure_id
    )
    region = (await connection.execute(own)).scalar_one()
    for place, joint in enumerate(joints):
        if not lies_in(joint, region, joints):
            raise bad_field(f"/joints/{place}", "lies in another region than the procedure")


async def book(
    database: Database, caller: Caller, *, review_id: UUID, given: BookIn, if_match: str | None, now: datetime
) -> ReviewState:
    """Books a slot; the review is then for the slot's day."""

    async def change(connection: AsyncConnection, before: ReviewState) -> StepTaken:
        one = before.review
        if after(before.state, "book") is None or not await _lacks_slot(connection, one):
            raise not_allowed(before.state)
        taken = await calendar.book(
            connection,
            caller,
            patient_id=one.patient_id,
            slot_id=given.slot_id,
            review_id=one.id,
            now=now,
            overrule=given.overrule,
            kind="procedure",
        )
        starts_at = (await calendar.find(connection, caller, appointment_id=taken, action="read")).starts_at
        person = await patients.find(connection, caller, patient_id=one.patient_id)
        day = today_of(person.time_zone, starts_at)
        if given.overrule is None:
            check_authorised(one, day)
        changes = (to(col(Review.appointment_id), taken), to(col(Review.proposed_on), day))
        return StepTaken("book", changes, given.overrule)

    return await take_step(database, caller, review_id=review_id, change=change, if_match=if_match, now=now)


async def _lacks_slot(connection: AsyncConnection, one: Review) -> bool:
    """Whether a review is one to book: any that is open, and a decided repeat while it has no slot."""
    if one.state != "decided":
        return True
    slot = one.appointment_id
    return one.decision == "repeat" and (
        slot is None or await calendar.find_standing(connection, one.clinic_id, slot) is None
    )


async def decide(
    database: Database, caller: Caller, *, review_id: UUID, given: DecisionIn, if_match: str | None, now: datetime
) -> ReviewState:
    """Ends a review with a decision and its reason, and resolves the flags that it answers.

    An appointment is kept only where the decision is to repeat.
    """
    return await take_step(
        database, caller, review_id=review_id, change=deciding(caller, given, now), if_match=if_match, now=now
    )


def deciding(caller: Caller, given: DecisionIn, now: datetime) -> TakeStep:
    """The step that decides a review.

    Raises:
        Problem: 422 for a day to wait until where the decision is another; for none, or one that is not in the patient's
            future, where it is to wait.
    """
    if given.wait_until is not None and given.decision != "wait":
        raise bad_field("/wait_until", "goes with `wait`")
    if given.wait_until is None and given.decision == "wait":
        raise bad_field("/wait_until", "is needed: until when?")

    async def change(connection: AsyncConnection, before: ReviewState) -> StepTaken:
        if given.wait_until is not None:
            person = await patients.find(connection, caller, patient_id=before.review.patient_id)
            if given.wait_until <= today_of(person.time_zone, now):
                raise bad_field("/wait_until", "lies not in the future")
        if given.decision != "repeat":
            await _give_back(connection, caller, one=before.review, reason=given.reason, now=now)
        decided = (
            to(col(Review.decision), given.decision),
            to(col(Review.reason), given.reason),
            to(col(Review.wait_until), given.wait_until),
        )
        if after(before.state, "decide") is not None:
            one = before.review
            await resolve_answered(
                connection,
                caller,
                review_id=one.id,
                procedure_id=one.procedure_id,
                flag_id=one.flag_id,
                decision=given.decision,
                now=now,
            )
        until = f" until {spoken_day(given.wait_until)}" if given.wait_until else ""
        return StepTaken("decide", decided, f"{DECISIONS[given.decision]}{until}: {given.reason}")

    return change


async def cancel(
    database: Database, caller: Caller, *, review_id: UUID, given: CancelIn, if_match: str | None, now: datetime
) -> ReviewState:
    """Ends a review without a decision; its appointment is cancelled."""
    return await take_step(
        database, caller, review_id=review_id, change=cancelling(caller, given, now), if_match=if_match, now=now
    )


def cancelling(caller: Caller, given: CancelIn, now: datetime) -> TakeStep:
    """The step that ends a review without a decision."""

    async def change(connection: AsyncConnection, before: ReviewState) -> StepTaken:
        await _give_back(connection, caller, one=before.review, reason=given.reason, now=now)
        return StepTaken("cancel", (to(col(Review.reason), given.reason),), given.reason)

    return change


async def reopen(
    database: Database, caller: Caller, *, review_id: UUID, given: ReopenIn, if_match: str | None, now: datetime
) -> ReviewState:
    """Goes on with a review that was decided or cancelled; its decision is taken back, its steps stay."""

    async def change(connection: AsyncConnection, before: ReviewState) -> StepTaken:
        one = before.review
        await refuse_after_death(connection, one.clinic_id, one.patient_id)
        others = and_(col(Review.clinic_id) == one.clinic_id, col(Review.open_procedure_id) == one.procedure_id)
        if (
            after(before.state, "reopen") is not None
            and (await connection.execute(select(review).where(others))).first()
        ):
            raise Problem(409, "Another review of the procedure is open.")
        await take_up_again(connection, caller, review_id=one.id, patient_id=one.patient_id, now=now)
        slot = one.appointment_id
        stands = None if slot is None else await calendar.find_standing(connection, one.clinic_id, slot)
        again = (
            to(col(Review.open_procedure_id), one.procedure_id),
            to(col(Review.opened_at), now),  # what closed it before does not close it again
            to(col(Review.closed_at), None),
            to(col(Review.closed_by), None),
            to(col(Review.decision), None),
            to(col(Review.reason), None),
            to(col(Review.wait_until), None),
            to(col(Review.appointment_id), None if stands is None else slot),
        )
        return StepTaken("reopen", again, given.reason, state=None if stands is None else "booked")

    return await take_step(database, caller, review_id=review_id, change=change, if_match=if_match, now=now)


async def _give_back(connection: AsyncConnection, caller: Caller, *, one: Review, reason: str, now: datetime) -> None:
    if one.appointment_id is None:
        return
    booked = await calendar.find(connection, caller, appointment_id=one.appointment_id, action="work_review", lock=True)
    if booked.state in STANDS and booked.starts_at > now:  # of one that has begun it is still said what became of it
        await calendar.give_back(connection, caller, one=booked, reason=reason, now=now)
