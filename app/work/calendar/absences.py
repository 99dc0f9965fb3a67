"""Days on which a clinician is away, or the whole clinic is closed: no slot of theirs is free then."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require, require_staff
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import RowQuery, col, row, table, to, whole, wholes
from app.record.patients.service import today_of
from app.work.calendar.clashes import held
from app.work.calendar.local_times import midnight, zone_of
from app.work.calendar.offers import offer
from app.work.calendar.presence import away, comes, covers, overtakes
from app.work.calendar.schemas import AbsenceIn, AbsenceOut
from app.work.calendar.tables import Absence, Appointment, Slot, Waiting

absence, slot, appointment, waiting = table(Absence), table(Slot), table(Appointment), table(Waiting)
LONGEST = timedelta(days=366)
AHEAD = timedelta(days=5 * 366)
MOST = 1000  # absences listed
MOST_OFFERED = 20  # slots that are offered when an absence is taken back, the soonest first


async def add(database: Database, caller: Caller, *, new: AbsenceIn, once: IdempotentCall, now: datetime) -> Answer:
    """Records an absence; what is booked in it stays booked and is named, what is offered in it is taken back.

    Raises:
        Problem: 403; 422 for a clinician that is none, and for days that are over, too many or too far ahead.
    """
    require(caller, "add_slot")

    async def work(connection: AsyncConnection) -> Answer:
        zone = await zone_of(connection, caller.clinic_id)
        _check_days(new, today_of(zone, now))
        await _hold(connection, caller.clinic_id, new.clinician_id)
        absence_id = new_id()
        values = row(
            Absence,
            clinic_id=caller.clinic_id,
            id=absence_id,
            clinician_id=new.clinician_id,
            first_on=new.first_on,
            last_on=new.last_on,
            starts_at=midnight(new.first_on, zone),
            ends_at=_end(new.last_on, zone),
            reason=new.reason,
            created_at=now,
        )
        await connection.execute(insert(absence), values)
        await _come_after_bookings(connection, caller.clinic_id, absence_id)
        this = and_(col(Absence.clinic_id) == caller.clinic_id, col(Absence.id) == absence_id)
        one = whole(Absence, (await connection.execute(select(absence).where(this))).one())
        await _withdraw_offers(connection, one, now)
        await audit.record(connection, caller, action="create", resource="absence", patient_id=None, now=now)
        booked = await _booked(connection, caller.clinic_id, absences=[one], now=now)
        return Answer(to_wire(AbsenceOut, _out(one, booked)), 201, {"Location": f"/v1/absences/{one.id}"})

    return await audit.once(database, caller, once, now=now, work=work)


async def list_absences(
    database: Database, caller: Caller, *, first: date | None, last: date | None, now: datetime
) -> list[AbsenceOut]:
    """Absences that touch the days from `first` to `last`, the next first, each with the appointments that it overtakes.

    From today on by the clinic's clocks, and for a year, where they are left out.
    """
    require_staff(caller)
    if first is None:
        async with database.read() as connection:
            first = today_of(await zone_of(connection, caller.clinic_id), now)
    if last is None:
        last = first + LONGEST
    if first > last:
        raise bad_field("/from", "lies after `to`", where="query")
    query = (
        select(absence)
        .where(col(Absence.clinic_id) == caller.clinic_id, col(Absence.first_on) <= last, col(Absence.last_on) >= first)
        .order_by(col(Absence.starts_at), col(Absence.id))
        .limit(MOST)
    )
    async with database.read() as connection:
        found = wholes(Absence, (await connection.execute(query)).all())
        booked = await _booked(connection, caller.clinic_id, absences=found, now=now) if found else []
    return [_out(one, booked) for one in found]


async def remove(database: Database, caller: Caller, *, absence_id: UUID, now: datetime) -> None:
    """Deletes an absence; the slots in it are free again, and the soonest offered to who waits for such.

    Raises:
        Problem: 403, 404 where the clinic has none.
    """
    require(caller, "add_slot")

    async def work(connection: AsyncConnection) -> None:
        this = and_(col(Absence.clinic_id) == caller.clinic_id, col(Absence.id) == absence_id)
        covered = select(col(Slot.id)).select_from(slot).join(absence, covers()).where(this, col(Slot.starts_at) > now)
        waits = exists().where(col(Waiting.clinic_id) == caller.clinic_id, col(Waiting.state) == "waiting")
        booked = exists().where(held()).correlate(slot)
        wanted = covered.where(waits, ~booked, col(Slot.closed_at).is_(None))
        wanted = wanted.order_by(col(Slot.starts_at), col(Slot.id)).limit(MOST_OFFERED)
        ids = (await connection.execute(wanted)).all()
        if (await connection.execute(delete(absence).where(this))).rowcount == 0:
            raise not_found("absence")
        for (slot_id,) in ids:
            await offer(connection, caller.clinic_id, slot_id=slot_id, now=now)
        await audit.record(connection, caller, action="delete", resource="absence", patient_id=None, now=now)

    await database.write(work)


async def move_to_zone(connection: AsyncConnection, clinic_id: UUID, *, zone: str, now: datetime) -> None:
    """Sets the ends of the absences that are not over to the clinic's new clocks; their days stay."""
    theirs = select(absence).where(col(Absence.clinic_id) == clinic_id, col(Absence.ends_at) > now - timedelta(days=2))
    for one in wholes(Absence, (await connection.execute(theirs)).all()):
        ends = (
            to(col(Absence.starts_at), midnight(one.first_on, zone)),
            to(col(Absence.ends_at), _end(one.last_on, zone)),
        )
        this = and_(col(Absence.clinic_id) == clinic_id, col(Absence.id) == one.id)
        await connection.execute(update(absence).where(this).ordered_values(*ends))
        await _withdraw_offers(connection, one, now)


def _end(last_on: date, zone: str) -> datetime:
    return midnight(last_on + timedelta(days=1), zone)


def _check_days(new: AbsenceIn, today: date) -> None:
    if new.last_on < new.first_on:
        raise bad_field("/last_on", "lies before `first_on`")
    if new.last_on < today:
        raise bad_field("/last_on", "is over")
    if new.last_on - new.first_on >= LONGEST:
        raise bad_field("/last_on", "is over a year after `first_on`")
    if new.last_on - today > AHEAD:
        raise bad_field("/last_on", "is over five years ahead")


async def _hold(connection: AsyncConnection, clinic_id: UUID, clinician_id: UUID | None) -> None:
    """Locks who will be away: whoever books their time at once waits, and then sees the absence."""
    theirs = select(col(Account.id)).where(col(Account.clinic_id) == clinic_id, col(Account.role) == "clinician")
    if clinician_id is not None:
        theirs = theirs.where(col(Account.id) == clinician_id)
    held_now = (await connection.execute(theirs.order_by(col(Account.id)).with_for_update(key_share=True))).all()
    if clinician_id is not None and not held_now:
        raise bad_field("/clinician_id", "is no clinician of this clinic")


async def _come_after_bookings(connection: AsyncConnection, clinic_id: UUID, absence_id: UUID) -> None:
    """An absence that waited for its clinician's row is later than what was booked meanwhile, whatever the clocks say."""
    this = and_(col(Absence.clinic_id) == clinic_id, col(Absence.id) == absence_id)
    newest = (
        select(func.max(col(Appointment.created_at)))
        .select_from(absence)
        .join(slot, covers())
        .join(appointment, held())
        .where(this, col(Appointment.created_at) > col(Absence.created_at))
    )
    at = (await connection.execute(newest)).scalar_one_or_none()
    if at is not None:
        await connection.execute(update(absence).where(this).ordered_values(to(col(Absence.created_at), at)))


async def _withdraw_offers(connection: AsyncConnection, one: Absence, now: datetime) -> None:
    """Takes back what is offered in an absence; who waits keeps the place."""
    this = and_(col(Absence.clinic_id) == one.clinic_id, col(Absence.id) == one.id)
    await _withdraw(connection, select(slot).join(absence, covers()).where(this, _is_offered()), now)


async def withdraw_offers_in_absences(connection: AsyncConnection, now: datetime) -> int:
    """Takes back offers that were made in the moment in which an absence was recorded; returns how many slots those were.

    Neither of the two waits for the other, so neither sees the other; nobody could book such a slot.
    """
    return await _withdraw(connection, select(slot).where(_is_offered(), away()), now)


def _is_offered() -> ColumnElement[bool]:
    """Whether a slot is offered to somebody."""
    same = and_(col(Waiting.clinic_id) == col(Slot.clinic_id), col(Waiting.offered_slot_id) == col(Slot.id))
    return exists().where(same).correlate(slot)


async def _withdraw(connection: AsyncConnection, query: RowQuery, now: datetime) -> int:
    """Takes back the offers of slots; who waits keeps the place."""
    slots = wholes(Slot, (await connection.execute(query)).all())
    for one in slots:
        this = and_(col(Waiting.clinic_id) == one.clinic_id, col(Waiting.offered_slot_id) == one.id)
        people = (await connection.execute(select(col(Waiting.patient_id)).where(this).distinct())).all()
        nothing = to(col(Waiting.offered_slot_id), None), to(col(Waiting.offered_until), None)
        await connection.execute(update(waiting).where(this).ordered_values(*nothing))
        for (patient_id,) in people:
            await audit.record_of_command(
                connection, "change", "waiting", clinic_id=one.clinic_id, patient_id=patient_id, now=now
            )
    return len(slots)


async def _booked(
    connection: AsyncConnection, clinic_id: UUID, *, absences: list[Absence], now: datetime
) -> list[tuple[UUID, UUID]]:
    """The appointments to come that each absence has overtaken, as pairs of their ids."""
    query: RowQuery = (
        select(col(Absence.id), col(Appointment.id))
        .select_from(absence)
        .join(slot, covers())
        .join(appointment, held())
        .where(
            col(Absence.clinic_id) == clinic_id,
            col(Absence.id).in_([one.id for one in absences]),
            overtakes(),
            comes(now),
        )
        .order_by(col(Slot.starts_at), col(Appointment.id))
    )
    return [(of, booked) for of, booked in (await connection.execute(query)).all()]


def _out(one: Absence, booked: list[tuple[UUID, UUID]]) -> AbsenceOut:
    appointments = [appointment_id for of, appointment_id in booked if of == one.id]
    return AbsenceOut(
        id=one.id,
        clinician_id=one.clinician_id,
        first_on=one.first_on,
        last_on=one.last_on,
        reason=one.reason,
        appointments=appointments,
        created_at=one.created_at,
    )
