"""Slots of the calendar: making them, listing them, and the agenda of who has booked each."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach, require
from app.access.accounts.service import account, is_staff
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, Once
from app.base.http.paging import from_timed_cursor, page, to_timed_cursor
from app.base.http.problems import bad_field
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table, values_of, whole
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.work.calendar.repeats import occurrences
from app.work.calendar.schemas import SlotIn, SlotOut
from app.work.calendar.tables import Appointment, Slot

slot, appointment = table(Slot), table(Appointment)


async def add_slots(database: Database, caller: Caller, *, new: SlotIn, once: Once, now: datetime) -> Answer:
    """New slots of a clinician of the caller's clinic."""
    require(caller, "add_slot")
    starts = occurrences(new)

    async def work(connection: AsyncConnection) -> Answer:
        if not await is_staff(connection, caller.clinic_id, new.clinician_id, role="clinician"):
            raise bad_field("/clinician_id", "is no clinician of this clinic")
        ids = [new_id() for _ in starts]
        rows = [
            row(
                Slot,
                clinic_id=caller.clinic_id,
                id=slot_id,
                clinician_id=new.clinician_id,
                starts_at=at,
                minutes=new.minutes,
                location=new.location,
                kind=new.kind,
                created_at=now,
            )
            for slot_id, at in zip(ids, starts, strict=True)
        ]
        await connection.execute(insert(slot), rows)
        await audit.record(connection, caller, action="create", resource="slot", patient_id=None, now=now)
        made = SlotOut(
            id=ids[0],
            clinician_id=new.clinician_id,
            starts_at=starts[0],
            minutes=new.minutes,
            location=new.location,
            kind=new.kind,
            free=True,
            also=ids[1:],
        )
        return Answer(to_wire(SlotOut, made), 201, {"Location": f"/v1/slots/{ids[0]}"})

    return await once.run(database, caller.account_id, now=now, work=work)


def slot_out(one: Slot, *, free: bool) -> SlotOut:
    """A slot as it goes over the wire."""
    return SlotOut.model_validate({**values_of(one), "free": free})


def held() -> ColumnElement[bool]:
    """Ties a slot to the appointment that holds it."""
    return and_(col(Appointment.clinic_id) == col(Slot.clinic_id), col(Appointment.holds_slot_id) == col(Slot.id))


async def list_slots(
    database: Database,
    caller: Caller,
    *,
    first: datetime,
    last: datetime,
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
    database: Database, caller: Caller, *, first: datetime, last: datetime, now: datetime
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
            reach(caller, "work_review", clinic_id=col(Slot.clinic_id), patient_id=None),
            col(Slot.starts_at) >= first,
            col(Slot.starts_at) < last,
        )
        .order_by(col(Slot.starts_at), col(Slot.id))
    )
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    await audit.record_read(database, caller, resource="appointments", patient_id=None, now=now)
    return [AgendaItem(*one) for one in found]


def window(first: datetime | None, last: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """From and to; a year from now where they are left out."""
    begin = first or now
    return begin, last or begin + timedelta(days=366)
