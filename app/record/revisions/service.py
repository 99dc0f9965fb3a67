"""Keeping and telling the revisions of a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy import and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import proxies_among
from app.base.http.wire import JsonObject
from app.base.store.long_results import wholes_in_turns
from app.base.store.typed import col, row, table
from app.record.revisions.schemas import RevisionOut
from app.record.revisions.tables import Revision

revision = table(Revision)


@dataclass(frozen=True)
class NewRevision:
    """A new revision of a row: its number from 1, its content (None is a deletion), when and why it was written."""

    kind: str
    row_id: UUID
    number: int
    content: JsonObject | None
    recorded_at: datetime | None = None
    reason: str | None = None


async def keep(
    connection: AsyncConnection, caller: Caller, *, patient_id: UUID, new: NewRevision, now: datetime
) -> None:
    """Adds a revision, in the transaction that changes the row; two at once with one number conflict."""
    values = row(
        Revision,
        clinic_id=caller.clinic_id,
        row_id=new.row_id,
        number=new.number,
        kind=new.kind,
        patient_id=patient_id,
        account_id=caller.account_id,
        recorded_at=new.recorded_at or now,
        received_at=now,
        reason=new.reason,
        content=new.content,
    )
    await connection.execute(insert(revision).values(values))


async def of_row(connection: AsyncConnection, clinic_id: UUID, *, kind: str, row_id: UUID) -> list[Revision]:
    """All revisions of a row, in order."""
    query = select(revision).where(
        col(Revision.clinic_id) == clinic_id, col(Revision.row_id) == row_id, col(Revision.kind) == kind
    )
    return await wholes_in_turns(Revision, await connection.execute(query.order_by(col(Revision.number))))


async def known_on(
    connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, kinds: list[str], at: datetime
) -> list[Revision]:
    """The newest revision of each row of some kinds that had been received by an instant; none for a row deleted by then."""
    newest_first = col(Revision.number).desc()
    place = func.row_number().over(partition_by=col(Revision.row_id), order_by=newest_first).label("place")
    heard = (
        select(revision, place)
        .where(
            col(Revision.clinic_id) == clinic_id,
            col(Revision.patient_id) == patient_id,
            col(Revision.kind).in_(kinds),
            col(Revision.received_at) <= at,
        )
        .subquery()
    )
    newest = select(heard).where(heard.c.place == 1, heard.c.content.is_not(None))
    return await wholes_in_turns(Revision, await connection.execute(newest))


async def deletions(
    connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, kinds: list[str]
) -> list[tuple[Revision, Revision]]:
    """What each deleted row of some kinds said last, and its deletion; the latest deletion first."""
    theirs = and_(
        col(Revision.clinic_id) == clinic_id, col(Revision.patient_id) == patient_id, col(Revision.kind).in_(kinds)
    )
    deleted = select(col(Revision.row_id)).where(theirs, col(Revision.content).is_(None))
    query = select(revision).where(theirs, col(Revision.row_id).in_(deleted))
    ordered = query.order_by(col(Revision.row_id), col(Revision.number))
    found = await wholes_in_turns(Revision, await connection.execute(ordered))
    ends = [(before, one) for before, one in pairwise(found) if one.content is None]  # the first of a row is never one
    return sorted(ends, key=lambda end: end[1].received_at, reverse=True)


async def told(connection: AsyncConnection, found: Sequence[Revision]) -> list[RevisionOut]:
    """The revisions of a patient's row as they go over the wire, with which of them a proxy wrote."""
    if not found:
        return []
    clinic_id, patient_id = found[0].clinic_id, found[0].patient_id
    writers = [one.account_id for one in found]
    proxies = await proxies_among(connection, clinic_id, patient_id=patient_id, accounts=writers)
    return [_out(one, by_proxy=one.account_id in proxies) for one in found]


def _out(one: Revision, *, by_proxy: bool) -> RevisionOut:
    return RevisionOut(
        revision=one.number,
        deleted=one.content is None,
        recorded_at=one.recorded_at,
        received_at=one.received_at,
        account_id=None if one.account_id is None else str(one.account_id),
        by_proxy=by_proxy,
        reason=one.reason,
        content=one.content,
        origin=None if one.origin is None else str(one.origin),
    )
