"""Looks through the audit: an admin through the clinic's, a patient through who saw their own record."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach, relation_of, require
from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.access.audit.schemas import AuditAction, AuditEventOut, AuditHeadOut
from app.access.audit.sealing import NOTHING, newest_seal
from app.access.audit.service import event, record_read
from app.access.audit.tables import AuditEvent
from app.access.audit.tree import Tree
from app.base.http.paging import from_timed_cursor, page, to_timed_cursor
from app.base.store.database import Database
from app.base.store.long_results import by_turns
from app.base.store.typed import RowQuery, col

FOR_ADMINS = ("device", "address", "request_id")


@dataclass(frozen=True)
class AuditQuery:
    """Which events are asked for; what is None does not matter."""

    patient_id: UUID | None = None
    account_id: UUID | None = None
    action: AuditAction | None = None
    resource: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    by_others: bool = False


async def search(
    database: Database, caller: Caller, asked: AuditQuery, *, limit: int, cursor: str | None, now: datetime
) -> tuple[list[AuditEventOut], str | None]:
    """Events, the newest first; reading them is one.

    Raises:
        Problem: 403 for whoever may see neither the clinic's audit nor a record of their own.
    """
    query = _query(caller, asked, cursor)
    async with database.read(aside=True) as connection:
        rows = (await connection.execute(query.limit(limit + 1))).all()
    own = relation_of(caller, "read_audit") == "own"  # then nothing is written into another's record
    of = caller.patient_id if own else asked.patient_id
    await record_read(database, caller, resource="audit", patient_id=of, now=now)
    found = [AuditEventOut.model_validate(dict(one._mapping)) async for one in by_turns(rows)]
    if own:
        hidden = dict.fromkeys(FOR_ADMINS)
        found = [one.model_copy(update=hidden) for one in found]
    return page(found, limit, lambda one: to_timed_cursor(one.at, one.id))


def _query(caller: Caller, asked: AuditQuery, cursor: str | None) -> RowQuery:
    of_account = and_(
        col(Account.clinic_id) == col(AuditEvent.clinic_id), col(Account.id) == col(AuditEvent.account_id)
    )
    query: RowQuery = (
        select(event, col(Account.username), col(Account.role))
        .select_from(event)
        .outerjoin(account, of_account)
        .where(reach(caller, "read_audit", clinic_id=col(AuditEvent.clinic_id), patient_id=col(AuditEvent.patient_id)))
        .order_by(col(AuditEvent.at).desc(), col(AuditEvent.id).desc())
    )
    same = (
        (AuditEvent.patient_id, asked.patient_id),
        (AuditEvent.account_id, asked.account_id),
        (AuditEvent.action, asked.action),
        (AuditEvent.resource, asked.resource),
    )
    for column, value in same:
        if value is not None:
            query = query.where(col(column) == value)
    if asked.by_others:  # what the service did by itself has no account
        query = query.where(col(AuditEvent.account_id).is_distinct_from(caller.account_id))
    if asked.first is not None:
        query = query.where(col(AuditEvent.at) >= asked.first)
    if asked.last is not None:
        query = query.where(col(AuditEvent.at) < asked.last)
    after = from_timed_cursor(cursor)
    return query if after is None else query.where(tuple_(col(AuditEvent.at), col(AuditEvent.id)) < after)


async def head(database: Database, caller: Caller) -> AuditHeadOut:
    """How far the audit of the caller's clinic is sealed.

    Raises:
        Problem: 403 for others than admins.
    """
    require(caller, "check_audit")
    async with database.read() as connection:
        return await head_of(connection, caller.clinic_id)


async def head_of(connection: AsyncConnection, clinic_id: UUID) -> AuditHeadOut:
    """How far a clinic's audit is sealed."""
    last = await newest_seal(connection, clinic_id)
    if last is None:
        return AuditHeadOut(clinic_id=clinic_id, size=0, root=Tree().root.hex(), link=NOTHING, sealed_at=None)
    size = last.first + last.many
    return AuditHeadOut(clinic_id=clinic_id, size=size, root=last.root, link=last.link, sealed_at=last.sealed_at)
