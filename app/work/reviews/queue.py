"""The scheduler's queue, and who has how much of it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, select

from app.access.accounts.permissions import Caller, reach
from app.access.accounts.service import account
from app.access.audit import service as audit
from app.answers.verdicts.service import outcome
from app.base.store.database import Database
from app.record.patients.service import patient
from app.record.procedures.service import procedure
from app.rules.reviews import OPEN
from app.work.reviews.schemas import QueueIn
from app.work.reviews.service import review, with_outcome

URGENT = {"returned": 0, "returning": 1, "no_relief": 2}
LONG = timedelta(days=14)


async def queue(
    database: Database, caller: Caller, asked: QueueIn, offset: int, now: datetime
) -> tuple[list[Row[Any]], bool]:
    """The most urgent first: a return, a likely return, no relief, then the longest waiting; and whether more follow."""
    query = with_outcome().where(
        reach(caller, "read", review.c.clinic_id, review.c.patient_id), *_conditions(asked, now)
    )
    urgent = case(URGENT, value=outcome.c.phase, else_=3)
    ordered = query.order_by(urgent, review.c.opened_at, review.c.id).limit(asked.limit + 1).offset(offset)
    async with database.read() as connection:
        rows = list((await connection.execute(ordered)).all())
    await audit.record_read(database, caller, "reviews", asked.patient_id, now)
    return rows[: asked.limit], len(rows) > asked.limit


def _conditions(asked: QueueIn, now: datetime) -> list[ColumnElement[bool]]:
    out: list[ColumnElement[bool]] = [review.c.state.in_([asked.state] if asked.state else OPEN)]
    for name in ("patient_id", "owner_id", "policy", "opened_by"):
        value = getattr(asked, name)
        if value is not None:
            out.append(review.c[name] == value)
    if asked.unowned:
        out.append(review.c.owner_id.is_(None))
    if asked.waiting_days is not None:
        out.append(review.c.opened_at <= now - timedelta(days=asked.waiting_days))
    if asked.phase is not None:
        out.append(outcome.c.phase == asked.phase)
    if asked.region is not None:
        of_region = select(procedure.c.id).where(
            procedure.c.clinic_id == review.c.clinic_id, procedure.c.region == asked.region
        )
        out.append(review.c.procedure_id.in_(of_region))
    if asked.name:
        sought = func.lower(patient.c.name).contains(asked.name.lower(), autoescape=True)
        named = select(patient.c.id).where(patient.c.clinic_id == review.c.clinic_id, sought)
        out.append(review.c.patient_id.in_(named))
    return out


async def workload(database: Database, caller: Caller, now: datetime) -> list[dict[str, Any]]:
    """Open reviews by owner: how many in which state, how old the oldest is, how many wait for more than two weeks.

    Whose owner is null belong to nobody yet; they come first, then whoever has most.
    """
    within = reach(caller, "work_review", review.c.clinic_id, review.c.patient_id)
    same = and_(account.c.clinic_id == review.c.clinic_id, account.c.id == review.c.owner_id)
    query = (
        select(
            review.c.owner_id,
            account.c.username,
            func.count().label("open"),
            *(func.count().filter(review.c.state == state).label(state) for state in OPEN),
            func.min(review.c.opened_at).label("oldest"),
            func.count().filter(review.c.opened_at <= now - LONG).label("over_14_days"),
        )
        .outerjoin(account, same)
        .where(within, review.c.state.in_(OPEN))
        .group_by(review.c.owner_id, account.c.username)
    )
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    out = [{**row._asdict(), "oldest_days": (now - row.oldest).days} for row in rows]
    return sorted(out, key=lambda one: (one["owner_id"] is not None, -one["open"], one["username"] or ""))
