"""A freed slot is offered to those who wait for one like it, the longest waiting first, each with a time to answer."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.alerts.messages.outbox import post
from app.base.http.problems import Problem, not_found
from app.base.store.database import Database
from app.base.store.typed import col, table, to, whole, wholes
from app.record.facts.death import died_on
from app.record.patients.service import today_of
from app.rules.parameters import OFFER_ENDS_BEFORE, OFFER_STANDS
from app.work.calendar import waiting as places
from app.work.calendar.clashes import find_clash, needed_by
from app.work.calendar.presence import away
from app.work.calendar.reviews_to_book import may_be_booked
from app.work.calendar.tables import Appointment, Slot, Waiting

slot, appointment, waiting = table(Slot), table(Appointment), table(Waiting)
AT_ONCE = 200
MOST_TRIED = 40  # people whom a slot would fit, of whom it is asked whether they could have it
MOST_PASSED = 100  # slots that were declined, remembered for a place on the list


async def offer(
    connection: AsyncConnection, clinic_id: UUID, *, slot_id: UUID, but: UUID | None = None, now: datetime
) -> bool:
    """Offers a slot, where it is free, to the next who waits for one like it and can answer; whether somebody does.

    Who has no account can't answer, and stays for the clinic's people to call. `but` is the patient who gave it up.
    """
    booked = exists().where(col(Appointment.clinic_id) == clinic_id, col(Appointment.holds_slot_id) == slot_id)
    offered = exists().where(col(Waiting.clinic_id) == clinic_id, col(Waiting.offered_slot_id) == slot_id)
    this = and_(col(Slot.clinic_id) == clinic_id, col(Slot.id) == slot_id, col(Slot.closed_at).is_(None))
    found = (await connection.execute(select(slot).where(this, ~booked, ~offered, ~away()))).first()
    if found is None:
        return False
    one = whole(Slot, found)
    until = min(now + OFFER_STANDS, one.starts_at - OFFER_ENDS_BEFORE)
    if until <= now or await find_clash(connection, needed_by(one)) is not None:
        return False
    tried = 0
    async for who in _candidates(connection, one):
        if who.place.patient_id == but or not places.fits(who, one) or str(slot_id) in (who.place.passed or ()):
            continue
        tried += 1
        if tried > MOST_TRIED:
            return False
        if not await _can_take(connection, who, one, now=now):
            continue
        if await _set(connection, who.place, slot_id=slot_id, until=until, passed=who.place.passed or []):
            about = {"waiting_id": str(who.place.id), "patient_id": str(who.place.patient_id)}
            key = f"{who.place.id} {now.isoformat(timespec='milliseconds')}"  # a slot may come to be offered again
            await post(
                connection, clinic_id, topic="waiting.offered", key=key, about=about, now=now, audience="patient"
            )
            return True
    return False


async def _candidates(connection: AsyncConnection, one: Slot) -> AsyncIterator[places.WaitingPatient]:
    """Who waits for a slot like one and can answer, the longest waiting first, read some at a time."""
    can_answer = exists().where(
        col(Account.clinic_id) == col(Waiting.clinic_id),
        col(Account.patient_id) == col(Waiting.patient_id),
        col(Account.disabled_at).is_(None),
    )
    query = places.waiting_query().where(
        col(Waiting.clinic_id) == one.clinic_id,
        col(Waiting.state) == "waiting",
        col(Waiting.offered_slot_id).is_(None),
        col(Waiting.kind) == one.kind,
        col(Waiting.minutes) <= one.minutes,
        can_answer,
    )
    ordered = query.order_by(col(Waiting.created_at), col(Waiting.id)).limit(AT_ONCE)
    some = await places.find_waiting(connection, ordered)
    while some:
        for who in some:
            yield who
        last = some[-1].place
        after = tuple_(col(Waiting.created_at), col(Waiting.id)) > tuple_(last.created_at, last.id)
        some = await places.find_waiting(connection, ordered.where(after)) if len(some) == AT_ONCE else []


async def _can_take(connection: AsyncConnection, who: places.WaitingPatient, one: Slot, *, now: datetime) -> bool:
    """Whether nothing of a patient's stands against a slot that fits."""
    place = who.place
    if await died_on(connection, place.clinic_id, place.patient_id) is not None:
        return False
    if await find_clash(connection, needed_by(one, place.patient_id)) is not None:
        return False
    on = today_of(who.time_zone, one.starts_at)
    return one.kind != "procedure" or await may_be_booked(connection, place.clinic_id, place.patient_id, on=on, now=now)


async def whose(connection: AsyncConnection, caller: Caller, *, waiting_id: UUID) -> UUID:
    """Whose place on the list it is.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    within = reach(caller, "confirm", clinic_id=col(Waiting.clinic_id), patient_id=col(Waiting.patient_id))
    query = select(col(Waiting.patient_id)).where(col(Waiting.id) == waiting_id, within)
    found = (await connection.execute(query)).scalar_one_or_none()
    if found is None:
        raise not_found("place on the waiting list")
    return found


async def withdraw_offer(connection: AsyncConnection, clinic_id: UUID, slot_id: UUID) -> None:
    """Nobody is offered a slot any more that is not to be had."""
    this = and_(col(Waiting.clinic_id) == clinic_id, col(Waiting.offered_slot_id) == slot_id)
    nothing = to(col(Waiting.offered_slot_id), None), to(col(Waiting.offered_until), None)
    await connection.execute(update(waiting).where(this).ordered_values(*nothing))


async def mine(connection: AsyncConnection, caller: Caller, *, waiting_id: UUID, now: datetime) -> Waiting:
    """A place on the list to which a slot is offered, its row locked.

    Raises:
        Problem: 404 where there is none that the caller may know of, 409 where nothing is offered any more.
    """
    within = reach(caller, "confirm", clinic_id=col(Waiting.clinic_id), patient_id=col(Waiting.patient_id))
    query = select(waiting).where(col(Waiting.id) == waiting_id, within).with_for_update()
    found = (await connection.execute(query)).first()
    if found is None:
        raise not_found("place on the waiting list")
    one = whole(Waiting, found)
    if one.offered_slot_id is None or one.offered_until is None or one.offered_until <= now:
        raise Problem(409, "No slot is offered any more.")
    return one


async def decline(database: Database, caller: Caller, *, waiting_id: UUID, now: datetime) -> None:
    """Passes the offered slot on to the next; the patient keeps the place on the list."""

    async def work(connection: AsyncConnection) -> None:
        one = await mine(connection, caller, waiting_id=waiting_id, now=now)
        await _pass(connection, one, now)
        await audit.record(connection, caller, action="change", resource="waiting", patient_id=one.patient_id, now=now)

    await database.write(work)


async def withdraw(database: Database, caller: Caller, *, waiting_id: UUID, now: datetime) -> None:
    """Takes a patient off the list; patients may take themselves off. Doing it twice changes nothing.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """

    async def work(connection: AsyncConnection) -> None:
        within = reach(caller, "confirm", clinic_id=col(Waiting.clinic_id), patient_id=col(Waiting.patient_id))
        query = select(waiting).where(col(Waiting.id) == waiting_id, within)
        found = (await connection.execute(query)).first()
        if found is None:
            raise not_found("place on the waiting list")
        one = whole(Waiting, found)
        if one.state == "waiting":
            this = and_(col(Waiting.clinic_id) == one.clinic_id, col(Waiting.id) == one.id)
            for slot_id in await places.close(connection, this, state="withdrawn", now=now):
                await offer(connection, one.clinic_id, slot_id=slot_id, now=now)
            await audit.record(
                connection, caller, action="change", resource="waiting", patient_id=one.patient_id, now=now
            )

    await database.write(work)


async def pass_on(connection: AsyncConnection, now: datetime) -> int:
    """Passes on what nobody has answered in time; returns how many offers that were."""
    query = (
        select(waiting)
        .where(col(Waiting.state) == "waiting", col(Waiting.offered_until) <= now)
        .order_by(col(Waiting.clinic_id), col(Waiting.id))
        .limit(AT_ONCE)
        .with_for_update()
    )
    late = wholes(Waiting, (await connection.execute(query)).all())
    for one in late:
        await _pass(connection, one, now)
    return len(late)


async def _pass(connection: AsyncConnection, one: Waiting, now: datetime) -> None:
    assert one.offered_slot_id is not None
    passed = [*(one.passed or ()), str(one.offered_slot_id)][-MOST_PASSED:]
    await _set(connection, one, slot_id=None, until=None, passed=passed)
    await offer(connection, one.clinic_id, slot_id=one.offered_slot_id, now=now)


async def _set(
    connection: AsyncConnection, one: Waiting, *, slot_id: UUID | None, until: datetime | None, passed: list[str]
) -> bool:
    """Whether the place was still as it had been read: two that give slots back at once offer each to somebody else."""
    as_read = col(Waiting.offered_slot_id)
    done = await connection.execute(
        update(waiting)
        .where(col(Waiting.clinic_id) == one.clinic_id, col(Waiting.id) == one.id, col(Waiting.state) == "waiting")
        .where(as_read.is_(None) if one.offered_slot_id is None else as_read == one.offered_slot_id)
        .ordered_values(
            to(col(Waiting.offered_slot_id), slot_id),
            to(col(Waiting.offered_until), until),
            to(col(Waiting.passed), passed),
        )
    )
    return bool(done.rowcount)
