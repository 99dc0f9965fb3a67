"""Putting a patient on the waiting list, and what the patient waits for."""

from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.accounts.service import is_staff
from app.access.audit import service as audit
from app.access.audit.schemas import AuditAction
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.statements import insert_new
from app.base.store.typed import col, for_row, row, table, to, whole
from app.record.facts.death import refuse_after_death
from app.record.patients import service as patients
from app.record.patients.service import today_of
from app.work.calendar.offers import offer
from app.work.calendar.schemas import WaitingIn, WaitingOut
from app.work.calendar.tables import Slot, Waiting
from app.work.calendar.waiting import WaitingPatient, find_waiting, fits, free_slots, waiting_query, with_fits

slot, waiting = table(Slot), table(Waiting)
WISHES = ("minutes", "first_on", "last_on", "clinician_id", "note")


async def add(database: Database, caller: Caller, *, new: WaitingIn, once: IdempotentCall, now: datetime) -> Answer:
    """Puts a patient on the list; who waits for a slot of that kind already keeps the place (200), with the new wishes.

    Raises:
        Problem: 403, 404 for a patient out of reach, 409 where the place ends in this moment, 422 for what does not fit.
    """
    require(caller, "work_review")
    if new.first_on is not None and new.last_on is not None and new.last_on < new.first_on:
        raise bad_field("/last_on", "lies before `first_on`")

    async def work(connection: AsyncConnection) -> Answer:
        await _check(connection, caller, new=new, now=now)
        values = row(
            Waiting,
            clinic_id=caller.clinic_id,
            id=new_id(),
            patient_id=new.patient_id,
            clinician_id=new.clinician_id,
            kind=new.kind,
            open_kind=new.kind,
            minutes=new.minutes,
            first_on=new.first_on,
            last_on=new.last_on,
            note=new.note,
            state="waiting",
            created_at=now,
        )
        made = await connection.execute(insert_new(connection, waiting, "clinic_id", "patient_id", "open_kind"), values)
        one = await _place(connection, caller, new)
        did: AuditAction = "create" if made.rowcount else "read"
        if any(getattr(one.place, wish) != getattr(new, wish) for wish in WISHES):
            did = "change"
            await _wish_anew(connection, one, new, now=now)
            one = await _place(connection, caller, new)
        await audit.record(connection, caller, action=did, resource="waiting", patient_id=new.patient_id, now=now)
        (body,) = with_fits([one], await free_slots(connection, caller.clinic_id, now), now)
        return Answer(to_wire(WaitingOut, body), 201 if made.rowcount else 200, patient_id=new.patient_id)

    return await audit.once(database, caller, once, now=now, work=work)


async def _check(connection: AsyncConnection, caller: Caller, *, new: WaitingIn, now: datetime) -> None:
    person = await patients.find(connection, caller, patient_id=new.patient_id)
    await refuse_after_death(connection, caller.clinic_id, new.patient_id)
    if new.last_on is not None and new.last_on < today_of(person.time_zone, now):
        raise bad_field("/last_on", "is over")
    if new.clinician_id is not None and not await is_staff(
        connection, caller.clinic_id, new.clinician_id, role="clinician"
    ):
        raise bad_field("/clinician_id", "is no clinician of this clinic")


async def _place(connection: AsyncConnection, caller: Caller, new: WaitingIn) -> WaitingPatient:
    mine = and_(col(Waiting.clinic_id) == caller.clinic_id, col(Waiting.patient_id) == new.patient_id)
    theirs = waiting_query().where(mine, col(Waiting.open_kind) == new.kind).with_for_update(of=waiting)
    found = await find_waiting(connection, theirs)
    if not found:
        raise Problem(409, "The place on the list has ended in this moment; send it again for a new one.")
    return found[0]


async def _wish_anew(connection: AsyncConnection, one: WaitingPatient, new: WaitingIn, *, now: datetime) -> None:
    """Waits for something else from the same place; what is offered and no longer fits goes to the next."""
    place = one.place
    this = and_(col(Waiting.clinic_id) == place.clinic_id, col(Waiting.id) == place.id)
    changed = place.model_copy(update={wish: getattr(new, wish) for wish in WISHES})
    settings = [
        to(col(Waiting.minutes), new.minutes),
        to(col(Waiting.first_on), new.first_on),
        to(col(Waiting.last_on), new.last_on),
        to(col(Waiting.clinician_id), new.clinician_id),
        to(col(Waiting.note), new.note),
    ]
    freed = await _offered(connection, place)
    if freed is not None and not fits(WaitingPatient(changed, one.time_zone, one.name), freed):
        settings += [to(col(Waiting.offered_slot_id), None), to(col(Waiting.offered_until), None)]
    else:
        freed = None
    await connection.execute(update(waiting).where(this).ordered_values(*for_row(settings, place.clinic_id, place.id)))
    if freed is not None:
        await offer(connection, place.clinic_id, slot_id=freed.id, now=now)


async def _offered(connection: AsyncConnection, place: Waiting) -> Slot | None:
    if place.offered_slot_id is None:
        return None
    this = and_(col(Slot.clinic_id) == place.clinic_id, col(Slot.id) == place.offered_slot_id)
    found = (await connection.execute(select(slot).where(this))).first()
    return None if found is None else whole(Slot, found)
