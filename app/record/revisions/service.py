"""Keeping and telling the revisions of a row."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.base.store.metadata import columns
from app.record.revisions.schemas import RevisionOut
from app.record.revisions.tables import Revision

revision = columns(Revision)


@dataclass(frozen=True)
class Version:
    """A new version of a row: its number from 1, its content (None is a deletion), when and why it was written."""

    kind: str
    row_id: UUID
    number: int
    content: dict[str, Any] | None
    recorded_at: datetime | None = None
    reason: str | None = None


async def keep(connection: AsyncConnection, caller: Caller, patient_id: UUID, new: Version, now: datetime) -> None:
    """Adds a revision, in the transaction that changes the row; two at once for one number collide."""
    values = {
        "clinic_id": caller.clinic_id, "row_id": new.row_id, "number": new.number, "kind": new.kind,
        "patient_id": patient_id, "account_id": caller.account_id, "recorded_at": new.recorded_at or now,
        "received_at": now, "reason": new.reason, "content": new.content}  # fmt: skip
    await connection.execute(insert(revision).values(values))


async def of_row(connection: AsyncConnection, clinic_id: UUID, kind: str, row_id: UUID) -> list[Row[Any]]:
    """Everything that was ever said of a row, in order."""
    query = select(revision).where(
        revision.c.clinic_id == clinic_id, revision.c.row_id == row_id, revision.c.kind == kind
    )
    return list((await connection.execute(query.order_by(revision.c.number))).all())


def known_on(clinic_id: UUID, patient_id: UUID, kind: str, at: datetime) -> Select[Any]:
    """The rows of a kind as they stood when everything received up to an instant was known."""
    place = func.row_number().over(partition_by=revision.c.row_id, order_by=revision.c.number.desc()).label("place")
    heard = (
        select(revision, place)
        .where(
            revision.c.clinic_id == clinic_id,
            revision.c.patient_id == patient_id,
            revision.c.kind == kind,
            revision.c.received_at <= at,
        )
        .subquery()
    )
    return select(heard).where(heard.c.place == 1, heard.c.content.is_not(None))


def out(row: Row[Any]) -> RevisionOut:
    """A revision as it goes over the wire."""
    return RevisionOut(
        revision=row.number,
        deleted=row.content is None,
        recorded_at=row.recorded_at,
        received_at=row.received_at,
        account_id=None if row.account_id is None else str(row.account_id),
        reason=row.reason,
        content=row.content,
    )
