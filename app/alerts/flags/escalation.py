"""Who looks at a flag: the clinic's people one after the other, and at last everybody on the clinic's list."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import clinic
from app.alerts.flags.conditions import due
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.store.metadata import columns

flag = columns(Flag)
AT_ONCE = 500
ASKED_FOR = timedelta(days=3)  # how long the patient has the question to herself


async def hand_on(connection: AsyncConnection, now: datetime) -> int:
    """Hands each flag that nobody has acknowledged in time to the next person, or puts it on the clinic's list."""
    new = and_(flag.c.turn == 0, clinic.c.chain.is_not(None))
    hers_first = and_(flag.c.asked_at > now - ASKED_FOR, flag.c.answer.is_(None))
    waiting = (
        select(flag, clinic.c.chain)
        .join(clinic, clinic.c.id == flag.c.clinic_id)
        .where(
            flag.c.state == "open",
            flag.c.shown_at.is_not(None),
            flag.c.escalated_at.is_(None),
            or_(new, flag.c.due_at <= now),
            or_(flag.c.asked_at.is_(None), ~hers_first),
        )
        .order_by(flag.c.clinic_id, flag.c.id)
        .limit(AT_ONCE)
    )
    rows = (await connection.execute(waiting)).all()
    for row in rows:
        chain: list[str] = row.chain or []
        told = {"flag_id": str(row.id), "patient_id": str(row.patient_id)}
        if row.turn < len(chain):
            await _hand(connection, row, chain[row.turn], told, now)
        else:
            note = "nobody had acknowledged it in time"
            await _step(connection, row, "escalated", note, {"escalated_at": now, "owner_id": None}, now)
            await post(connection, row.clinic_id, "flag.escalated", str(row.id), told, now)
    return len(rows)


async def _hand(connection: AsyncConnection, row: Any, to: str, told: dict[str, Any], now: datetime) -> None:
    late = row.turn > 0
    ends = row.due_at if not late and row.due_at > now else due(row.severity, now)
    values = {"owner_id": UUID(to), "turn": row.turn + 1, "due_at": ends}
    note = "the one before had not acknowledged it in time" if late else None
    await _step(connection, row, "handed", note, values, now)
    key = f"{row.id} {row.turn + 1}"
    await post(connection, row.clinic_id, "flag.handed", key, told, now, "account", values["owner_id"])


async def _step(
    connection: AsyncConnection, row: Any, what: str, note: str | None, values: dict[str, Any], now: datetime
) -> None:
    step = {"at": now.isoformat(), "by": None, "what": what, "note": note}
    this = and_(flag.c.clinic_id == row.clinic_id, flag.c.id == row.id)
    changed = {**values, "steps": [*row.steps, step], "version": row.version + 1}
    await connection.execute(update(flag).where(this).values(changed))
