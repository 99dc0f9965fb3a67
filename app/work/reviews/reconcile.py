"""What the service does with reviews by itself: it opens one for a return or on a day, and closes what a new procedure
answers.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.service import flag
from app.alerts.messages.outbox import post
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.record.patients.service import patient, today_of
from app.record.procedures.service import procedure
from app.rules.reviews import OPEN
from app.work.reviews.service import review

AT_ONCE = 200
EARLIEST = timedelta(hours=14)  # how far the first time zone is ahead
RETURNS = ("pain_return", "masked_climb")


def _step(what: str, note: str, now: datetime) -> dict[str, Any]:
    return {"at": now.isoformat(), "by": None, "what": what, "note": note}


async def open_for_returns(connection: AsyncConnection, now: datetime) -> int:
    """Opens a review for each flagged return that has none yet, one a flag for ever; answers how many."""
    answered = exists().where(
        review.c.clinic_id == flag.c.clinic_id,
        or_(review.c.flag_id == flag.c.id, review.c.open_procedure_id == flag.c.procedure_id),
    )
    same = and_(procedure.c.clinic_id == flag.c.clinic_id, procedure.c.id == flag.c.procedure_id)
    waiting = (
        select(flag, procedure.c.laterality, procedure.c.joints)
        .join(procedure, same)
        .where(flag.c.kind.in_(RETURNS), flag.c.state.in_(("open", "acknowledged")), ~answered)
        .order_by(flag.c.id)
        .limit(AT_ONCE)
    )
    rows = (await connection.execute(waiting)).all()
    for row in rows:
        values = {
            "clinic_id": row.clinic_id, "id": new_id(), "patient_id": row.patient_id, "procedure_id": row.procedure_id,
            "open_procedure_id": row.procedure_id, "state": "opened", "opened_by": "flag", "flag_id": row.id,
            "laterality": row.laterality, "joints": row.joints, "checklist": {},
            "steps": [_step("opened", row.says, now)], "version": 1, "opened_at": now}  # fmt: skip
        await _open(connection, values, now)
    return len(rows)


async def open_by_date(connection: AsyncConnection, now: datetime) -> int:
    """Opens a review for each that was to wait until a day that has come in the patient's calendar; answers how many.

    None is opened where there has been another review since, or where the procedure has been repeated meanwhile.
    """
    later = review.alias("later")
    since = exists().where(
        later.c.clinic_id == review.c.clinic_id,
        later.c.procedure_id == review.c.procedure_id,
        later.c.opened_at > review.c.opened_at,
    )
    own, repeat = procedure.alias("own"), procedure.alias("repeat")
    waiting = (
        select(review, patient.c.time_zone)
        .join(patient, and_(patient.c.clinic_id == review.c.clinic_id, patient.c.id == review.c.patient_id))
        .join(own, and_(own.c.clinic_id == review.c.clinic_id, own.c.id == review.c.procedure_id))
        .where(review.c.decision == "wait", review.c.wait_until <= (now + EARLIEST).date(), ~since)
        .where(~exists().where(_repeats(own, repeat)))
        .order_by(review.c.id)
    )
    rows = [row for row in (await connection.execute(waiting)).all() if row.wait_until <= today_of(row.time_zone, now)][
        :AT_ONCE
    ]
    for row in rows:
        values = {
            "clinic_id": row.clinic_id, "id": new_id(), "patient_id": row.patient_id, "procedure_id": row.procedure_id,
            "open_procedure_id": row.procedure_id, "state": "opened", "opened_by": "date", "follows": row.id,
            "owner_id": row.owner_id, "laterality": row.laterality, "joints": row.joints, "policy": row.policy,
            "checklist": {}, "steps": [_step("opened", f"the wait until {row.wait_until} is over", now)], "version": 1,
            "opened_at": now}  # fmt: skip
        await _open(connection, values, now)
    return len(rows)


async def _open(connection: AsyncConnection, values: dict[str, Any], now: datetime) -> None:
    """Opens a review, and tells of it; two that do so at once open one."""
    made = await connection.execute(insert_new(connection, review, "clinic_id", "open_procedure_id"), values)
    if made.rowcount:
        about = {"review_id": str(values["id"]), "patient_id": str(values["patient_id"])}
        await post(connection, values["clinic_id"], "review.opened", str(values["id"]), about, now)


def _repeats(own: Any, later: Any) -> Any:
    """That a later procedure treats the same region and side again."""
    return and_(
        later.c.clinic_id == own.c.clinic_id,
        later.c.patient_id == own.c.patient_id,
        later.c.region == own.c.region,
        later.c.performed_on > own.c.performed_on,
        or_(
            later.c.laterality == own.c.laterality,
            later.c.laterality == "bilateral",
            own.c.laterality == "bilateral",
        ),
    )


async def close_answered(connection: AsyncConnection, now: datetime) -> int:
    """Decides each open review whose procedure has been repeated meanwhile; answers how many."""
    own, later = procedure.alias("own"), procedure.alias("later")
    repeated = (
        select(review)
        .join(own, and_(own.c.clinic_id == review.c.clinic_id, own.c.id == review.c.procedure_id))
        .join(later, _repeats(own, later))
        .where(review.c.state.in_(OPEN), later.c.created_at > review.c.opened_at)
        .limit(AT_ONCE)
    )
    rows = {row.id: row for row in (await connection.execute(repeated)).all()}
    for row in rows.values():
        note = "the procedure has been repeated"
        values = {
            "state": "decided", "decision": "repeat", "reason": note, "open_procedure_id": None, "closed_at": now,
            "steps": [*row.steps, _step("decide", note, now)], "version": row.version + 1}  # fmt: skip
        this = and_(review.c.clinic_id == row.clinic_id, review.c.id == row.id)
        await connection.execute(update(review).where(this).values(values))
    return len(rows)
