"""The waiting list: who wants a slot, and which free ones would fit. A person books; nobody is booked by a machine."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach, relation_of
from app.access.accounts.service import account
from app.access.audit import service as audit
from app.alerts.messages.outbox import post
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.base.store.statements import insert_new
from app.record.patients import service as patients
from app.record.patients.service import patient, today_of
from app.work.calendar.schemas import WaitingIn, WaitingOut
from app.work.calendar.tables import Appointment, Slot, Waiting

slot, appointment, waiting = columns(Slot), columns(Appointment), columns(Waiting)
SHOWN = 3  # fitting slots beside each who waits
AHEAD = timedelta(days=366)
MOST = 500  # who wait; and free slots that are looked at


async def add(database: Database, caller: Caller, new: WaitingIn, once: Once, now: datetime) -> Answer:
    """Puts a patient on the list; where she waits for such a slot already, answers that with 200.

    Raises:
        Problem: 403, 404 for a patient out of reach, 422 for what does not fit together.
    """
    relation_of(caller, "work_review")
    if new.first_on is not None and new.last_on is not None and new.last_on < new.first_on:
        raise bad_field("/last_on", "lies before `first_on`")

    async def work(connection: AsyncConnection) -> Answer:
        await patients.find(connection, caller, new.patient_id)
        if new.clinician_id is not None:
            theirs = and_(account.c.clinic_id == caller.clinic_id, account.c.id == new.clinician_id)
            found = select(account.c.id).where(theirs, account.c.role == "clinician")
            if (await connection.execute(found)).first() is None:
                raise bad_field("/clinician_id", "is no clinician of this clinic")
        values = {
            "clinic_id": caller.clinic_id, "id": new_id(), **new.model_dump(), "open_kind": new.kind, "state": "waiting",
            "review_id": None, "created_at": now, "closed_at": None}  # fmt: skip
        made = await connection.execute(insert_new(connection, waiting, "clinic_id", "patient_id", "open_kind"), values)
        mine = and_(waiting.c.clinic_id == caller.clinic_id, waiting.c.patient_id == new.patient_id)
        row = (await connection.execute(_waiting().where(mine, waiting.c.open_kind == new.kind))).one()
        if made.rowcount:
            await audit.record(connection, caller, "create", "waiting", new.patient_id, now)
        (body,) = with_fits([row], await free_slots(connection, caller.clinic_id, now), now)
        return Answer(to_wire(WaitingOut, body), 201 if made.rowcount else 200, patient_id=new.patient_id)

    return await once.run(database, caller.account_id, now, work)


async def list_waiting(
    database: Database, caller: Caller, patient_id: UUID | None, now: datetime
) -> list[dict[str, Any]]:
    """Who waits, the longest first, each with the first free slots that would fit; a patient sees her own."""
    query = _waiting().where(reach(caller, "read", waiting.c.clinic_id, waiting.c.patient_id))
    if patient_id is not None:
        query = query.where(waiting.c.patient_id == patient_id)
    async with database.read() as connection:
        ordered = query.where(waiting.c.state == "waiting").order_by(waiting.c.created_at, waiting.c.id)
        rows = (await connection.execute(ordered.limit(MOST))).all()
        free = await free_slots(connection, caller.clinic_id, now) if rows and caller.role != "patient" else []
    await audit.record_read(database, caller, "waiting", patient_id, now)
    return with_fits(rows, free, now)


async def withdraw(database: Database, caller: Caller, waiting_id: UUID, now: datetime) -> None:
    """Takes somebody off the list; a patient may take herself off. Doing it twice changes nothing.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """

    async def work(connection: AsyncConnection) -> None:
        within = reach(caller, "confirm", waiting.c.clinic_id, waiting.c.patient_id)
        row = (await connection.execute(select(waiting).where(waiting.c.id == waiting_id, within))).first()
        if row is None:
            raise not_found("place on the waiting list")
        if row.state == "waiting":
            await _close(connection, waiting.c.id == waiting_id, "withdrawn", now)
            await audit.record(connection, caller, "change", "waiting", row.patient_id, now)

    await database.write(work)


async def close_for(
    connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, slot_id: UUID, now: datetime
) -> None:
    """Takes her off the list for slots of the kind that she has just got."""
    kind = select(slot.c.kind).where(slot.c.clinic_id == clinic_id, slot.c.id == slot_id).scalar_subquery()
    hers = and_(waiting.c.clinic_id == clinic_id, waiting.c.patient_id == patient_id, waiting.c.open_kind == kind)
    await _close(connection, hers, "booked", now)


async def tell_of_freed(connection: AsyncConnection, freed: Row[Any], now: datetime) -> None:
    """Tells the clinic's people when a slot is free again that somebody waits for.

    Args:
        freed: the appointment that was given up, with the slot's columns.
    """
    if freed.starts_at <= now:
        return
    rows = (
        await connection.execute(_waiting().where(waiting.c.clinic_id == freed.clinic_id, waiting.c.state == "waiting"))
    ).all()
    own = select(slot).where(slot.c.clinic_id == freed.clinic_id, slot.c.id == freed.slot_id)
    one = (await connection.execute(own)).one()
    if any(fits(row, one) and row.patient_id != freed.patient_id for row in rows):
        about = {"slot_id": str(freed.slot_id)}
        await post(connection, freed.clinic_id, "slot.freed", str(freed.id), about, now)


async def free_slots(connection: AsyncConnection, clinic_id: UUID, now: datetime) -> Sequence[Row[Any]]:
    """The clinic's free slots of the year to come, the next first."""
    held = and_(appointment.c.clinic_id == slot.c.clinic_id, appointment.c.holds_slot_id == slot.c.id)
    query = (
        select(slot)
        .outerjoin(appointment, held)
        .where(slot.c.clinic_id == clinic_id, appointment.c.id.is_(None))
        .where(slot.c.starts_at > now, slot.c.starts_at < now + AHEAD)
        .order_by(slot.c.starts_at, slot.c.id)
        .limit(MOST)
    )
    return (await connection.execute(query)).all()


def fits(row: Row[Any], one: Row[Any]) -> bool:
    """Whether a slot is what somebody waits for: kind, length, clinician, and the days in her own calendar."""
    on = today_of(row.time_zone, one.starts_at)
    return (
        one.kind == row.kind
        and one.minutes >= row.minutes
        and row.clinician_id in (None, one.clinician_id)
        and (row.first_on is None or on >= row.first_on)
        and (row.last_on is None or on <= row.last_on)
    )


def with_fits(rows: Sequence[Row[Any]], free: Sequence[Row[Any]], now: datetime) -> list[dict[str, Any]]:
    """Who waits, as it goes over the wire."""
    return [
        {
            **row._asdict(),
            "waiting_days": max(0, (now - row.created_at).days),
            "fits": [{**s._asdict(), "free": True} for s in free if fits(row, s)][:SHOWN],
        }
        for row in rows
    ]


async def _close(connection: AsyncConnection, which: Any, state: str, now: datetime) -> None:
    values = {"state": state, "open_kind": None, "closed_at": now}
    await connection.execute(update(waiting).where(which, waiting.c.state == "waiting").values(values))


def _waiting() -> Any:
    same = and_(patient.c.clinic_id == waiting.c.clinic_id, patient.c.id == waiting.c.patient_id)
    return select(waiting, patient.c.time_zone, patient.c.name).join(patient, same)
