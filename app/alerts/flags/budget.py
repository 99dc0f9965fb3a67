"""The alarm budget: how many flags of severity `later` a clinic is shown in seven days. The rest are held back.

Held-back flags can be listed. Too many alarms lead to none being looked at (alarm fatigue). Flags of severity `now` and
`soon` are never held back, and no flag is held back for longer than two weeks.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Clinic
from app.alerts.flags.conditions import due
from app.alerts.flags.rows import changing
from app.alerts.flags.tables import Flag
from app.alerts.messages.outbox import post
from app.base.store.timeline import step
from app.base.store.typed import col, table, to, wholes
from app.rules.parameters import BUDGET_WINDOW, HELD_LONGEST

flag = table(Flag)
CAN_WAIT = "later"
FIRST = {"return_likely": 0, "rising_opioids": 1, "missed_follow_up": 2}  # other kinds, such as silent_diary, last


async def has_budget(connection: AsyncConnection, clinic_id: UUID) -> bool:
    """Whether a clinic has an alarm budget."""
    query = select(col(Clinic.alarm_budget)).where(col(Clinic.id) == clinic_id)
    return (await connection.execute(query)).scalar_one() is not None


async def used(connection: AsyncConnection, clinic_id: UUID, now: datetime) -> tuple[int, int]:
    """How many flags of severity `later` were shown in the last seven days, and how many are held back now."""
    of_clinic = and_(col(Flag.clinic_id) == clinic_id, col(Flag.severity) == CAN_WAIT)
    query = select(
        func.count().filter(col(Flag.shown_at) > now - BUDGET_WINDOW),
        func.count().filter(and_(col(Flag.shown_at).is_(None), col(Flag.state) == "open")),
    ).where(of_clinic)
    shown, held = (await connection.execute(query)).one()
    return shown, held


async def release(connection: AsyncConnection, now: datetime) -> int:
    """Shows held-back flags within the budget (by kind as in FIRST, then oldest) or over HELD_LONGEST; returns how many."""
    held = and_(col(Flag.shown_at).is_(None), col(Flag.state) == "open")
    theirs = col(Clinic.id).in_(select(col(Flag.clinic_id)).where(held).distinct())
    clinics = select(col(Clinic.id), col(Clinic.alarm_budget)).where(theirs).order_by(col(Clinic.id))
    done = 0
    for clinic_id, budget in (await connection.execute(clinics)).all():
        room = None if budget is None else max(0, budget - (await used(connection, clinic_id, now))[0])
        # locked in the order in which every writer of several flags locks them; what a person does meanwhile counts
        waiting = select(flag).where(col(Flag.clinic_id) == clinic_id, held).order_by(col(Flag.id)).with_for_update()
        found = wholes(Flag, (await connection.execute(waiting)).all())
        flags = sorted(found, key=lambda one: (FIRST.get(one.kind, len(FIRST)), one.raised_at, one.id))
        within = flags if room is None else flags[:room]
        over = flags[len(within) :]
        for one in within:
            await _show(connection, one, note="there is room in the alarm budget", now=now)
        for one in over:
            if one.raised_at <= now - HELD_LONGEST:
                await _show(connection, one, note="it was held back for two weeks", now=now)
                done += 1
            elif one.steps[-1]["what"] != "held_back":
                await _hold(connection, one, budget=budget, now=now)
        done += len(within)
    return done


async def _hold(connection: AsyncConnection, one: Flag, *, budget: int | None, now: datetime) -> None:
    """Says in the flag itself why nobody is shown it yet."""
    taken = step("held_back", now, note=f"the alarm budget of {budget} in seven days is used up")
    await connection.execute(changing(one, taken=taken))


async def _show(connection: AsyncConnection, one: Flag, *, note: str, now: datetime) -> None:
    shown = to(col(Flag.shown_at), now), to(col(Flag.due_at), due(one.severity, now))
    changed = changing(one, *shown, taken=step("shown", now, note=note))
    await connection.execute(changed.where(col(Flag.shown_at).is_(None)))
    told = {"flag_id": str(one.id), "patient_id": str(one.patient_id)}
    await post(connection, one.clinic_id, topic="flag.raised", key=str(one.id), about=told, now=now)
