"""Slots and appointments: making, booking, moving, cancelling."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from sqlalchemy import Row, Select, and_, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, relation_of
from app.access.accounts.service import account
from app.access.audit import service as audit
from app.alerts.messages.outbox import Topic, post
from app.base.http.conditional import from_cursor, from_timed_cursor, to_cursor, to_timed_cursor
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.base.store.statements import insert_new
from app.record.patients import service as patients
from app.record.patients.service import patient
from app.work.calendar import waiting
from app.work.calendar.schemas import AppointmentIn, AppointmentOut, SlotIn, SlotOut
from app.work.calendar.tables import Appointment, Slot

slot, appointment = columns(Slot), columns(Appointment)
MOST = 400  # slots of one rule
TAKEN = "The slot is taken."


def occurrences(new: SlotIn) -> list[datetime]:
    """The instants at which a slot begins: by a rule, at the same time of day through every change of the clocks.

    Raises:
        Problem: 422 for a rule that is none, has no end, or makes too many.
    """
    if new.repeats is None:
        return [new.starts_at.astimezone(UTC)]
    if new.time_zone is None:
        raise bad_field("/time_zone", "is needed with `repeats`: the clocks of which place?")
    zone = ZoneInfo(new.time_zone)
    first = new.starts_at.astimezone(zone).replace(tzinfo=None)
    text = new.repeats.removeprefix("RRULE:").upper()
    if "COUNT=" not in text and "UNTIL=" not in text:
        raise bad_field("/repeats", "has no end; give it COUNT or UNTIL")
    if "UNTIL=" in text:
        text = ";".join(p.rstrip("Z") if p.startswith("UNTIL=") else p for p in text.split(";"))
    try:
        rule = rrulestr(text, dtstart=first)
        found = []
        for at in rule:
            found.append(at.replace(tzinfo=zone).astimezone(UTC))
            if len(found) > MOST:
                raise bad_field("/repeats", f"makes more than {MOST} slots")
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise bad_field("/repeats", "is no rule of RFC 5545, such as FREQ=WEEKLY;COUNT=8") from None
    if not found:
        raise bad_field("/repeats", "makes no slot at all")
    return found


async def add_slots(database: Database, caller: Caller, new: SlotIn, once: Once, now: datetime) -> Answer:
    """New slots of a clinician of the caller's clinic."""
    relation_of(caller, "add_slot")
    starts = occurrences(new)

    async def work(connection: AsyncConnection) -> Answer:
        theirs = and_(account.c.clinic_id == caller.clinic_id, account.c.id == new.clinician_id)
        found = select(account.c.id).where(theirs, account.c.role == "clinician")
        if (await connection.execute(found)).first() is None:
            raise bad_field("/clinician_id", "is no clinician of this clinic")
        common = {"clinic_id": caller.clinic_id, "clinician_id": new.clinician_id, "minutes": new.minutes,
                  "location": new.location, "kind": new.kind, "created_at": now}  # fmt: skip
        rows = [{**common, "id": new_id(), "starts_at": at} for at in starts]
        await connection.execute(insert(slot), rows)
        await audit.record(connection, caller, "create", "slot", None, now)
        body = to_wire(SlotOut, {**rows[0], "free": True, "also": [row["id"] for row in rows[1:]]})
        return Answer(body, 201, {"Location": f"/v1/slots/{rows[0]['id']}"})

    return await once.run(database, caller.account_id, now, work)


async def list_slots(
    database: Database,
    caller: Caller,
    first: datetime,
    last: datetime,
    free: bool | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Slots that begin between two instants, the next first."""
    held = and_(appointment.c.clinic_id == slot.c.clinic_id, appointment.c.holds_slot_id == slot.c.id)
    query = (
        select(slot, appointment.c.id.label("booking"))
        .outerjoin(appointment, held)
        .where(slot.c.clinic_id == caller.clinic_id, slot.c.starts_at >= first, slot.c.starts_at < last)
    )
    if free is not None:
        query = query.where(appointment.c.id.is_(None) if free else appointment.c.id.is_not(None))
    after = from_timed_cursor(cursor)
    if after is not None:
        query = query.where(tuple_(slot.c.starts_at, slot.c.id) > tuple_(*after))
    async with database.read() as connection:
        rows = list((await connection.execute(query.order_by(slot.c.starts_at, slot.c.id).limit(limit + 1))).all())
    following = to_timed_cursor(rows[limit - 1].starts_at, rows[limit - 1].id) if len(rows) > limit else None
    return [{**row._asdict(), "free": row.booking is None} for row in rows[:limit]], following


async def book(
    connection: AsyncConnection,
    caller: Caller,
    patient_id: UUID,
    slot_id: UUID,
    review_id: UUID | None,
    now: datetime,
    topic: Topic = "appointment.booked",
) -> UUID:
    """Books a slot in a transaction; of any number that race for it exactly one wins.

    Raises:
        Problem: 422 for a slot that is none of the clinic's or has begun, 409 for one that is taken.
    """
    found = select(slot.c.starts_at).where(slot.c.clinic_id == caller.clinic_id, slot.c.id == slot_id)
    row = (await connection.execute(found)).first()
    if row is None:
        raise bad_field("/slot_id", "is no slot of this clinic")
    if row.starts_at <= now:
        raise bad_field("/slot_id", "has begun already")
    new = new_id()
    values = {
        "clinic_id": caller.clinic_id, "id": new, "patient_id": patient_id, "slot_id": slot_id, "holds_slot_id": slot_id,
        "review_id": review_id, "state": "booked", "reason": None, "steps": [_step(caller, "booked", None, now)],
        "version": 1, "created_at": now}  # fmt: skip
    done = await connection.execute(insert_new(connection, appointment, "clinic_id", "holds_slot_id"), values)
    if done.rowcount == 0:
        raise Problem(409, TAKEN)
    await audit.record(connection, caller, "create", "appointment", patient_id, now)
    await _tell(connection, caller, topic, new, patient_id, now)
    await waiting.close_for(connection, caller.clinic_id, patient_id, slot_id, now)
    return new


async def add_appointment(database: Database, caller: Caller, new: AppointmentIn, once: Once, now: datetime) -> Answer:
    """Books a slot for a patient, with no review behind it.

    Raises:
        Problem: 403, 404 for a patient out of reach, 422 for a slot that can't be taken, 409 for one that is.
    """
    relation_of(caller, "work_review")

    async def work(connection: AsyncConnection) -> Answer:
        await patients.find(connection, caller, new.patient_id)
        made = await book(connection, caller, new.patient_id, new.slot_id, None, now)
        row = await find(connection, caller, made, "read")
        return Answer(to_wire(AppointmentOut, row._asdict()), patient_id=new.patient_id)

    return await once.run(database, caller.account_id, now, work)


async def agenda(
    database: Database, caller: Caller, first: datetime, last: datetime, now: datetime
) -> list[dict[str, Any]]:
    """The clinic's slots between two instants, the next first, with whoever has booked each."""
    held = and_(appointment.c.clinic_id == slot.c.clinic_id, appointment.c.holds_slot_id == slot.c.id)
    hers = and_(patient.c.clinic_id == appointment.c.clinic_id, patient.c.id == appointment.c.patient_id)
    theirs = and_(account.c.clinic_id == slot.c.clinic_id, account.c.id == slot.c.clinician_id)
    query = (
        select(slot, appointment.c.id.label("booking"), appointment.c.state, appointment.c.review_id,
               appointment.c.patient_id, patient.c.name, account.c.username.label("clinician"))
        .join(account, theirs).outerjoin(appointment, held).outerjoin(patient, hers)
        .where(reach(caller, "work_review", slot.c.clinic_id, None), slot.c.starts_at >= first, slot.c.starts_at < last)
        .order_by(slot.c.starts_at, slot.c.id)
    )  # fmt: skip
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    await audit.record_read(database, caller, "appointments", None, now)
    return [row._asdict() for row in rows]


def appointments() -> Select[Any]:
    """Appointments with their slots."""
    same = and_(slot.c.clinic_id == appointment.c.clinic_id, slot.c.id == appointment.c.slot_id)
    return select(appointment, slot.c.starts_at, slot.c.minutes, slot.c.location, slot.c.clinician_id).join(slot, same)


async def list_appointments(
    database: Database, caller: Caller, patient_id: UUID | None, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Row[Any]], str | None]:
    """Appointments within the caller's reach: the clinic's, or her own."""
    query = appointments().where(reach(caller, "read", appointment.c.clinic_id, appointment.c.patient_id))
    if patient_id is not None:
        query = query.where(appointment.c.patient_id == patient_id)
    after = from_cursor(cursor)
    if after is not None:
        query = query.where(appointment.c.id > after)
    async with database.read() as connection:
        rows = list((await connection.execute(query.order_by(appointment.c.id).limit(limit + 1))).all())
    await audit.record_read(database, caller, "appointments", patient_id, now)
    return rows[:limit], to_cursor(rows[limit - 1].id) if len(rows) > limit else None


async def find(
    connection: AsyncConnection, caller: Caller, appointment_id: UUID, action: Action, lock: bool = False
) -> Row[Any]:
    """One appointment within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    within = reach(caller, action, appointment.c.clinic_id, appointment.c.patient_id)
    query = appointments().where(appointment.c.id == appointment_id, within)
    row: Row[Any] | None = (await connection.execute(query.with_for_update(of=appointment) if lock else query)).first()
    if row is None:
        raise not_found("appointment")
    return row


async def confirm(database: Database, caller: Caller, appointment_id: UUID, now: datetime) -> Row[Any]:
    """Says that she will come; saying it twice changes nothing."""

    async def work(connection: AsyncConnection) -> Row[Any]:
        row = await find(connection, caller, appointment_id, "confirm", lock=True)
        if row.state == "cancelled":
            raise Problem(409, "The appointment is cancelled.")
        if row.state != "confirmed":
            await change(connection, caller, row, {"state": "confirmed"}, "confirmed", None, now)
        return await find(connection, caller, appointment_id, "confirm")

    return await database.write(work)


async def cancel(database: Database, caller: Caller, appointment_id: UUID, reason: str, now: datetime) -> Row[Any]:
    """Gives the slot back."""

    async def work(connection: AsyncConnection) -> Row[Any]:
        row = await find(connection, caller, appointment_id, "confirm", lock=True)
        if row.state != "cancelled":
            values = {"state": "cancelled", "holds_slot_id": None, "reason": reason}
            await change(connection, caller, row, values, "cancelled", reason, now)
        return await find(connection, caller, appointment_id, "confirm")

    return await database.write(work)


async def move(
    database: Database, caller: Caller, appointment_id: UUID, slot_id: UUID, reason: str, now: datetime
) -> Row[Any]:
    """Moves an appointment to another slot: the old one is cancelled and the new one booked, or neither."""
    relation_of(caller, "work_review")

    async def work(connection: AsyncConnection) -> Row[Any]:
        row = await find(connection, caller, appointment_id, "work_review", lock=True)
        if row.state == "cancelled":
            raise Problem(409, "The appointment is cancelled.")
        values = {"state": "cancelled", "holds_slot_id": None, "reason": reason}
        await change(connection, caller, row, values, "moved", reason, now)
        new = await book(connection, caller, row.patient_id, slot_id, row.review_id, now, "appointment.moved")
        return await find(connection, caller, new, "work_review")

    return await database.write(work)


async def change(
    connection: AsyncConnection,
    caller: Caller,
    row: Row[Any],
    values: dict[str, Any],
    what: str,
    note: str | None,
    now: datetime,
) -> None:
    """Takes a step with an appointment, in a transaction that holds its row."""
    steps = [*row.steps, _step(caller, what, note, now)]
    this = and_(appointment.c.clinic_id == row.clinic_id, appointment.c.id == row.id)
    await connection.execute(update(appointment).where(this).values(**values, steps=steps, version=row.version + 1))
    await audit.record(connection, caller, "change", "appointment", row.patient_id, now)
    if what in ("cancelled", "confirmed"):
        topic: Topic = "appointment.cancelled" if what == "cancelled" else "appointment.confirmed"
        await _tell(connection, caller, topic, row.id, row.patient_id, now)
    if what in ("cancelled", "moved"):
        await waiting.tell_of_freed(connection, row, now)


async def _tell(
    connection: AsyncConnection, caller: Caller, topic: Topic, appointment_id: UUID, patient_id: UUID, now: datetime
) -> None:
    """Tells the patient what the clinic does, and the clinic what she does or that she comes."""
    about = {"appointment_id": str(appointment_id), "patient_id": str(patient_id)}
    if caller.role == "patient" or topic == "appointment.confirmed":
        await post(connection, caller.clinic_id, topic, str(appointment_id), about, now, account_id=caller.account_id)
    else:
        await post(connection, caller.clinic_id, topic, str(appointment_id), about, now, "patient")


def _step(caller: Caller, what: str, note: str | None, now: datetime) -> dict[str, Any]:
    return {"at": now.isoformat(), "by": str(caller.account_id), "what": what, "note": note}


def window(first: datetime | None, last: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """From and to; a year from now where they are left out."""
    begin = first or now
    return begin, last or begin + timedelta(days=366)
