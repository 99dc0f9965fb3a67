"""Raises, goes on with and lapses the flags of a procedure as its verdict changes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import account
from app.alerts.flags.budget import CAN_WAIT, has_budget
from app.alerts.flags.conditions import ASKS_FIRST, GONE, STANDING, Standing, due
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.store.metadata import columns, new_id
from app.base.store.statements import insert_new

flag = columns(Flag)


async def keep_flags(
    connection: AsyncConnection,
    clinic_id: UUID,
    patient_id: UUID,
    procedure_id: UUID,
    wanted: list[Standing],
    today: date,
    now: datetime,
) -> None:
    """Brings a procedure's flags in line with what its verdict gives cause for.

    The same cause never raises two; one that is gone lapses and says why; one that comes back is new, and names the old.
    A flag that somebody has resolved stays resolved for as long as its cause lasts without a break.
    """
    rows = (
        await connection.execute(
            select(flag)
            .where(
                flag.c.clinic_id == clinic_id,
                flag.c.patient_id == patient_id,
                flag.c.kind.in_(STANDING),
                flag.c.procedure_id == procedure_id,
            )
            .order_by(flag.c.id)
        )
    ).all()
    newest = {row.kind: row for row in rows}
    counts = {kind: sum(row.kind == kind for row in rows) for kind in newest}
    causes = {cause.kind: cause for cause in wanted}
    for kind, cause in causes.items():
        before = newest.get(kind)
        if before is not None and before.ceased_on is None:
            await _go_on(connection, before, cause, today)
        else:
            name = f"{procedure_id} {counts.get(kind, 0) + 1}"
            await _raise(connection, (clinic_id, patient_id, procedure_id), cause, name, before, today, now)
    for kind, row in newest.items():
        if kind not in causes and row.ceased_on is None:
            await _cease(connection, row, today, now)


async def _go_on(connection: AsyncConnection, row: Row[Any], cause: Standing, today: date) -> None:
    changed = {"last_on": max(row.last_on, today), "says": cause.says, "evidence": list(cause.evidence)}
    await connection.execute(_where(row).values(changed))


async def _raise(
    connection: AsyncConnection,
    whose: tuple[UUID, UUID, UUID],
    cause: Standing,
    name: str,
    before: Row[Any] | None,
    today: date,
    now: datetime,
) -> None:
    clinic_id, patient_id, procedure_id = whose
    step = {"at": now.isoformat(), "by": None, "what": "raised", "note": None}
    flag_id, shown = new_id(), not (cause.severity == CAN_WAIT and await has_budget(connection, clinic_id))
    asks = cause.kind == ASKS_FIRST and await _can_be_asked(connection, clinic_id, patient_id)
    values = {
        "clinic_id": clinic_id, "id": flag_id, "patient_id": patient_id, "procedure_id": procedure_id, "kind": cause.kind,
        "cause": name, "severity": cause.severity, "state": "open", "says": cause.says, "first_on": cause.first_on,
        "last_on": max(today, cause.first_on), "evidence": list(cause.evidence), "raised_at": now,
        "due_at": due(cause.severity, now), "steps": [step], "version": 1, "follows": None if before is None else before.id,
        "shown_at": now if shown else None, "turn": 0, "asked_at": now if asks else None, "answer": None,
    }  # fmt: skip
    # two that make the same verdict at once raise one
    made = await connection.execute(insert_new(connection, flag, "clinic_id", "patient_id", "kind", "cause"), values)
    if not made.rowcount:
        return
    told = {"flag_id": str(flag_id), "patient_id": str(patient_id)}
    if shown:
        await post(connection, clinic_id, "flag.raised", str(flag_id), told, now)
    if asks:
        await post(connection, clinic_id, "patient.asked", str(flag_id), told, now, "patient")


async def _can_be_asked(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> bool:
    """Whether she signs in at all: somebody who does not is not asked, and the clinic hears at once."""
    hers = select(account.c.id).where(account.c.clinic_id == clinic_id, account.c.patient_id == patient_id)
    return (await connection.execute(hers)).first() is not None


async def _cease(connection: AsyncConnection, row: Row[Any], today: date, now: datetime) -> None:
    values: dict[str, Any] = {"ceased_on": today}
    if row.state in ("open", "acknowledged"):
        step = {"at": now.isoformat(), "by": None, "what": "lapsed", "note": GONE[row.kind]}
        values |= {"state": "lapsed", "ended_at": now, "steps": [*row.steps, step], "version": row.version + 1}
    await connection.execute(_where(row).values(values))


def _where(row: Row[Any]) -> Any:
    return update(flag).where(flag.c.clinic_id == row.clinic_id, flag.c.id == row.id)
