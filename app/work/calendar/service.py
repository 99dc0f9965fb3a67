"""Slots and appointments: making, booking, moving, cancelling."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from sqlalchemy import ColumnElement, Select, and_, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, require
from app.access.accounts.service import account, is_staff
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.alerts.messages.outbox import Topic, post
from app.base.http.idempotency.service import Answer, Once
from app.base.http.paging import from_cursor, from_timed_cursor, page, to_cursor, to_timed_cursor
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.base.store.timeline import Step, step
from app.base.store.typed import Setting, col, row, table, to, values_of, whole
from app.record.patients import service as patients
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.work.calendar import waiting
from app.work.calendar.schemas import AppointmentIn, AppointmentOut, SlotIn, SlotOut
from app.work.calendar.tables import Appointment, Slot

slot, appointment = table(Slot), table(Appointment)
MOST = 400  # slots of one rule
TAKEN = "The slot is taken."


def occurrences(new: SlotIn) -> list[datetime]:
    """The instants at which a slot begins: by a rule, at the same time of day through every change of the clocks.

    Raises:
        Problem: 422 for a rule that is not valid, has no end, or makes no slot or too many.
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
    require(caller, "add_slot")
    starts = occurrences(new)

    async def work(connection: AsyncConnection) -> Answer:
        if not await is_staff(connection, caller.clinic_id, new.clinician_id, role="clinician"):
            raise bad_field("/clinician_id", "is no clinician of this clinic")
        ids = [new_id() for _ in starts]
        rows = [
            row(Slot, clinic_id=caller.clinic_id, id=slot_id, clinician_id=new.clinician_id, starts_at=at,
                minutes=new.minutes, location=new.location, kind=new.kind, created_at=now)
            for slot_id, at in zip(ids, starts, strict=True)
        ]  # fmt: skip
        await connection.execute(insert(slot), rows)
        await audit.record(connection, caller, "create", "slot", None, now)
        made = SlotOut(
            id=ids[0], clinician_id=new.clinician_id, starts_at=starts[0], minutes=new.minutes, location=new.location,
            kind=new.kind, free=True, also=ids[1:])  # fmt: skip
        return Answer(to_wire(SlotOut, made), 201, {"Location": f"/v1/slots/{ids[0]}"})

    return await once.run(database, caller.account_id, now, work)


def slot_out(one: Slot, *, free: bool) -> SlotOut:
    """A slot as it goes over the wire."""
    return SlotOut.model_validate({**values_of(one), "free": free})


def held() -> ColumnElement[bool]:
    """Ties a slot to the appointment that holds it."""
    return and_(col(Appointment.clinic_id) == col(Slot.clinic_id), col(Appointment.holds_slot_id) == col(Slot.id))


async def list_slots(
    database: Database,
    caller: Caller,
    first: datetime,
    last: datetime,
    *,
    free: bool | None,
    limit: int,
    cursor: str | None,
) -> tuple[list[SlotOut], str | None]:
    """Slots that begin between two instants, the next first."""
    query = (
        select(slot, col(Appointment.id).label("booking"))
        .outerjoin(appointment, held())
        .where(col(Slot.clinic_id) == caller.clinic_id, col(Slot.starts_at) >= first, col(Slot.starts_at) < last)
    )
    if free is not None:
        query = query.where(col(Appointment.id).is_(None) if free else col(Appointment.id).is_not(None))
    after = from_timed_cursor(cursor)
    if after is not None:
        query = query.where(tuple_(col(Slot.starts_at), col(Slot.id)) > tuple_(*after))
    ordered = query.order_by(col(Slot.starts_at), col(Slot.id)).limit(limit + 1)
    async with database.read() as connection:
        found = (await connection.execute(ordered)).all()
    shown = [slot_out(whole(Slot, one), free=one._mapping["booking"] is None) for one in found]
    return page(shown, limit, lambda one: to_timed_cursor(one.starts_at, one.id))


async def book(
    connection: AsyncConnection,
    caller: Caller,
    patient_id: UUID,
    slot_id: UUID,
    *,
    review_id: UUID | None,
    now: datetime,
    topic: Topic = "appointment.booked",
) -> UUID:
    """Books a slot in a transaction; of any number that race for it exactly one wins.

    Raises:
        Problem: 422 for a slot that is not one of the clinic's or has begun, 409 for one that is taken.
    """
    found = select(col(Slot.starts_at)).where(col(Slot.clinic_id) == caller.clinic_id, col(Slot.id) == slot_id)
    starts_at = (await connection.execute(found)).scalar_one_or_none()
    if starts_at is None:
        raise bad_field("/slot_id", "is no slot of this clinic")
    if starts_at <= now:
        raise bad_field("/slot_id", "has begun already")
    new = new_id()
    values = row(
        Appointment, clinic_id=caller.clinic_id, id=new, patient_id=patient_id, slot_id=slot_id, holds_slot_id=slot_id,
        review_id=review_id, state="booked", steps=[step("booked", now, by=caller.account_id)], version=1,
        created_at=now)  # fmt: skip
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
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> Answer:
        await patients.find(connection, caller, new.patient_id)
        made = await book(connection, caller, new.patient_id, new.slot_id, review_id=None, now=now)
        booked = await find(connection, caller, made, "read")
        return Answer(to_wire(AppointmentOut, booked), patient_id=new.patient_id)

    return await once.run(database, caller.account_id, now, work)


@dataclass(frozen=True)
class AgendaItem:
    """A slot with its clinician, and where it is booked the appointment and the patient."""

    id: UUID
    starts_at: datetime
    minutes: int
    location: str
    kind: str
    clinician: str
    booking: UUID | None
    state: str | None
    review_id: UUID | None
    patient_id: UUID | None
    name: str | None


async def agenda(
    database: Database, caller: Caller, first: datetime, last: datetime, now: datetime
) -> list[AgendaItem]:
    """The clinic's slots between two instants, the next first, with whoever has booked each."""
    theirs = and_(col(Patient.clinic_id) == col(Appointment.clinic_id), col(Patient.id) == col(Appointment.patient_id))
    of_clinician = and_(col(Account.clinic_id) == col(Slot.clinic_id), col(Account.id) == col(Slot.clinician_id))
    query = (
        select(
            col(Slot.id),
            col(Slot.starts_at),
            col(Slot.minutes),
            col(Slot.location),
            col(Slot.kind),
            col(Account.username),
            col(Appointment.id),
            col(Appointment.state),
            col(Appointment.review_id),
            col(Appointment.patient_id),
            col(Patient.name),
        )
        .select_from(slot)
        .join(account, of_clinician)
        .outerjoin(appointment, held())
        .outerjoin(patient, theirs)
        .where(
            reach(caller, "work_review", col(Slot.clinic_id), None),
            col(Slot.starts_at) >= first,
            col(Slot.starts_at) < last,
        )
        .order_by(col(Slot.starts_at), col(Slot.id))
    )
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    await audit.record_read(database, caller, "appointments", None, now)
    return [AgendaItem(*one) for one in found]


@dataclass(frozen=True)
class Booked:
    """An appointment with its slot."""

    clinic_id: UUID
    id: UUID
    patient_id: UUID
    slot_id: UUID
    review_id: UUID | None
    state: str
    reason: str | None
    version: int
    created_at: datetime
    starts_at: datetime
    minutes: int
    location: str
    clinician_id: UUID
    steps: list[Step]


def appointments() -> Select[*tuple[Any, ...]]:
    """A query for the columns of `Booked`, of all clinics."""
    same = and_(col(Slot.clinic_id) == col(Appointment.clinic_id), col(Slot.id) == col(Appointment.slot_id))
    of_appointment = (
        col(Appointment.clinic_id), col(Appointment.id), col(Appointment.patient_id), col(Appointment.slot_id),
        col(Appointment.review_id), col(Appointment.state), col(Appointment.reason), col(Appointment.version),
        col(Appointment.created_at),
    )  # fmt: skip
    of_slot = col(Slot.starts_at), col(Slot.minutes), col(Slot.location), col(Slot.clinician_id)
    query: Select[*tuple[Any, ...]] = select(*of_appointment, *of_slot, col(Appointment.steps))
    return query.select_from(appointment).join(slot, same)


async def list_appointments(
    database: Database, caller: Caller, patient_id: UUID | None, *, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Booked], str | None]:
    """Appointments within the caller's reach: the clinic's, or the patient's own."""
    query = appointments().where(reach(caller, "read", col(Appointment.clinic_id), col(Appointment.patient_id)))
    if patient_id is not None:
        query = query.where(col(Appointment.patient_id) == patient_id)
    after = from_cursor(cursor)
    if after is not None:
        query = query.where(col(Appointment.id) > after)
    async with database.read() as connection:
        found = (await connection.execute(query.order_by(col(Appointment.id)).limit(limit + 1))).all()
    await audit.record_read(database, caller, "appointments", patient_id, now)
    return page([Booked(*one) for one in found], limit, lambda one: to_cursor(one.id))


async def find(
    connection: AsyncConnection, caller: Caller, appointment_id: UUID, action: Action, *, lock: bool = False
) -> Booked:
    """One appointment within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    within = reach(caller, action, col(Appointment.clinic_id), col(Appointment.patient_id))
    query = appointments().where(col(Appointment.id) == appointment_id, within)
    found = (await connection.execute(query.with_for_update(of=appointment) if lock else query)).first()
    if found is None:
        raise not_found("appointment")
    return Booked(*found)


async def confirm(database: Database, caller: Caller, appointment_id: UUID, now: datetime) -> Booked:
    """Records that the patient will come; doing it twice changes nothing."""

    async def work(connection: AsyncConnection) -> Booked:
        one = await find(connection, caller, appointment_id, "confirm", lock=True)
        if one.state == "cancelled":
            raise Problem(409, "The appointment is cancelled.")
        if one.state != "confirmed":
            await _change(connection, caller, one, "confirmed", now, settings=[to(col(Appointment.state), "confirmed")])
            await _tell(connection, caller, "appointment.confirmed", one.id, one.patient_id, now)
        return await find(connection, caller, appointment_id, "confirm")

    return await database.write(work)


async def cancel(database: Database, caller: Caller, appointment_id: UUID, reason: str, now: datetime) -> Booked:
    """Cancels an appointment and frees its slot; doing it twice changes nothing."""

    async def work(connection: AsyncConnection) -> Booked:
        one = await find(connection, caller, appointment_id, "confirm", lock=True)
        if one.state != "cancelled":
            await give_back(connection, caller, one, reason, now)
        return await find(connection, caller, appointment_id, "confirm")

    return await database.write(work)


async def give_back(connection: AsyncConnection, caller: Caller, one: Booked, reason: str, now: datetime) -> None:
    """Cancels an appointment in a transaction that holds its row, and tells of it and of the freed slot."""
    await _change(connection, caller, one, "cancelled", now, note=reason, settings=_cancelled(reason))
    await _tell(connection, caller, "appointment.cancelled", one.id, one.patient_id, now)
    await waiting.tell_of_freed(connection, waiting.FreedSlot(one.clinic_id, one.id, one.patient_id, one.slot_id), now)


async def move(
    database: Database, caller: Caller, appointment_id: UUID, slot_id: UUID, reason: str, now: datetime
) -> Booked:
    """Moves an appointment to another slot: the old one is cancelled and the new one booked, or neither."""
    require(caller, "work_review")

    async def work(connection: AsyncConnection) -> Booked:
        one = await find(connection, caller, appointment_id, "work_review", lock=True)
        if one.state == "cancelled":
            raise Problem(409, "The appointment is cancelled.")
        await _change(connection, caller, one, "moved", now, note=reason, settings=_cancelled(reason))
        freed = waiting.FreedSlot(one.clinic_id, one.id, one.patient_id, one.slot_id)
        await waiting.tell_of_freed(connection, freed, now)
        new = await book(
            connection, caller, one.patient_id, slot_id, review_id=one.review_id, now=now, topic="appointment.moved"
        )
        return await find(connection, caller, new, "work_review")

    return await database.write(work)


def _cancelled(reason: str) -> list[Setting]:
    return [
        to(col(Appointment.state), "cancelled"),
        to(col(Appointment.holds_slot_id), None),
        to(col(Appointment.reason), reason[:200]),
    ]


async def _change(
    connection: AsyncConnection,
    caller: Caller,
    one: Booked,
    what: str,
    now: datetime,
    *,
    note: str | None = None,
    settings: list[Setting],
) -> None:
    """Takes a step with an appointment, in a transaction that holds its row."""
    steps = [*one.steps, step(what, now, by=caller.account_id, note=note)]
    await connection.execute(
        update(appointment)
        .where(col(Appointment.clinic_id) == one.clinic_id, col(Appointment.id) == one.id)
        .ordered_values(*settings, to(col(Appointment.steps), steps), to(col(Appointment.version), one.version + 1))
    )
    await audit.record(connection, caller, "change", "appointment", one.patient_id, now)


async def _tell(
    connection: AsyncConnection, caller: Caller, topic: Topic, appointment_id: UUID, patient_id: UUID, now: datetime
) -> None:
    """Tells the patient what the clinic does, and the clinic what the patient does or that they will come."""
    about = {"appointment_id": str(appointment_id), "patient_id": str(patient_id)}
    by_patient = caller.role == "patient" or topic == "appointment.confirmed"
    await post(
        connection, caller.clinic_id, topic, str(appointment_id), about=about, now=now,
        audience="staff" if by_patient else "patient", account_id=caller.account_id if by_patient else None)  # fmt: skip


def window(first: datetime | None, last: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """From and to; a year from now where they are left out."""
    begin = first or now
    return begin, last or begin + timedelta(days=366)
