"""Reminders of appointments: each standing one has one, and what is moved is a new one with a reminder of its own."""

from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.messages.outbox import post
from app.base.store.typed import col, table, to
from app.record.facts.death import died_on
from app.rules.appointments import STANDS
from app.rules.parameters import BOOKED_LONG_BEFORE, REMINDED_BEFORE
from app.work.calendar.presence import overtaken
from app.work.calendar.tables import Appointment, Slot

slot, appointment = table(Slot), table(Appointment)
AT_ONCE = 200


async def remind(connection: AsyncConnection, now: datetime) -> int:
    """Tells patients of the appointments that come near, each once; returns how many were told.

    Who was told of a booking within a day of when its reminder would come needs none; and nobody is told to come while the
    clinician is away, until the appointment has been moved or the absence taken back.
    """
    same = and_(col(Slot.clinic_id) == col(Appointment.clinic_id), col(Slot.id) == col(Appointment.slot_id))
    near = (
        select(
            col(Appointment.clinic_id),
            col(Appointment.id),
            col(Appointment.patient_id),
            col(Appointment.created_at),
            col(Slot.starts_at),
        )
        .join(slot, same)
        .where(
            col(Appointment.state).in_(STANDS),
            col(Appointment.reminded_at).is_(None),
            col(Slot.starts_at) > now,
            col(Slot.starts_at) <= now + REMINDED_BEFORE,
            ~overtaken(now),
        )
        .order_by(col(Appointment.clinic_id), col(Appointment.id))
        .limit(AT_ONCE)
        .with_for_update(of=appointment)
    )
    found = (await connection.execute(near)).all()
    for clinic_id, one, patient_id, created_at, starts_at in found:
        this = and_(col(Appointment.clinic_id) == clinic_id, col(Appointment.id) == one)
        await connection.execute(update(appointment).where(this).ordered_values(to(col(Appointment.reminded_at), now)))
        if created_at > starts_at - REMINDED_BEFORE - BOOKED_LONG_BEFORE:
            continue
        if await died_on(connection, clinic_id, patient_id) is not None:
            continue
        about = {"appointment_id": str(one), "patient_id": str(patient_id)}
        key = str(one)
        await post(
            connection, clinic_id, topic="appointment.reminder", key=key, about=about, now=now, audience="patient"
        )
    return len(found)
