"""The waiting list: which patients want a slot, and which free ones would fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, is_staff, reach
from app.access.audit import service as audit
from app.alerts.messages.outbox import post
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col, table, to, values_of, whole, wholes
from app.record.patients.service import patient, today_of
from app.record.patients.tables import Patient
from app.work.calendar.presence import away
from app.work.calendar.schemas import WaitingOut
from app.work.calendar.tables import Appointment, Slot, Waiting

slot, appointment, waiting = table(Slot), table(Appointment), table(Waiting)
SHOWN = 3  # fitting slots shown for each waiting patient
AHEAD = timedelta(days=366)
MOST = 500  # waiting patients listed; and free slots looked at


@dataclass(frozen=True)
class WaitingPatient:
    """A place on the waiting list, with the patient's time zone and name."""

    place: Waiting
    time_zone: str
    name: str


@dataclass(frozen=True)
class FreedSlot:
    """The appointment that was given up, whose slot is free again."""

    clinic_id: UUID
    appointment_id: UUID
    patient_id: UUID
    slot_id: UUID


async def list_waiting(
    database: Database, caller: Caller, *, patient_id: UUID | None, now: datetime
) -> list[WaitingOut]:
    """Who waits, the longest first, each with the first free slots that would fit; patients see their own places."""
    waits, free, offered = await read_waiting(database, caller, patient_id=patient_id, now=now)
    places = with_fits(waits, free, now, offered=offered)
    return places if is_staff(caller) else [one.model_copy(update={"note": None}) for one in places]


async def read_waiting(
    database: Database, caller: Caller, *, patient_id: UUID | None, now: datetime
) -> tuple[list[WaitingPatient], list[Slot], dict[UUID, Slot]]:
    """Who waits, the longest first; the clinic's free slots, not for patients; and the slots that are offered, by id."""
    query = waiting_query().where(
        reach(caller, "read", clinic_id=col(Waiting.clinic_id), patient_id=col(Waiting.patient_id)),
        col(Waiting.state) == "waiting",
    )
    if patient_id is not None:
        query = query.where(col(Waiting.patient_id) == patient_id)
    async with database.read() as connection:
        waits = await find_waiting(connection, query.order_by(col(Waiting.created_at), col(Waiting.id)).limit(MOST))
        free = await free_slots(connection, caller.clinic_id, now) if waits and caller.role != "patient" else []
        named = [who.place.offered_slot_id for who in waits if who.place.offered_slot_id is not None]
        theirs = select(slot).where(col(Slot.clinic_id) == caller.clinic_id, col(Slot.id).in_(named))
        offered = wholes(Slot, (await connection.execute(theirs)).all()) if named else []
    whose = [patient_id, *(who.place.patient_id for who in waits)]
    await audit.record_list(database, caller, resource="waiting", patients=whose, now=now)
    return waits, free, {one.id: one for one in offered}


async def of_patient(connection: AsyncConnection, caller: Caller, patient_id: UUID) -> list[Waiting]:
    """The places of a patient on the list, the longest wait first; for a page that is audited itself."""
    query = waiting_query().where(
        reach(caller, "read", clinic_id=col(Waiting.clinic_id), patient_id=col(Waiting.patient_id)),
        col(Waiting.state) == "waiting",
        col(Waiting.patient_id) == patient_id,
    )
    return [one.place for one in await find_waiting(connection, query.order_by(col(Waiting.created_at)))]


async def close_for(
    connection: AsyncConnection, one: Slot, *, patient_id: UUID, moved: bool, now: datetime
) -> list[UUID]:
    """Takes the patient off the list for slots of the kind that was just booked; returns what was kept for them besides.

    Who was booked already, and has only moved, still waits where the new slot is not what they wait for.
    """
    theirs = and_(
        col(Waiting.clinic_id) == one.clinic_id,
        col(Waiting.patient_id) == patient_id,
        col(Waiting.open_kind) == one.kind,
    )
    if moved and not any(fits(who, one) for who in await find_waiting(connection, waiting_query().where(theirs))):
        return []
    return [kept for kept in await close(connection, theirs, state="booked", now=now) if kept != one.id]


async def tell_of_freed(connection: AsyncConnection, freed: FreedSlot, now: datetime) -> None:
    """Tells the clinic's people when a slot is free again that another patient waits for."""
    own = select(slot).where(col(Slot.clinic_id) == freed.clinic_id, col(Slot.id) == freed.slot_id)
    found = (await connection.execute(own.where(col(Slot.starts_at) > now, ~away()))).first()
    if found is None:
        return
    one = whole(Slot, found)
    waits = await find_waiting(
        connection, waiting_query().where(col(Waiting.clinic_id) == freed.clinic_id, col(Waiting.state) == "waiting")
    )
    if any(fits(who, one) and who.place.patient_id != freed.patient_id for who in waits):
        about = {"slot_id": str(freed.slot_id)}
        await post(connection, freed.clinic_id, topic="slot.freed", key=str(freed.appointment_id), about=about, now=now)


async def offered_until(connection: AsyncConnection, one: Slot, *, but: UUID, now: datetime) -> datetime | None:
    """Until when a slot is kept for a waiting patient other than `but`; None where it is not."""
    theirs = and_(
        col(Waiting.clinic_id) == one.clinic_id,
        col(Waiting.offered_slot_id) == one.id,
        col(Waiting.offered_until) > now,
        col(Waiting.patient_id) != but,
    )
    return (await connection.execute(select(col(Waiting.offered_until)).where(theirs))).scalar_one_or_none()


def kept() -> ColumnElement[bool]:
    """Ties a slot to the place on the list that it is kept for."""
    return and_(col(Waiting.clinic_id) == col(Slot.clinic_id), col(Waiting.offered_slot_id) == col(Slot.id))


async def free_slots(
    connection: AsyncConnection, clinic_id: UUID, now: datetime, *alike: ColumnElement[bool]
) -> list[Slot]:
    """The clinic's free slots of the year to come, the next first; `alike`: conditions that they meet besides."""
    taken = and_(col(Appointment.clinic_id) == col(Slot.clinic_id), col(Appointment.holds_slot_id) == col(Slot.id))
    query = (
        select(slot)
        .outerjoin(appointment, taken)
        .outerjoin(waiting, kept())
        .where(col(Slot.clinic_id) == clinic_id, col(Appointment.id).is_(None), col(Slot.closed_at).is_(None))
        .where(col(Waiting.id).is_(None), ~away(), *alike)
        .where(col(Slot.starts_at) > now, col(Slot.starts_at) < now + AHEAD)
        .order_by(col(Slot.starts_at), col(Slot.id))
        .limit(MOST)
    )
    return wholes(Slot, (await connection.execute(query)).all())


def fits(who: WaitingPatient, one: Slot) -> bool:
    """Whether a slot meets what a patient waits for: kind, length, clinician, and the days in the patient's calendar."""
    on, place = today_of(who.time_zone, one.starts_at), who.place
    return (
        one.kind == place.kind
        and one.minutes >= place.minutes
        and place.clinician_id in (None, one.clinician_id)
        and (place.first_on is None or on >= place.first_on)
        and (place.last_on is None or on <= place.last_on)
    )


def with_fits(
    waits: Sequence[WaitingPatient], free: Sequence[Slot], now: datetime, *, offered: Mapping[UUID, Slot] | None = None
) -> list[WaitingOut]:
    """Places on the list as they go over the wire, each with the first free slots that would fit, and what is offered."""
    return [
        WaitingOut.model_validate(
            {
                **values_of(who.place),
                "waiting_days": max(0, (now - who.place.created_at).days),
                "offered": _offered(who.place, offered or {}),
                "fits": [{**values_of(one), "overruled": None, "free": True} for one in free if fits(who, one)][:SHOWN],
            }
        )
        for who in waits
    ]


def _offered(place: Waiting, offered: Mapping[UUID, Slot]) -> dict[str, object] | None:
    one = None if place.offered_slot_id is None else offered.get(place.offered_slot_id)
    return None if one is None else {**values_of(one), "overruled": None, "free": False}  # patients read it


async def close(
    connection: AsyncConnection, which: ColumnElement[bool], *, state: str, now: datetime, by: str | None = None
) -> list[UUID]:
    """Ends waits; returns the slots that were kept for them. `by` is what has ended them, where no person did."""
    waits = and_(which, col(Waiting.state) == "waiting")
    kept = select(col(Waiting.offered_slot_id)).where(waits, col(Waiting.offered_slot_id).is_not(None))
    offered = [one for (one,) in (await connection.execute(kept)).all() if one is not None]
    await connection.execute(
        update(waiting)
        .where(waits)
        .ordered_values(
            to(col(Waiting.state), state),
            to(col(Waiting.open_kind), None),
            to(col(Waiting.closed_at), now),
            to(col(Waiting.closed_by), by),
            to(col(Waiting.offered_slot_id), None),
            to(col(Waiting.offered_until), None),
        )
    )
    return offered


def waiting_query() -> RowQuery:
    """A query for the columns of `WaitingPatient`, of all clinics."""
    same = and_(col(Patient.clinic_id) == col(Waiting.clinic_id), col(Patient.id) == col(Waiting.patient_id))
    query: RowQuery = select(waiting, col(Patient.time_zone), col(Patient.name))
    return query.join(patient, same)


async def find_waiting(connection: AsyncConnection, query: RowQuery) -> list[WaitingPatient]:
    """The places on the list of a query that `waiting_query` began."""
    found = (await connection.execute(query)).all()
    return [WaitingPatient(whole(Waiting, one), one._mapping["time_zone"], one._mapping["name"]) for one in found]
