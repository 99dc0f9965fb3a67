"""Raising flags with the write that gives cause, and listing them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.accounts.access import Caller, reach
from app.audit import service as audit
from app.conditional import from_cursor, to_cursor
from app.flags.tables import Flag
from app.store.base import columns, new_id
from app.store.database import Database
from app.store.quick import Connection
from app.store.statements import insert_new

flag = columns(Flag)


@dataclass(frozen=True)
class Cause:
    """Why a flag is raised: its kind, what of it, how severe (`now`, `soon`), and the entry that says so."""

    kind: str
    cause: str
    severity: str
    says: str
    on: date


async def raise_flags(
    connection: Connection, clinic_id: UUID, patient_id: UUID, causes: list[Cause], now: datetime
) -> None:
    """Raises a flag for each cause, in the transaction of the write; one that was raised already stays as it is."""
    for cause in causes:
        values = {
            "clinic_id": clinic_id, "id": new_id(), "patient_id": patient_id, "kind": cause.kind,
            "cause": f"{cause.cause} {cause.on}", "severity": cause.severity, "state": "open", "says": cause.says,
            "first_on": cause.on, "last_on": cause.on, "evidence": [f"diary/{cause.on}"], "raised_at": now}  # fmt: skip
        await connection.execute(insert_new(connection, flag, "clinic_id", "patient_id", "kind", "cause"), values)


async def page(
    database: Database,
    caller: Caller,
    patient_id: UUID | None,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> tuple[list[Row[Any]], str | None]:
    """Open flags within the caller's reach, the newest first, and the cursor of the rest."""
    query = select(flag).where(reach(caller, "read", flag.c.clinic_id, flag.c.patient_id), flag.c.state == "open")
    if patient_id is not None:
        query = query.where(flag.c.patient_id == patient_id)
    before = from_cursor(cursor)
    if before is not None:
        query = query.where(flag.c.id < before)
    async with database.read() as connection:
        rows = list((await connection.execute(query.order_by(flag.c.id.desc()).limit(limit + 1))).all())
    await audit.record_read(database, caller, "flags", patient_id, now)
    return rows[:limit], to_cursor(rows[limit - 1].id) if len(rows) > limit else None
