"""Slots of the calendar: making them, listing them, and the agenda of who has booked each."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import and_, delete, false, func, insert, select, tuple_, update
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
from app.base.store.long_results import in_turns
from app.base.store.metadata import new_id
from app.base.store.typed import RowQuery, Setting, col, row_of, table, to, values_of, whole
from app.record.patients.service import patient
from app.record.patients.sites.service import check_open
from app.record.patients.sites.tables import ClinicSite
from app.record.patients.tables import Patient
from app.work.calendar.clashes import check_slots, held, hold_clinician, hold_places, needed_by, overruled
from app.work.calendar.offers import offer, withdraw_offer
from app.work.calendar.presence import away, overtaken, present
from app.work.calendar.repeats import occurrences
from app.work.calendar.schemas import SlotChange, SlotIn, SlotOut
from app.work.calendar.tables import Appointment, Slot, Waiting
from app.work.calendar.waiting import kept

slot, appointment, waiting = table(Slot), table(Appointment), table(Waiting)
MOST_TO_MOVE = 50


async def add_slots(database: Database, caller: Caller, *, new: SlotIn, once: IdempotentCall, now: datetime) -> Answer:
    """New slots of a clinician of the caller's clinic.

    Raises:
        Problem: 403; 422 for a rule or a clinician that is none; 409 where a slot overlaps another of the clinician, the
            room or the device, or all of them lie in absences.
    """
    require(caller, "add_slot")
    starts, left_out = await QUICK.run(partial(occurrences, new, now), clinic_id=caller.clinic_id)

    async def work(connection: AsyncConnection) -> Answer:
        if not await hold_clinician(connection, caller.clinic_id, new.clinician_id):
            raise bad_field("/clinician_id", "is no clinician of this clinic")
        await hold_places(connection, caller.clinic_id, new.room, new.device)
        await check_open(connection, caller.clinic_id, new.site_id)
        accepted = overruled(caller, new.overrule)
        left = (
            starts
            if accepted
            else await present(connection, caller.clinic_id, clinician_id=new.clinician_id, starts=starts)
        )
        if not accepted:
            await check_slots(connection, [needed_by(one) for one in _slots_of(caller, new, left, now=now)])
        rows = _slots_of(caller, new, left, now=now)
        await connection.execute(insert(slot), [row_of(one) for one in rows])
        await audit.record(connection, caller, action="create", resource="slot", patient_id=None, now=now)
        left_here = sorted([*left_out, *(at for at in starts if at not in left)])
        first = slot_out(rows[0], free=True, away=False)
        made = first.model_copy(update={"also": [one.id for one in rows[1:]], "left_out": left_here})
        return Answer(to_wire(SlotOut, made), 201, {"Location": f"/v1/slots/{made.id}"})

    return await audit.once(database, caller, once, now=now, work=work)


def _slots_of(caller: Caller, new: SlotIn, starts: list[datetime], *, now: datetime) -> list[Slot]:
    """A slot for each instant at which one begins."""
    same = new.model_dump(include={"clinician_id", "minutes", "location", "kind", "room", "site_id", "device"})
    made = partial(Slot, clinic_id=caller.clinic_id, overruled=new.overrule, created_at=now, **same)
    return [made(id=new_id(), starts_at=at) for at in starts]


def slot_out(one: Slot, *, free: bool, away: bool) -> SlotOut:
    """A slot as it goes over the wire; `away` tells of an absence in which it begins."""
    closed = one.closed_at is not None
    told = {"free": free and not closed and not away, "closed": closed, "away": away}
    return SlotOut.model_validate({**values_of(one), **told})


async def change(database: Database, caller: Caller, *, slot_id: UUID, given: SlotChange, now: datetime) -> SlotOut:
    """Closes a slot that nobody holds, opens it again, or says where it is instead.

    Raises:
        Problem: 404 where the clinic has none, 409 for one that is booked: its patient knows it as it is.
    """
    require(caller, "add_slot")

    async def work(connection: AsyncConnection) -> SlotOut:
        one, free = await _held(connection, caller, slot_id)
        moved = given.model_fields_set & {"location", "room", "site_id", "device"}
        if not free and (given.closed or moved):
            raise Problem(409, "The slot is booked; move or cancel its appointment first.")
        changes: list[Setting] = []
        if given.closed is not None:
            changes.append(to(col(Slot.closed_at), now if given.closed else None))
        if given.closed:
            await withdraw_offer(connection, one.clinic_id, slot_id)
        if given.location is not None:
            changes.append(to(col(Slot.location), given.location))
        if "room" in moved:
            changes.append(to(col(Slot.room), given.room))
        if "site_id" in moved or given.closed is False:
            await check_open(connection, one.clinic_id, given.site_id if "site_id" in moved else one.site_id)
        if "site_id" in moved:
            changes.append(to(col(Slot.site_id), given.site_id))
        if "device" in moved:
            changes.append(to(col(Slot.device), given.device))
        if changes:
            this = (col(Slot.clinic_id) == one.clinic_id) & (col(Slot.id) == slot_id)
            await connection.execute(update(slot).where(this).ordered_values(*changes))
        await audit.record(connection, caller, action="change", resource="slot", patient_id=None, now=now)
        after = (await _held(connection, caller, slot_id))[0]
        if moved & {"room", "site_id", "device"} or given.closed is False:
            await hold_places(connection, one.clinic_id, after.room, after.device)
            await check_slots(connection, [needed_by(after)])
        if given.closed is False and one.closed_at is not None:
            await offer(connection, one.clinic_id, slot_id=slot_id, now=now)
        absent = select(away()).where(col(Slot.clinic_id) == one.clinic_id, col(Slot.id) == slot_id)
        return slot_out(after, free=free, away=(await connection.execute(absent)).scalar_one())

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
        await withdraw_offer(connection, caller.clinic_id, slot_id)
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


async def list_slots(
    database: Database,
    caller: Caller,
    *,
    first: datetime,
    last: datetime,
    free: bool | None,
    kind: str | None = None,
    site_id: UUID | None = None,
    limit: int,
    cursor: str | None,
) -> tuple[list[SlotOut], str | None]:
    """Slots that begin between two instants, the next first; 403 for who reads nothing of the clinic."""
    require(caller, "read")
    taken = func.coalesce(col(Appointment.id), col(Waiting.id))  # booked, or kept for somebody who waits
    query = (
        select(slot, taken.label("booking"), away().label("away"))
        .outerjoin(appointment, held())
        .outerjoin(waiting, kept())
        .where(col(Slot.clinic_id) == caller.clinic_id, col(Slot.starts_at) >= first, col(Slot.starts_at) < last)
    )
    if free is not None:
        open_ = and_(taken.is_(None), col(Slot.closed_at).is_(None), ~away())
        query = query.where(open_ if free else taken.is_not(None))
    if kind is not None:
        query = query.where(col(Slot.kind) == kind)
    if site_id is not None:
        query = query.where(col(Slot.site_id) == site_id)
    after = from_timed_cursor(cursor)
    if after is not None:
        query = query.where(tuple_(col(Slot.starts_at), col(Slot.id)) > tuple_(*after))
    ordered = query.order_by(col(Slot.starts_at), col(Slot.id)).limit(limit + 1)
    async with database.read(aside=True) as connection:
        shown = await in_turns(
            await connection.execute(ordered),
            lambda one: slot_out(
                whole(Slot, one), free=one._mapping["booking"] is None, away=bool(one._mapping["away"])
            ),
        )
    if caller.role == "patient":  # the reason is the staff's to know
        shown = [one.model_copy(update={"overruled": None}) for one in shown]
    return page(shown, limit, lambda one: to_timed_cursor(one.starts_at, one.id))


@dataclass(frozen=True)
class AgendaItem:
    """A slot with its clinician, where it is booked the appointment and the patient with their number, and for whom it is
    kept.
    """

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
    room: str | None
    device: str | None
    overruled: str | None
    away: bool
    overtaken: bool
    kept_for: str | None
    kept_for_id: UUID | None
    kept_until: datetime | None
    site: str | None
    phone: str | None
    born_on: date | None

    @property
    def where(self) -> str:
        """Room or location, and the site where the clinic has several."""
        return ", ".join(filter(None, (self.room or self.location, self.site)))

    def stands(self, now: datetime) -> str:
        """In a word or two, whether it can be had."""
        if self.booking is not None:
            return "booked"
        if self.closed_at is not None:
            return "closed"
        if self.away:
            return "away"
        if self.starts_at <= now:
            return "not taken"
        return "free" if self.kept_for is None else f"kept for {self.kept_for}"


async def agenda(
    database: Database, caller: Caller, *, first: datetime, last: datetime, now: datetime
) -> list[AgendaItem]:
    """The clinic's slots between two instants, the next first, with whoever has booked each."""
    between = and_(col(Slot.starts_at) >= first, col(Slot.starts_at) < last)
    async with database.read() as connection:
        found = (await connection.execute(_agenda(caller, now).where(between))).all()
    return await _seen(database, caller, [AgendaItem(*one) for one in found], now=now)


async def to_be_moved(database: Database, caller: Caller, *, now: datetime) -> list[AgendaItem]:
    """The appointments to come that nobody of the clinic would be there for, the next first; fifty at most."""
    query = _agenda(caller, now).where(col(Slot.starts_at) > now, overtaken(now)).limit(MOST_TO_MOVE)
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    return await _seen(database, caller, [AgendaItem(*one) for one in found], now=now)


async def _seen(database: Database, caller: Caller, items: list[AgendaItem], *, now: datetime) -> list[AgendaItem]:
    named = [one for item in items for one in (item.patient_id, item.kept_for_id)]
    await audit.record_list(database, caller, resource="appointments", patients=named, now=now)
    return items


async def read(database: Database, caller: Caller, *, slot_id: UUID, now: datetime) -> AgendaItem:
    """One slot of the clinic, with whoever has booked it.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    async with database.read() as connection:
        found = (await connection.execute(_agenda(caller, now).where(col(Slot.id) == slot_id))).first()
    if found is None:
        raise not_found("slot")
    one = AgendaItem(*found)
    named = [one.patient_id, one.kept_for_id]
    await audit.record_list(database, caller, resource="slot", patients=named, now=now)
    return one


def _agenda(caller: Caller, now: datetime) -> RowQuery:
    """A query for the columns of `AgendaItem`, of the caller's clinic."""
    keeper = patient.alias("keeper")
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
            col(Slot.room),
            col(Slot.device),
            col(Slot.overruled),
            away(),
            func.coalesce(overtaken(now), false()),
            keeper.c.name,
            keeper.c.id.label("kept_for_id"),
            col(Waiting.offered_until),
            col(ClinicSite.name).label("site"),
            col(Patient.phone),
            col(Patient.born_on),
        )
        .select_from(slot)
        .outerjoin(
            table(ClinicSite),
            and_(col(ClinicSite.clinic_id) == col(Slot.clinic_id), col(ClinicSite.id) == col(Slot.site_id)),
        )
        .join(account, of_clinician)
        .outerjoin(appointment, held())
        .outerjoin(patient, theirs)
        .outerjoin(waiting, kept())
        .outerjoin(keeper, and_(keeper.c.clinic_id == col(Waiting.clinic_id), keeper.c.id == col(Waiting.patient_id)))
        .where(reach(caller, "work_review", clinic_id=col(Slot.clinic_id), patient_id=None))
    )
    return query.order_by(col(Slot.starts_at), col(Slot.id))


def window(first: datetime | None, last: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """From and to; a year from now where they are left out."""
    begin = first or now
    return begin, last or begin + timedelta(days=366)
