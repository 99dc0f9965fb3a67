"""What the service does with reviews by itself: it opens one for a return, and closes what a new procedure answers."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.flags.service import flag
from app.procedures.service import procedure
from app.reviews.service import review
from app.rules.reviews import OPEN
from app.store.base import new_id
from app.store.statements import insert_new

AT_ONCE = 200
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
        await connection.execute(insert_new(connection, review, "clinic_id", "open_procedure_id"), values)
    return len(rows)


async def close_answered(connection: AsyncConnection, now: datetime) -> int:
    """Decides each open review whose procedure has been repeated meanwhile; answers how many."""
    own, later = procedure.alias("own"), procedure.alias("later")
    repeated = (
        select(review)
        .join(own, and_(own.c.clinic_id == review.c.clinic_id, own.c.id == review.c.procedure_id))
        .join(
            later,
            and_(
                later.c.clinic_id == own.c.clinic_id,
                later.c.patient_id == own.c.patient_id,
                later.c.region == own.c.region,
                later.c.performed_on > own.c.performed_on,
                or_(
                    later.c.laterality == own.c.laterality,
                    later.c.laterality == "bilateral",
                    own.c.laterality == "bilateral",
                ),
            ),
        )
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
