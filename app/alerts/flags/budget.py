"""The alarm budget: how many flags that can wait a clinic is shown in a week. What is over it is held back, in the open.

A clinic that is told of everything soon looks at nothing (alarm fatigue). Red flags and what is due within days are never
held back, and nothing is held back for longer than two weeks.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import clinic
from app.alerts.flags.conditions import due
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.store.metadata import columns

flag = columns(Flag)
CAN_WAIT = "later"
WINDOW, LONGEST = timedelta(days=7), timedelta(days=14)
FIRST = {"return_likely": 0, "rising_opioids": 1, "missed_follow_up": 2}  # silence last


async def has_budget(connection: AsyncConnection, clinic_id: UUID) -> bool:
    """Whether a clinic limits what it is shown."""
    query = select(clinic.c.alarm_budget).where(clinic.c.id == clinic_id)
    return (await connection.execute(query)).scalar_one() is not None


async def used(connection: AsyncConnection, clinic_id: UUID, now: datetime) -> tuple[int, int]:
    """How many flags that can wait were shown in the last seven days, and how many are held back now."""
    of_clinic = and_(flag.c.clinic_id == clinic_id, flag.c.severity == CAN_WAIT)
    query = select(
        func.count().filter(flag.c.shown_at > now - WINDOW),
        func.count().filter(and_(flag.c.shown_at.is_(None), flag.c.state == "open")),
    ).where(of_clinic)
    shown, held = (await connection.execute(query)).one()
    return shown, held


async def release(connection: AsyncConnection, now: datetime) -> int:
    """Shows what there is room for: the more telling kinds first, then the longest waiting. Answers how many."""
    held = and_(flag.c.shown_at.is_(None), flag.c.state == "open")
    clinics = select(clinic.c.id, clinic.c.alarm_budget).where(
        clinic.c.id.in_(select(flag.c.clinic_id).where(held).distinct())
    )
    done = 0
    for own in (await connection.execute(clinics)).all():
        room = None
        if own.alarm_budget is not None:
            room = max(0, own.alarm_budget - (await used(connection, own.id, now))[0])
        order = (case(FIRST, value=flag.c.kind, else_=3), flag.c.raised_at, flag.c.id)
        mine = select(flag).where(flag.c.clinic_id == own.id, held).order_by(*order)
        rows = list((await connection.execute(mine)).all())
        within = rows if room is None else rows[:room]
        kept_long = [row for row in rows[len(within) :] if row.raised_at <= now - LONGEST]
        for row, note in [*((r, "there is room in the alarm budget") for r in within),
                          *((r, "it was held back for two weeks") for r in kept_long)]:  # fmt: skip
            await _show(connection, row, note, now)
        for row in rows[len(within) :]:
            if row not in kept_long and row.steps[-1]["what"] != "held_back":
                await _hold(connection, row, own.alarm_budget, now)
        done += len(within) + len(kept_long)
    return done


async def _hold(connection: AsyncConnection, row: Any, budget: int, now: datetime) -> None:
    """Says in the flag itself why nobody is shown it yet."""
    note = f"the alarm budget of {budget} in seven days is used up"
    step = {"at": now.isoformat(), "by": None, "what": "held_back", "note": note}
    this = and_(flag.c.clinic_id == row.clinic_id, flag.c.id == row.id)
    await connection.execute(update(flag).where(this).values(steps=[*row.steps, step], version=row.version + 1))


async def _show(connection: AsyncConnection, row: Any, note: str, now: datetime) -> None:
    step = {"at": now.isoformat(), "by": None, "what": "shown", "note": note}
    values = {
        "shown_at": now,
        "due_at": due(row.severity, now),
        "steps": [*row.steps, step],
        "version": row.version + 1,
    }
    this = and_(flag.c.clinic_id == row.clinic_id, flag.c.id == row.id, flag.c.shown_at.is_(None))
    await connection.execute(update(flag).where(this).values(values))
    told = {"flag_id": str(row.id), "patient_id": str(row.patient_id)}
    await post(connection, row.clinic_id, "flag.raised", str(row.id), told, now)
