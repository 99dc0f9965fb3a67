"""What was still to come for patients who have died: it is given up, and nobody is told to come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, and_, cast, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.typed import col, table
from app.record.facts.death import DEATH, EVENT, died_on
from app.record.facts.tables import FactRow
from app.rules.appointments import STANDS
from app.work.calendar import waiting as places
from app.work.calendar.offers import offer
from app.work.calendar.service import Booked, appointments, give_back
from app.work.calendar.tables import Appointment, Slot, Waiting

fact, slot, appointment, waiting = table(FactRow), table(Slot), table(Appointment), table(Waiting)
AT_ONCE = 200


async def let_go(connection: AsyncConnection, now: datetime) -> int:
    """Takes who has died off the waiting list, and gives back the appointments that lie ahead; returns how many people."""
    waits = exists().where(
        col(Waiting.clinic_id) == col(FactRow.clinic_id),
        col(Waiting.patient_id) == col(FactRow.patient_id),
        col(Waiting.state) == "waiting",
    )
    same = and_(col(Slot.clinic_id) == col(Appointment.clinic_id), col(Slot.id) == col(Appointment.slot_id))
    stands = exists(
        select(col(Appointment.id))
        .join(slot, same)
        .where(
            col(Appointment.clinic_id) == col(FactRow.clinic_id),
            col(Appointment.patient_id) == col(FactRow.patient_id),
            col(Appointment.state).in_(STANDS),
            col(Slot.starts_at) > now,
        )
        .correlate(fact)
    )
    told = (
        select(col(FactRow.clinic_id), col(FactRow.patient_id))
        .where(
            col(FactRow.kind) == EVENT, cast(col(FactRow.content), String).contains(f'"{DEATH}"'), or_(waits, stands)
        )
        .distinct()
        .order_by(col(FactRow.clinic_id), col(FactRow.patient_id))
        .limit(AT_ONCE)
    )
    found = [(clinic_id, patient_id) for clinic_id, patient_id in (await connection.execute(told)).all()]
    dead = [one for one in found if await died_on(connection, *one) is not None]  # the text may hold the word elsewhere
    for clinic_id, patient_id in dead:
        await _let_go(connection, clinic_id, patient_id=patient_id, now=now)
    return len(dead)


async def _let_go(connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, now: datetime) -> None:
    theirs = and_(col(Waiting.clinic_id) == clinic_id, col(Waiting.patient_id) == patient_id)
    kept = await places.close(connection, theirs, state="withdrawn", now=now)
    ahead = appointments().where(
        col(Appointment.clinic_id) == clinic_id,
        col(Appointment.patient_id) == patient_id,
        col(Appointment.state).in_(STANDS),
        col(Slot.starts_at) > now,
    )
    for one in (await connection.execute(ahead.with_for_update(of=appointment))).all():
        await give_back(connection, None, one=Booked(*one), reason="the patient has died", now=now)
    for slot_id in kept:
        await offer(connection, clinic_id, slot_id=slot_id, now=now)
