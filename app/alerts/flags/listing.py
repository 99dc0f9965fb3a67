"""Which flags there are, for whoever may read them: in the order of their making, or of the work."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, or_, select

from app.access.accounts.permissions import Caller, reach
from app.access.audit import service as audit
from app.alerts.flags.schemas import FlagKind, FlagState
from app.alerts.flags.tables import Flag
from app.base.http.paging import from_cursor, page, to_cursor
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col, table, wholes
from app.rules.words import Severity

flag = table(Flag)


@dataclass(frozen=True)
class FlagQuery:
    """Which flags are meant; None does not filter. `held_back`: those that the clinic's alarm budget holds back instead."""

    states: tuple[FlagState, ...] = ("open", "acknowledged")
    patient_id: UUID | None = None
    kind: FlagKind | None = None
    severity: Severity | None = None
    owner_id: UUID | None = None
    held_back: bool = False


async def list_flags(
    database: Database, caller: Caller, asked: FlagQuery, *, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Flag], str | None]:
    """Flags within the caller's reach, the newest first, and the cursor of the rest."""
    query = _chosen(caller, asked)
    before = from_cursor(cursor)
    if before is not None:
        query = query.where(col(Flag.id) < before)
    async with database.read() as connection:
        found = (await connection.execute(query.order_by(col(Flag.id).desc()).limit(limit + 1))).all()
    flags, following = page(wholes(Flag, found), limit, lambda one: to_cursor(one.id))
    named = [asked.patient_id, *(one.patient_id for one in flags)]
    await audit.record_list(database, caller, resource="flags", patients=named, now=now)
    return flags, following


async def work_list(
    database: Database, caller: Caller, asked: FlagQuery, *, limit: int, offset: int, now: datetime
) -> tuple[list[Flag], bool]:
    """Flags in the order in which they are to be looked at, and whether more follow.

    Those that nobody has acknowledged come first, by severity, then by when they are due. What is over comes newest first.
    """
    taken = case({"open": 0}, value=col(Flag.state), else_=1)
    urgent = case({"now": 0, "soon": 1}, value=col(Flag.severity), else_=2)
    order = (col(Flag.ended_at).desc(), taken, urgent, col(Flag.due_at), col(Flag.id))
    query = _chosen(caller, asked).order_by(*order).limit(limit + 1).offset(offset)
    async with database.read() as connection:
        flags = wholes(Flag, (await connection.execute(query)).all())
    named = [one.patient_id for one in flags[:limit]]
    await audit.record_list(database, caller, resource="flags", patients=named, now=now)
    return flags[:limit], len(flags) > limit


def _chosen(caller: Caller, asked: FlagQuery) -> RowQuery:
    within = reach(caller, "read", clinic_id=col(Flag.clinic_id), patient_id=col(Flag.patient_id))
    query = select(flag).where(within, col(Flag.state).in_(asked.states))
    over = col(Flag.state).in_(("resolved", "lapsed"))
    query = query.where(col(Flag.shown_at).is_(None) if asked.held_back else or_(col(Flag.shown_at).is_not(None), over))
    if asked.patient_id is not None:
        query = query.where(col(Flag.patient_id) == asked.patient_id)
    if asked.kind is not None:
        query = query.where(col(Flag.kind) == asked.kind)
    if asked.severity is not None:
        query = query.where(col(Flag.severity) == asked.severity)
    if asked.owner_id is not None:
        query = query.where(col(Flag.owner_id) == asked.owner_id)
    return query
