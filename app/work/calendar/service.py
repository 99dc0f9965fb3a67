"""Appointments: booking, confirming, moving, cancelling."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, require
from app.access.audit import service as audit
from app.alerts.messages.outbox import Topic, post
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.paging import from_cursor, page, to_cursor
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.base.store.timeline import step
from app.base.store.typed import Setting, col, for_row, row, table, to, whole
from app.record.facts.death import died_on, refuse_after_death
from app.record.patients import service as patients
from app.rules.appointments import SPOKEN, STANDS
from app.work.calendar import waiting
from app.work.calendar.booked import Booked, appointments
from app.work.calendar.clashes import (
    check_booking,
    hold_clinician,
    hold_patient,
    hold_places,
    needed_by,
    overruled,
)
from app.work.calendar.local_times import spoken_instant
from app.work.calendar.offers import offer
from app.work.calendar.presence import GONE, refuse_absent
from app.work.calendar.schemas import AppointmentIn, AppointmentOut
from app.work.calendar.tables import Appointment, Slot

slot, appointment = table(Slot), table(Appointment)
TAKEN = "The slot is taken."


async def book(
    connection: AsyncConnection,
    caller: Caller,
    *,
    patient_id: UUID,
    slot_id: UUID,
    review_id: UUID | None,
    now: datetime,
    topic: Topic = "appointment.booked",
    overrule: str | None = None,
    kind: str | None = None,
) -> UUID:
    """Books a slot in a transaction; of any number that race for it exactly one wins.

    Args:
        overrule: why an admin accepts that a clinician, a room, a device or the patient has something else then.
        kind: what the slot has to be for, where that is known: a repeat is for procedures.

    Raises:
        Problem: 422 for a slot that is not one of the clinic's, has begun or is of another kind, 409 for one that is taken.
    """
    this = and_(col(Slot.clinic_id) == caller.clinic_id, col(Slot.id) == slot_id)
    found = (await connection.execute(select(slot).where(this))).first()
    if found is None:
        raise bad_field("/slot_id", "is no slot of this clinic")
    one = whole(Slot, found)
    if one.starts_at <= now:
        raise bad_field("/slot_id", "has begun already")
    if kind not in (None, one.kind):
        raise bad_field("/slot_id", f"is for a {one.kind}, not for a {kind}")
    if not await hold_clinician(connection, one.clinic_id, one.clinician_id):
        raise Problem(409, GONE)
    await hold_patient(connection, one.clinic_id, patient_id)
    await refuse_after_death(connection, caller.clinic_id, patient_id)
    await hold_places(connection, one.clinic_id, one.room, one.device)
    await _check_open(connection, one, patient_id=patient_id, now=now)
    if not overruled(caller, overrule):
        await refuse_absent(connection, caller, one.id)
        await check_booking(connection, needed_by(one, patient_id))
    new = new_id()
    values = row(
        Appointment,
        clinic_id=caller.clinic_id,
        id=new,
        patient_id=patient_id,
        slot_id=slot_id,
        holds_slot_id=slot_id,
        review_id=review_id,
        state="booked",
        steps=[step("booked", now, by=caller.account_id, note=overrule)],
        version=1,
        created_at=now,
    )
    done = await connection.execute(insert_new(connection, appointment, "clinic_id", "holds_slot_id"), values)
    if done.rowcount == 0:
        raise Problem(409, TAKEN)
    await audit.record(connection, caller, action="create", resource="appointment", patient_id=patient_id, now=now)
    await _tell(connection, caller, topic=topic, of=(caller.clinic_id, new, patient_id), now=now)
    await _end_wait(connection, one, patient_id=patient_id, moved=topic == "appointment.moved", now=now)
    return new


async def _end_wait(connection: AsyncConnection, one: Slot, *, patient_id: UUID, moved: bool, now: datetime) -> None:
    """Takes the patient off the waiting list for what was booked, and offers to others what was kept for them besides."""
    for other in await waiting.close_for(connection, one, patient_id=patient_id, moved=moved, now=now):
        await offer(connection, one.clinic_id, slot_id=other, now=now)


async def _check_open(connection: AsyncConnection, one: Slot, *, patient_id: UUID, now: datetime) -> None:
    """Refuses (409) a slot that is closed, or kept for somebody on the waiting list; read once its clinician is held."""
    this = and_(col(Slot.clinic_id) == one.clinic_id, col(Slot.id) == one.id)
    if (await connection.execute(select(col(Slot.closed_at)).where(this))).scalar_one_or_none() is not None:
        raise Problem(409, "The slot is closed.")
    until = await waiting.offered_until(connection, one, but=patient_id, now=now)
    if until is not None:
        said = await spoken_instant(connection, one.clinic_id, until)
        raise Problem(409, f"The slot is offered to a patient who waits, until {said}.")


async def add_appointment(
    database: Database, caller: Caller, *, new: AppointmentIn, once: IdempotentCall, now: datetime
) -> Answer:
    """Books a slot for a patient, with no review behind it.

    Raises:
        Problem: 403, 404 for a patient out of reach, 422 for a slot that can't be taken, 409 for one that is.
    """
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> Answer:
        await patients.find(connection, caller, patient_id=new.patient_id)
        made = await book(
            connection,
            caller,
            patient_id=new.patient_id,
            slot_id=new.slot_id,
            review_id=None,
            now=now,
            overrule=new.overrule,
        )
        booked = await find(connection, caller, appointment_id=made, action="read")
        return Answer(to_wire(AppointmentOut, booked), patient_id=new.patient_id)

    return await audit.once(database, caller, once, now=now, work=work)


async def list_appointments(
    database: Database, caller: Caller, patient_id: UUID | None, *, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Booked], str | None]:
    """Appointments within the caller's reach: the clinic's, or the patient's own."""
    query = appointments().where(
        reach(caller, "read", clinic_id=col(Appointment.clinic_id), patient_id=col(Appointment.patient_id))
    )
    if patient_id is not None:
        query = query.where(col(Appointment.patient_id) == patient_id)
    after = from_cursor(cursor)
    if after is not None:
        query = query.where(col(Appointment.id) > after)
    async with database.read() as connection:
        found = (await connection.execute(query.order_by(col(Appointment.id)).limit(limit + 1))).all()
    booked, following = page([Booked(*one) for one in found], limit, lambda one: to_cursor(one.id))
    named = [patient_id, *(one.patient_id for one in booked)]
    await audit.record_list(database, caller, resource="appointments", patients=named, now=now)
    return booked, following


async def to_come(database: Database, caller: Caller, patient_id: UUID, *, now: datetime) -> list[Booked]:
    """A patient's appointments that stand and lie ahead, the next first."""
    query = appointments().where(
        reach(caller, "read", clinic_id=col(Appointment.clinic_id), patient_id=col(Appointment.patient_id)),
        col(Appointment.patient_id) == patient_id,
        col(Appointment.state).in_(STANDS),
        col(Slot.starts_at) > now,
    )
    async with database.read() as connection:
        found = (await connection.execute(query.order_by(col(Slot.starts_at)).limit(20))).all()
    await audit.record_read(database, caller, resource="appointments", patient_id=patient_id, now=now)
    return [Booked(*one) for one in found]


async def others_of(connection: AsyncConnection, one: Booked) -> list[Booked]:
    """The other appointments of the patient of one, the latest first; for a page that is audited itself."""
    query = appointments().where(
        col(Appointment.clinic_id) == one.clinic_id,
        col(Appointment.patient_id) == one.patient_id,
        col(Appointment.id) != one.id,
    )
    found = (await connection.execute(query.order_by(col(Slot.starts_at).desc()).limit(50))).all()
    return [Booked(*other) for other in found]


async def find(
    connection: AsyncConnection, caller: Caller, *, appointment_id: UUID, action: Action, lock: bool = False
) -> Booked:
    """One appointment within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    within = reach(caller, action, clinic_id=col(Appointment.clinic_id), patient_id=col(Appointment.patient_id))
    query = appointments().where(col(Appointment.id) == appointment_id, within)
    found = (await connection.execute(query.with_for_update(of=appointment) if lock else query)).first()
    if found is None:
        raise not_found("appointment")
    return Booked(*found)


async def find_standing(connection: AsyncConnection, clinic_id: UUID, appointment_id: UUID) -> Booked | None:
    """An appointment that stands, its row locked, for what the service does by itself; None where it is over."""
    this = (col(Appointment.clinic_id) == clinic_id) & (col(Appointment.id) == appointment_id)
    query = appointments().where(this, col(Appointment.state).in_(STANDS)).with_for_update(of=appointment)
    found = (await connection.execute(query)).first()
    return None if found is None else Booked(*found)


async def read(database: Database, caller: Caller, *, appointment_id: UUID, now: datetime) -> Booked:
    """One appointment."""
    async with database.read() as connection:
        one = await find(connection, caller, appointment_id=appointment_id, action="read")
    await audit.record_read(database, caller, resource="appointment", patient_id=one.patient_id, now=now)
    return one


async def confirm(database: Database, caller: Caller, *, appointment_id: UUID, now: datetime) -> Booked:
    """Records that the patient will come; doing it twice changes nothing."""

    async def work(connection: AsyncConnection) -> Booked:
        one = await find(connection, caller, appointment_id=appointment_id, action="confirm", lock=True)
        if one.state not in STANDS:
            raise Problem(409, f"The appointment is {SPOKEN[one.state]}.")
        if one.state == "booked":
            await refuse_begun(connection, one, now)
            await change(
                connection,
                caller,
                one=one,
                what="confirmed",
                now=now,
                settings=[to(col(Appointment.state), "confirmed")],
            )
            await _tell(connection, caller, topic="appointment.confirmed", of=_named(one), now=now)
        return await find(connection, caller, appointment_id=appointment_id, action="confirm")

    return await database.write(work)


async def refuse_begun(connection: AsyncConnection, one: Booked, now: datetime) -> None:
    """Refuses (409) to confirm, move or cancel an appointment that has begun: what became of it is said instead."""
    if one.starts_at <= now:
        begun = await spoken_instant(connection, one.clinic_id, one.starts_at)
        raise Problem(409, f"The appointment began on {begun}; say what became of it instead.")


async def give_back(
    connection: AsyncConnection, caller: Caller | None, *, one: Booked, reason: str, now: datetime
) -> None:
    """Cancels an appointment in a transaction that holds its row, and tells of it and of the freed slot.

    `caller` is None where the service does it by itself.
    """
    await change(connection, caller, one=one, what="cancelled", now=now, note=reason, settings=_cancelled(reason))
    dead = await died_on(connection, one.clinic_id, one.patient_id) is not None  # then the clinic is told, nobody else
    await _tell(connection, caller, topic="appointment.cancelled", of=_named(one), to_staff=dead, now=now)
    await _hand_on(connection, one, now)


async def move(
    connection: AsyncConnection,
    caller: Caller,
    *,
    one: Booked,
    slot_id: UUID,
    reason: str,
    overrule: str | None,
    now: datetime,
) -> UUID:
    """Moves an appointment whose row is held to another slot: the old one is cancelled, the new one booked; returns its id.

    Raises:
        Problem: 409 for one that has begun or is cancelled, or a slot that is not free, or that it has; 422 for one of
            another kind.
    """
    if one.state not in STANDS:
        raise Problem(409, f"The appointment is {one.stands}.")
    if slot_id == one.slot_id:
        raise Problem(409, "The appointment has that slot already.")
    await refuse_begun(connection, one, now)
    await change(connection, caller, one=one, what="moved", now=now, note=reason, settings=_cancelled(reason))
    new = await book(
        connection,
        caller,
        patient_id=one.patient_id,
        slot_id=slot_id,
        review_id=one.review_id,
        now=now,
        topic="appointment.moved",
        overrule=overrule,
        kind=one.kind if one.review_id is None else "procedure",
    )
    await _hand_on(connection, one, now)
    return new


async def _hand_on(connection: AsyncConnection, one: Booked, now: datetime) -> None:
    """Tells of a slot that was given up, and offers it to who waits for one like it."""
    await waiting.tell_of_freed(connection, waiting.FreedSlot(one.clinic_id, one.id, one.patient_id, one.slot_id), now)
    await offer(connection, one.clinic_id, slot_id=one.slot_id, but=one.patient_id, now=now)


def _cancelled(reason: str) -> list[Setting]:
    return [
        to(col(Appointment.state), "cancelled"),
        to(col(Appointment.holds_slot_id), None),
        to(col(Appointment.reason), reason[:200]),
    ]


async def change(
    connection: AsyncConnection,
    caller: Caller | None,
    *,
    one: Booked,
    what: str,
    now: datetime,
    note: str | None = None,
    settings: list[Setting],
) -> None:
    """Takes a step with an appointment, in a transaction that holds its row: sets columns, and says who did what."""
    steps = [*one.steps, step(what, now, by=None if caller is None else caller.account_id, note=note)]
    changed = [*settings, to(col(Appointment.steps), steps), to(col(Appointment.version), one.version + 1)]
    await connection.execute(
        update(appointment)
        .where(col(Appointment.clinic_id) == one.clinic_id, col(Appointment.id) == one.id)
        .ordered_values(*for_row(changed, one.clinic_id, one.id))
    )
    if caller is None:
        await audit.record_of_command(
            connection, "change", "appointment", clinic_id=one.clinic_id, patient_id=one.patient_id, now=now
        )
    else:
        await audit.record(
            connection, caller, action="change", resource="appointment", patient_id=one.patient_id, now=now
        )


def _named(one: Booked) -> tuple[UUID, UUID, UUID]:
    return one.clinic_id, one.id, one.patient_id


async def _tell(
    connection: AsyncConnection,
    caller: Caller | None,
    *,
    topic: Topic,
    of: tuple[UUID, UUID, UUID],
    now: datetime,
    to_staff: bool = False,
) -> None:
    """Tells the patient what the clinic does, and the clinic what the patient does or that they will come.

    Args:
        of: the ids of the clinic, the appointment and the patient.
        to_staff: whether it concerns the clinic alone.
    """
    clinic_id, appointment_id, patient_id = of
    by_patient = caller is not None and (caller.role == "patient" or topic == "appointment.confirmed")
    await post(
        connection,
        clinic_id,
        topic=topic,
        key=str(appointment_id),
        about={"appointment_id": str(appointment_id), "patient_id": str(patient_id)},
        now=now,
        audience="staff" if by_patient or to_staff else "patient",
        account_id=caller.account_id if caller is not None and by_patient else None,
    )
