"""Automatic steps with reviews: opens one for a flagged return or at the end of a wait, and ends those whose
procedure is watched no more.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.answers.verdicts.service import outcome
from app.answers.verdicts.tables import OutcomeRow
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.base.store.timeline import step
from app.base.store.typed import Setting, col, col_of, row_of, to, whole
from app.record.facts.death import DEATH, HAS_DIED
from app.record.patients.service import patient, today_of
from app.record.patients.tables import Patient
from app.record.procedures.service import procedure
from app.record.procedures.tables import ProcedureRow
from app.rules.days import spoken_day
from app.rules.outcome import CLOSED, End
from app.rules.reviews import State
from app.work.calendar import service as calendar
from app.work.reviews.service import is_open, review, set_columns
from app.work.reviews.tables import Review

AT_ONCE = 200
EARLIEST = timedelta(hours=14)  # of the time zones, how far the earliest is ahead of UTC


async def open_for_returns(connection: AsyncConnection, now: datetime) -> int:
    """Opens a review for each flagged return that has none yet, one a flag for ever; returns how many."""
    answered = exists().where(
        col(Review.clinic_id) == col(Flag.clinic_id),
        or_(col(Review.flag_id) == col(Flag.id), col(Review.open_procedure_id) == col(Flag.procedure_id)),
    )
    same = and_(col(ProcedureRow.clinic_id) == col(Flag.clinic_id), col(ProcedureRow.id) == col(Flag.procedure_id))
    waiting = (
        select(
            col(Flag.clinic_id),
            col(Flag.id),
            col(Flag.patient_id),
            col(ProcedureRow.id),
            col(Flag.says),
            col(ProcedureRow.laterality),
            col(ProcedureRow.joints),
        )
        .join(procedure, same)
        .where(_of_a_return(), col(Flag.state).in_(("open", "acknowledged")), ~answered)
        .order_by(col(Flag.id))
        .limit(AT_ONCE)
    )
    found = (await connection.execute(waiting)).all()
    for clinic_id, flag_id, patient_id, procedure_id, says, laterality, joints in found:
        new = Review(
            clinic_id=clinic_id,
            id=new_id(),
            patient_id=patient_id,
            procedure_id=procedure_id,
            open_procedure_id=procedure_id,
            state="opened",
            opened_by="flag",
            flag_id=flag_id,
            laterality=laterality,
            joints=joints,
            checklist={},
            steps=[step("opened", now, note=says)],
            opened_at=now,
        )
        await _open(connection, new, now)
    return len(found)


def _of_a_return() -> ColumnElement[bool]:
    """A masked climb is one of a return unless relief still stands: then the rising dose is looked at, no repeat."""
    returning = exists().where(
        col(OutcomeRow.clinic_id) == col(Flag.clinic_id),
        col(OutcomeRow.procedure_id) == col(Flag.procedure_id),
        col(OutcomeRow.definition) == "half",
        col(OutcomeRow.phase).in_(("returning", "returned")),
    )
    closed = exists().where(
        col(OutcomeRow.clinic_id) == col(Flag.clinic_id),
        col(OutcomeRow.procedure_id) == col(Flag.procedure_id),
        col(OutcomeRow.closed).is_not(None),
    )
    return ~closed & or_(col(Flag.kind) == "pain_return", and_(col(Flag.kind) == "masked_climb", returning))


async def open_by_date(connection: AsyncConnection, now: datetime) -> int:
    """Opens a review for each that was to wait until a day that has come in the patient's calendar; returns how many.

    None is opened where there has been another review since, or where the watch of the procedure has been closed meanwhile.
    """
    later = review.alias("later")
    since = exists().where(
        col_of(later, Review.clinic_id) == col(Review.clinic_id),
        col_of(later, Review.procedure_id) == col(Review.procedure_id),
        col_of(later, Review.opened_at) > col(Review.opened_at),
    )
    waiting = (
        select(review, col(Patient.time_zone))
        .join(patient, and_(col(Patient.clinic_id) == col(Review.clinic_id), col(Patient.id) == col(Review.patient_id)))
        .join(outcome, _outcome_of_review())
        .where(col(Review.decision) == "wait", col(Review.wait_until) <= (now + EARLIEST).date(), ~since)
        .where(col(OutcomeRow.closed).is_(None))
        .order_by(col(Review.id))
    )
    found = [(whole(Review, one), str(one._mapping["time_zone"])) for one in (await connection.execute(waiting)).all()]
    waits = [(one, one.wait_until, today_of(zone, now)) for one, zone in found]
    due = [(one, until) for one, until, today in waits if until is not None and until <= today][:AT_ONCE]
    for one, until in due:
        note = f"the wait until {spoken_day(until)} is over"
        new = Review(
            clinic_id=one.clinic_id,
            id=new_id(),
            patient_id=one.patient_id,
            procedure_id=one.procedure_id,
            open_procedure_id=one.procedure_id,
            state="opened",
            opened_by="date",
            follows=one.id,
            owner_id=one.owner_id,
            laterality=one.laterality,
            joints=one.joints,
            policy=one.policy,
            checklist={},
            steps=[step("opened", now, note=note)],
            opened_at=now,
        )
        await _open(connection, new, now)
    return len(due)


async def _open(connection: AsyncConnection, new: Review, now: datetime) -> None:
    """Opens a review, and tells of it; two that do so at once open one."""
    statement = insert_new(connection, review, "clinic_id", "open_procedure_id")
    if (await connection.execute(statement, row_of(new))).rowcount:
        about = {"review_id": str(new.id), "patient_id": str(new.patient_id)}
        await post(connection, new.clinic_id, topic="review.opened", key=str(new.id), about=about, now=now)


def _outcome_of_review() -> ColumnElement[bool]:
    return and_(
        col(OutcomeRow.clinic_id) == col(Review.clinic_id),
        col(OutcomeRow.procedure_id) == col(Review.procedure_id),
        col(OutcomeRow.definition) == "half",
    )


async def close_answered(connection: AsyncConnection, now: datetime) -> int:
    """Ends each open review whose procedure's watch has been closed since it was opened; returns how many.

    A repeat decides it; surgery, death and a move end it without a decision. What is booked for one is given back, also for
    one that was decided before: the repeat may have come sooner than its day.
    """
    booked = and_(col(Review.state) == "decided", col(Review.appointment_id).is_not(None))
    answered = (
        select(review, col(OutcomeRow.closed), col(OutcomeRow.closed_on))
        .join(outcome, _outcome_of_review())
        .where(or_(is_open(), booked))
        .where(col(OutcomeRow.closed).is_not(None), col(OutcomeRow.closed_at) > col(Review.opened_at))
        .order_by(col(Review.clinic_id), col(Review.id))
        .limit(AT_ONCE)
        .with_for_update(of=review)  # what somebody does with a review in this moment is waited for, and counts
    )
    found = (await connection.execute(answered)).all()
    for row in found:
        await _close(connection, whole(Review, row), row._mapping["closed"], on=row._mapping["closed_on"], now=now)
    return len(found)


async def _close(connection: AsyncConnection, one: Review, why: End, *, on: date, now: datetime) -> None:
    repeated = why == "repeat"
    note = "the procedure has been repeated" if repeated else f"followed until {spoken_day(on)}: {CLOSED[why]}"
    if one.appointment_id is not None:
        booked = await calendar.find_standing(connection, one.clinic_id, one.appointment_id)
        if booked is not None and booked.starts_at > now:  # one that is past was kept, or is the repeat itself
            reason = HAS_DIED if why == DEATH else note
            await calendar.give_back(connection, None, one=booked, reason=reason, now=now)
    if one.state == "decided":  # by a person, and it stays so unless what has ended the watch was a mistake
        freed = [to(col(Review.appointment_id), None), to(col(Review.closed_by), why)]
        await set_columns(connection, one, freed)
        return
    state: State = "decided" if repeated else "cancelled"
    ended = [
        to(col(Review.state), state),
        to(col(Review.decision), "repeat" if repeated else None),
        to(col(Review.reason), note),
        to(col(Review.open_procedure_id), None),
        to(col(Review.closed_at), now),
        to(col(Review.closed_by), why),
        to(col(Review.steps), [*one.steps, step("decide" if repeated else "cancel", now, note=note)]),
    ]
    await set_columns(connection, one, ended)


async def reopen_unanswered(connection: AsyncConnection, now: datetime) -> int:
    """Goes on with each review that an end of the watch had closed which is no longer on record; returns how many.

    None where another review of the procedure has been opened since.
    """
    other = review.alias("other")
    since = exists().where(  # one that is open, or was worked on to its end, is the newer answer
        col_of(other, Review.clinic_id) == col(Review.clinic_id),
        col_of(other, Review.procedure_id) == col(Review.procedure_id),
        col_of(other, Review.id) != col(Review.id),
        col_of(other, Review.opened_at) >= col(Review.opened_at),
    )
    mistaken = (
        select(review)
        .join(outcome, _outcome_of_review())
        .where(col(Review.closed_by).is_not(None), col(OutcomeRow.closed).is_(None), ~since)
        .order_by(col(Review.clinic_id), col(Review.id))
        .limit(AT_ONCE)
        .with_for_update(of=review)
    )
    found = [whole(Review, one) for one in (await connection.execute(mistaken)).all()]
    newest = {(one.clinic_id, one.procedure_id): one for one in found}  # one of a procedure is under way at a time
    for one in newest.values():
        note = "what had ended it is no longer on record"
        again: list[Setting] = [
            to(col(Review.state), "opened"),
            to(col(Review.decision), None),
            to(col(Review.reason), None),
            to(col(Review.open_procedure_id), one.procedure_id),
            to(col(Review.opened_at), now),
            to(col(Review.closed_at), None),
            to(col(Review.closed_by), None),
            to(col(Review.appointment_id), None),
            to(col(Review.steps), [*one.steps, step("reopen", now, note=note)]),
        ]
        await set_columns(connection, one, again)
    return len(newest)
