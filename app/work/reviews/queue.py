"""The scheduler's queue of reviews, and the open reviews by owner."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, select

from app.access.accounts.permissions import Caller, reach
from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.answers.verdicts.tables import OutcomeRow
from app.base.store.database import Database
from app.base.store.typed import col
from app.record.patients.names import MOST_FOUND, called
from app.record.patients.sites.service import belongs_to
from app.record.procedures.tables import ProcedureRow
from app.rules.parameters import LONG_IN_QUEUE
from app.rules.reviews import OPEN
from app.work.reviews.schemas import QueueIn, WorkloadOut
from app.work.reviews.service import ReviewState, find_all, is_open, review, with_outcome
from app.work.reviews.tables import Review

URGENT = {"returned": 0, "returning": 1, "no_relief": 2}


async def queue(
    database: Database, caller: Caller, asked: QueueIn, *, offset: int, now: datetime
) -> tuple[list[ReviewState], bool]:
    """The most urgent first: a return, a likely return, no relief, then the longest waiting; and whether more follow."""
    within = reach(caller, "read", clinic_id=col(Review.clinic_id), patient_id=col(Review.patient_id))
    urgent = case(URGENT, value=col(OutcomeRow.phase), else_=3)
    async with database.read(aside=True) as connection:
        people = None
        if asked.name:
            people = (await called(connection, caller.clinic_id, asked.name))[:MOST_FOUND]
        query = with_outcome().where(within, *_conditions(asked, people, now=now))
        query = query.order_by(urgent, col(Review.opened_at), col(Review.id))
        found = await find_all(connection, query.limit(asked.limit + 1).offset(offset))
    named = [asked.patient_id, *(one.review.patient_id for one in found[: asked.limit])]
    await audit.record_list(database, caller, resource="reviews", patients=named, now=now)
    return found[: asked.limit], len(found) > asked.limit


def _conditions(asked: QueueIn, people: list[UUID] | None, *, now: datetime) -> list[ColumnElement[bool]]:
    out: list[ColumnElement[bool]] = [col(Review.state).in_([asked.state] if asked.state else OPEN)]
    if asked.patient_id is not None:
        out.append(col(Review.patient_id) == asked.patient_id)
    if asked.owner_id is not None:
        out.append(col(Review.owner_id) == asked.owner_id)
    if asked.policy is not None:
        out.append(col(Review.policy) == asked.policy)
    if asked.opened_by is not None:
        out.append(col(Review.opened_by) == asked.opened_by)
    if asked.unowned:
        out.append(col(Review.owner_id).is_(None))
    if asked.waiting_days is not None:
        out.append(col(Review.opened_at) <= now - timedelta(days=asked.waiting_days))
    if asked.phase is not None:
        out.append(col(OutcomeRow.phase) == asked.phase)
    if asked.region is not None:
        of_region = select(col(ProcedureRow.id)).where(
            col(ProcedureRow.clinic_id) == col(Review.clinic_id), col(ProcedureRow.region) == asked.region
        )
        out.append(col(Review.procedure_id).in_(of_region))
    if asked.site_id is not None:
        out.append(belongs_to(asked.site_id, clinic_id=col(Review.clinic_id), patient_id=col(Review.patient_id)))
    if people is not None:
        out.append(col(Review.patient_id).in_(people))
    return out


async def workload(database: Database, caller: Caller, now: datetime) -> list[WorkloadOut]:
    """Open reviews by owner: how many in which state, how old the oldest is, how many wait for more than two weeks.

    Reviews without an owner (null) come first, then the owner with the most open reviews.
    """
    within = reach(caller, "work_review", clinic_id=col(Review.clinic_id), patient_id=None)
    same = and_(col(Account.clinic_id) == col(Review.clinic_id), col(Account.id) == col(Review.owner_id))
    query = (
        select(
            col(Review.owner_id),
            col(Account.username),
            func.count(),
            *(func.count().filter(col(Review.state) == state) for state in OPEN),
            func.min(col(Review.opened_at)),
            func.count().filter(col(Review.opened_at) <= now - LONG_IN_QUEUE),
        )
        .select_from(review)
        .outerjoin(account, same)
        .where(within, is_open())
        .group_by(col(Review.owner_id), col(Account.username))
    )
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    out = []
    for owner_id, username, many, *rest in found:
        opened, in_work, proposed, booked, oldest, over_14_days = rest
        oldest_days = (now - oldest).days
        out.append(
            WorkloadOut(
                owner_id=owner_id,
                username=username,
                open=many,
                opened=opened,
                in_work=in_work,
                proposed=proposed,
                booked=booked,
                oldest_days=oldest_days,
                over_14_days=over_14_days,
            )
        )
    return sorted(out, key=lambda one: (one.owner_id is not None, -one.open, one.username or ""))
