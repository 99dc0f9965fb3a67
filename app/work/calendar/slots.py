"""Slots of the calendar: making them, listing them, and the agenda of who has booked each."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach, require
from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.paging import from_timed_cursor, page, to_timed_cursor
from app.base.http.pools import QUICK
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import RowQuery, Setting, col, row, table, to, values_of, whole
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.work.calendar.repeats import occurrences
from app.work.calendar.schemas import SlotChange, SlotIn, SlotOut
from app.work.calendar.tables import Appointment, Slot

slot, appointment = table(Slot), table(Appointment)
LONGEST = timedelta(hours=8)  # of a slot, as `SlotIn` has it


async def add_slots(database: Database, caller: Caller, *, new: SlotIn, once: IdempotentCall, now: datetime) -> Answer:
    """New slots of a clinician of the caller's clinic.

    Raises:
        Problem: 403; 422 for a rule or a clinician that is none; 409 where a slot overlaps another of the clinician.
    """
    require(caller, "add_slot")
    starts = await QUICK.run(partial(occurrences, new, now))

    async def work(connection: AsyncConnection) -> Answer:
        await hold_clinician(connection, caller.clinic_id, new.clinician_id)
        await _check_apart(connection, caller.clinic_id, new=new, starts=starts)
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

    return await audit.once(database, caller, once, now=now, work=work)


async def hold_clinician(connection: AsyncConnection, clinic_id: UUID, clinician_id: UUID) -> None:
    """Locks a clinician's row: of two that fill the same clinician's time at once, one waits for the other.

    Raises:
        Problem: 422 where the clinic has no such clinician.
    """
    theirs = and_(
        col(Account.clinic_id) == clinic_id, col(Account.id) == clinician_id, col(Account.role) == "clinician"
    )
    query = select(col(Account.id)).where(theirs, col(Account.disabled_at).is_(None)).with_for_update(key_share=True)
    if (await connection.execute(query)).first() is None:
        raise bad_field("/clinician_id", "is no clinician of this clinic")


async def _check_apart(connection: AsyncConnection, clinic_id: UUID, *, new: SlotIn, starts: list[datetime]) -> None:
    """Refuses (409) a slot that overlaps another of the same clinician, be it there already or of the same rule."""
    length = timedelta(minutes=new.minutes)
    near = select(col(Slot.starts_at), col(Slot.minutes)).where(
        col(Slot.clinic_id) == clinic_id,
        col(Slot.clinician_id) == new.clinician_id,
        col(Slot.starts_at).between(min(starts) - LONGEST, max(starts) + length),
    )
    held = [(at, at + timedelta(minutes=many), False) for at, many in (await connection.execute(near)).all()]
    until = until_new = datetime.min.replace(tzinfo=UTC)
    for at, end, is_new in sorted([*held, *((at, at + length, True) for at in starts)]):
        if at < (until if is_new else until_new):
            raise Problem(409, f"The clinician has another slot at that time: {at.isoformat(timespec='minutes')}.")
        until, until_new = max(until, end), max(until_new, end) if is_new else until_new


def slot_out(one: Slot, *, free: bool) -> SlotOut:
    """A slot as it goes over the wire."""
    closed = one.closed_at is not None
    return SlotOut.model_validate({**values_of(one), "free": free and not closed, "closed": closed})


async def change(database: Database, caller: Caller, *, slot_id: UUID, given: SlotChange, now: datetime) -> SlotOut:
    """Closes a slot that nobody holds, opens it again, or says where it is instead.

    Raises:
        Problem: 404 where the clinic has none, 409 for one that is booked: its patient knows it as it is.
    """
    require(caller, "add_slot")

    async def work(connection: AsyncConnection) -> SlotOut:
        one, free = await _held(connection, caller, slot_id)
        if not free and (given.closed or given.location is not None):
            raise Problem(409, "The slot is booked; move or cancel its appointment first.")
        changes: list[Setting] = []
        if given.closed is not None:
            changes.append(to(col(Slot.closed_at), now if given.closed else None))
        if given.location is not None:
            changes.append(to(col(Slot.location), given.location))
        if changes:
            this = (col(Slot.clinic_id) == one.clinic_id) & (col(Slot.id) == slot_id)
            await connection.execute(update(slot).where(this).ordered_values(*changes))
        await audit.record(connection, caller, action="change", resource="slot", patient_id=None, now=now)
        return slot_out((await _held(connection, caller, slot_id))[0], free=free)

    return await database.write(work)


async def remove(database: Database, caller: Caller, *, slot_id: UUID, now: datetime) -> None:
    """Deletes a slot that has never been booked.

    Raises:
        Problem: 404 where the clinic has none, 409 for one that has had an appointment.
    """
    require(caller, "add_slot")

    async def work(connection: AsyncConnection) -> None:
        await _held(connection, caller, slot_id)
        theirs = and_(col(Appointment.clinic_id) == caller.clinic_id, col(Appointment.slot_id) == slot_id)
        if (await connection.execute(select(col(Appointment.id)).where(theirs).limit(1))).first() is not None:
            raise Problem(409, "The slot has had an appointment, and stays on record; close it instead.")
        await connection.execute(delete(slot).where(col(Slot.clinic_id) == caller.clinic_id, col(Slot.id) == slot_id))
        await audit.record(connection, caller, action="delete", resource="slot", patient_id=None, now=now)

    await database.write(work)


async def _held(connection: AsyncConnection, caller: Caller, slot_id: UUID) -> tuple[Slot, bool]:
    """A slot with its clinician's row locked, as whoever books it does; and whether nobody holds it."""
    this = and_(col(Slot.clinic_id) == caller.clinic_id, col(Slot.id) == slot_id)
    found = (await connection.execute(select(slot).where(this))).first()
    if found is None:
        raise not_found("slot")
    one = whole(Slot, found)
    theirs = and_(col(Account.clinic_id) == one.clinic_id, col(Account.id) == one.clinician_id)
    await connection.execute(select(col(Account.id)).where(theirs).with_for_update(key_share=True))
    one = whole(Slot, (await connection.execute(select(slot).where(this))).one())  # as it is now that nobody else can
    booked = and_(col(Appointment.clinic_id) == one.clinic_id, col(Appointment.holds_slot_id) == slot_id)
    return one, (await connection.execute(select(col(Appointment.id)).where(booked))).first() is None


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
        open_ = and_(col(Appointment.id).is_(None), col(Slot.closed_at).is_(None))
        query = query.where(open_ if free else col(Appointment.id).is_not(None))
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
    closed_at: datetime | None


async def agenda(
    database: Database, caller: Caller, *, first: datetime, last: datetime, now: datetime
) -> list[AgendaItem]:
    """The clinic's slots between two instants, the next first, with whoever has booked each."""
    theirs = and_(col(Patient.clinic_id) == col(Appointment.clinic_id), col(Patient.id) == col(Appointment.patient_id))
    of_clinician = and_(col(Account.clinic_id) == col(Slot.clinic_id), col(Account.id) == col(Slot.clinician_id))
    query: RowQuery = (
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
            col(Slot.closed_at),
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
