"""Cancelling and moving an appointment: the review that it was booked for follows in the same transaction."""

from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, is_staff, require
from app.access.audit import service as audit
from app.alerts.flags.answered import take_up_again
from app.answers.verdicts.tables import OutcomeRow
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.timeline import step
from app.base.store.typed import Setting, col, to, whole
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.rules.appointments import STANDS
from app.rules.appointments import after as after_step
from app.rules.days import spoken_day
from app.rules.reviews import OPEN, ReviewStep, State, after
from app.work.calendar import service as calendar
from app.work.calendar.booked import Booked
from app.work.calendar.tables import Slot
from app.work.reviews.other_times import check_own_move, other_times
from app.work.reviews.service import review, set_columns
from app.work.reviews.tables import Review


async def cancel(database: Database, caller: Caller, *, appointment_id: UUID, reason: str, now: datetime) -> Booked:
    """Cancels an appointment and frees its slot; its review is to be booked again. Doing it twice changes nothing.

    Raises:
        Problem: 404 where there is none that the caller may know of, 409 for one that has begun or is over.
    """

    async def work(connection: AsyncConnection) -> Booked:
        one, of = await locked(connection, caller, appointment_id=appointment_id, action="confirm")
        if after_step(one.state, "cancel") is None:
            raise Problem(409, f"The appointment is {one.stands}.")
        if one.state != "cancelled":
            await calendar.refuse_begun(connection, one, now)
            await calendar.give_back(connection, caller, one=one, reason=reason, now=now)
            await unbook(connection, caller, of=of, reason=reason, now=now)
        return await calendar.find(connection, caller, appointment_id=appointment_id, action="confirm")

    return await database.write(work)


async def move(
    database: Database,
    caller: Caller,
    *,
    appointment_id: UUID,
    slot_id: UUID,
    reason: str,
    overrule: str | None = None,
    now: datetime,
) -> Booked:
    """Moves an appointment to another slot, and its review with it: one is freed and the other booked, or neither.

    Raises:
        Problem: 404 where there is none that the caller may know of; 409 for one that has begun or is over, a slot that is
            not free, or one to which a patient may not move it.
    """
    action = _moves_by(caller)
    require(caller, action)

    async def work(connection: AsyncConnection) -> Booked:
        one, of = await locked(connection, caller, appointment_id=appointment_id, action=action)
        if action == "confirm":
            await _refuse_unmovable(connection, one, now)
            await check_own_move(connection, one, slot_id=slot_id, now=now)
        new = await calendar.move(
            connection, caller, one=one, slot_id=slot_id, reason=reason, overrule=overrule, now=now
        )
        booked = await calendar.find(connection, caller, appointment_id=new, action=action)
        await set_day(connection, caller, of=of, booked=booked, what="move", reason=reason, overrule=overrule, now=now)
        return booked

    return await database.write(work)


def _moves_by(caller: Caller) -> Action:
    """By which right somebody moves an appointment: the staff by theirs, a patient as they confirm or cancel it."""
    return "work_review" if is_staff(caller) else "confirm"


async def _refuse_unmovable(connection: AsyncConnection, one: Booked, now: datetime) -> None:
    if one.state not in STANDS:
        raise Problem(409, f"The appointment is {one.stands}.")
    await calendar.refuse_begun(connection, one, now)


async def times_for(database: Database, caller: Caller, *, appointment_id: UUID, now: datetime) -> list[Slot]:
    """The times to which a patient may move an appointment.

    Raises:
        Problem: 403, 404 where there is none that the caller may know of, 409 for one that has begun or is over.
    """
    action = _moves_by(caller)
    require(caller, action)
    async with database.read() as connection:
        one = await calendar.find(connection, caller, appointment_id=appointment_id, action=action)
        await _refuse_unmovable(connection, one, now)
        found = await other_times(connection, one, now)
    await audit.record_read(database, caller, resource="appointments", patient_id=one.patient_id, now=now)
    return found


async def locked(
    connection: AsyncConnection, caller: Caller, *, appointment_id: UUID, action: Action
) -> tuple[Booked, Review | None]:
    """The appointment and the review that holds it, both locked: the review first, as every step with one does."""
    one = await calendar.find(connection, caller, appointment_id=appointment_id, action=action)
    theirs = select(review).where(col(Review.clinic_id) == one.clinic_id, col(Review.id) == one.review_id)
    found = None if one.review_id is None else (await connection.execute(theirs.with_for_update())).first()
    of = None if found is None else whole(Review, found)
    held = await calendar.find(connection, caller, appointment_id=appointment_id, action=action, lock=True)
    return held, of if of is not None and of.appointment_id == held.id and _follows(of) else None


def _follows(of: Review) -> bool:
    """A review follows its appointment while it is open, and where it was decided to repeat."""
    return of.state in OPEN or (of.state == "decided" and of.decision == "repeat")


async def unbook(connection: AsyncConnection, caller: Caller, *, of: Review | None, reason: str, now: datetime) -> None:
    """The review of an appointment that will not be, or was not: to be booked again, with the flags it had answered."""
    stays, changes = await _freed(connection, of)
    await _follow(connection, caller, of=of, what="unbook", changes=changes, reason=reason, now=now, state=stays)
    if of is not None and of.state == "decided" and stays is None:
        await take_up_again(connection, caller, review_id=of.id, patient_id=of.patient_id, now=now)


async def set_day(
    connection: AsyncConnection,
    caller: Caller,
    *,
    of: Review | None,
    booked: Booked,
    what: ReviewStep,
    reason: str,
    overrule: str | None = None,
    now: datetime,
) -> None:
    """Ties a review to its appointment, and to the day of it in the patient's calendar.

    Raises:
        Problem: 409 for a day outside of the payer's authorisation, unless an admin says why.
    """
    person = await patients.find(connection, caller, patient_id=booked.patient_id)
    day = today_of(person.time_zone, booked.starts_at)
    if of is not None and overrule is None:
        check_authorised(of, day)
    changes = [to(col(Review.appointment_id), booked.id), to(col(Review.proposed_on), day)]
    await _follow(connection, caller, of=of, what=what, changes=changes, reason=reason, now=now)


def check_authorised(of: Review, day: date) -> None:
    """Refuses (409) a day for which the payer's authorisation, as far as one is on record, does not hold."""
    if of.is_authorised(day):
        return
    first = f"from {spoken_day(of.authorised_from)}" if of.authorised_from else ""
    last = f"until {spoken_day(of.authorised_until)}" if of.authorised_until else ""
    span = f"{first} {last}".strip()
    raise Problem(409, f"The slot is on {spoken_day(day)}; the payer's authorisation holds {span}.")


async def _freed(connection: AsyncConnection, of: Review | None) -> tuple[State | None, list[Setting]]:
    """Where a review stands without its slot: to be booked again, also one that was decided, unless another is open or the
    watch of its procedure is over.
    """
    slot: list[Setting] = [to(col(Review.appointment_id), None)]
    if of is None or of.state in OPEN:
        return None, slot
    others = and_(col(Review.clinic_id) == of.clinic_id, col(Review.open_procedure_id) == of.procedure_id)
    if (await connection.execute(select(review).where(others))).first() is not None:
        return "decided", slot
    over = and_(
        col(OutcomeRow.clinic_id) == of.clinic_id,
        col(OutcomeRow.procedure_id) == of.procedure_id,
        col(OutcomeRow.closed).is_not(None),
    )
    if (await connection.execute(select(col(OutcomeRow.procedure_id)).where(over))).first() is not None:
        return "decided", slot  # repeated, or watched no more: there is nothing left to book
    again = [
        to(col(Review.open_procedure_id), of.procedure_id),
        to(col(Review.decision), None),
        to(col(Review.reason), None),
        to(col(Review.closed_at), None),
        to(col(Review.closed_by), None),
    ]
    return None, [*slot, *again]


async def _follow(
    connection: AsyncConnection,
    caller: Caller,
    *,
    of: Review | None,
    what: ReviewStep,
    changes: list[Setting],
    reason: str,
    now: datetime,
    state: State | None = None,
) -> None:
    """Takes the step with the review; `state` is where it leads, if not where it usually does."""
    state = state or (None if of is None else after(cast(State, of.state), what))
    if of is None or state is None:
        return
    steps = [*of.steps, step(what, now, by=caller.account_id, note=reason)]
    await set_columns(connection, of, [*changes, to(col(Review.state), state), to(col(Review.steps), steps)])
    await audit.record(connection, caller, action="change", resource="review", patient_id=of.patient_id, now=now)
