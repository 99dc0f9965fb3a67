"""Setting a reminder, and sending those that are due."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.audit import service as audit
from app.alerts.messages.outbox import post
from app.answers.verdicts.tables import OutcomeRow
from app.base.http.problems import Problem, not_found
from app.base.store.database import Database
from app.base.store.statements import upsert
from app.base.store.typed import col, row_of, table, to, whole, wholes
from app.record.diary.tables import DiaryDay
from app.record.facts.death import died_on
from app.record.patients import service as patients
from app.rules.reminding import QUIET, is_asked, is_quiet, next_time
from app.work.reminders.schemas import ReminderIn, ReminderOut
from app.work.reminders.tables import Reminder

reminder = table(Reminder)
AT_ONCE = 200


def _mine(caller: Caller) -> UUID:
    """The caller's own record: who acts for somebody is not reminded in their place."""
    require(caller, "be_told")
    if caller.own_record is None:
        raise Problem(403, "Reminders are for patients themselves.")
    return caller.own_record


async def read(database: Database, caller: Caller) -> ReminderOut | None:
    """The caller's reminder; None where there is none."""
    _mine(caller)
    async with database.read() as connection:
        held = await _held(connection, caller)
    return None if held is None else _out(held)


async def put(database: Database, caller: Caller, *, given: ReminderIn, now: datetime) -> ReminderOut:
    """Sets the caller's reminder, in place of the one there was."""
    patient_id = _mine(caller)

    async def work(connection: AsyncConnection) -> ReminderOut:
        held = await _held(connection, caller)
        new = Reminder(
            clinic_id=caller.clinic_id,
            account_id=caller.account_id,
            patient_id=patient_id,
            at=given.at,
            time_zone=given.time_zone,
            next_at=next_time(time.fromisoformat(given.at), ZoneInfo(given.time_zone), now),
            last_on=None if held is None else held.last_on,
        )
        await connection.execute(upsert(connection, reminder, "clinic_id", "account_id"), row_of(new))
        await audit.record(connection, caller, action="change", resource="reminder", patient_id=patient_id, now=now)
        return _out(new)

    return await database.write(work)


async def remove(database: Database, caller: Caller, *, now: datetime) -> None:
    """Ends the caller's reminder; where there is none nothing changes."""
    patient_id = _mine(caller)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(reminder).where(_of(caller.clinic_id, caller.account_id)))
        await audit.record(connection, caller, action="delete", resource="reminder", patient_id=patient_id, now=now)

    await database.write(work)


async def put_off(database: Database, caller: Caller, *, minutes: int, now: datetime) -> ReminderOut:
    """Lets the reminder come later today, also where it came already; in the quiet hours it waits for tomorrow.

    Raises:
        Problem: 404 where there is none.
    """
    patient_id = _mine(caller)

    async def work(connection: AsyncConnection) -> ReminderOut:
        held = await _find(connection, caller)
        zone = ZoneInfo(held.time_zone)
        due = now + timedelta(minutes=minutes)
        if is_quiet(due.astimezone(zone).time()):
            due = next_time(max(QUIET[1], time.fromisoformat(held.at)), zone, due)
        held.next_at, held.last_on = due, None
        await connection.execute(
            update(reminder)
            .where(_of(held.clinic_id, held.account_id))
            .ordered_values(to(col(Reminder.next_at), held.next_at), to(col(Reminder.last_on), None))
        )
        await audit.record(connection, caller, action="change", resource="reminder", patient_id=patient_id, now=now)
        return _out(held)

    return await database.write(work)


async def ask_to_log(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> None:
    """The clinic asks a patient to write this week: one message a day at most; a second one that day changes nothing.

    Raises:
        Problem: 403, 404.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="record_contact")
        key = f"{person.id} {patients.today_of(person.time_zone, now)}"
        about = {"patient_id": str(person.id)}
        await post(connection, person.clinic_id, topic="diary.asked", key=key, about=about, now=now, audience="patient")
        await audit.record(connection, caller, action="create", resource="message", patient_id=person.id, now=now)

    await database.write(work)


async def remind_to_log(connection: AsyncConnection, now: datetime) -> int:
    """Sends the reminders that are due and not needless; returns how many were looked at."""
    due = select(reminder).where(col(Reminder.next_at) <= now).order_by(col(Reminder.next_at)).limit(AT_ONCE)
    found = wholes(Reminder, (await connection.execute(due.with_for_update(skip_locked=True))).all())
    for one in found:
        today = patients.today_of(one.time_zone, now)
        sent = await _is_due(connection, one, today)
        if sent:
            about = {"patient_id": str(one.patient_id)}
            key = f"{one.account_id} {one.next_at.isoformat()}"  # put off, it comes once more that day
            await post(
                connection, one.clinic_id, topic="diary.reminder", key=key, about=about, now=now, audience="patient"
            )
        following = next_time(time.fromisoformat(one.at), ZoneInfo(one.time_zone), now)
        await connection.execute(
            update(reminder)
            .where(_of(one.clinic_id, one.account_id))
            .ordered_values(
                to(col(Reminder.next_at), following), to(col(Reminder.last_on), today if sent else one.last_on)
            )
        )
    return len(found)


async def _is_due(connection: AsyncConnection, one: Reminder, today: date) -> bool:
    if await died_on(connection, one.clinic_id, one.patient_id) is not None:
        return False
    written = select(func.max(col(DiaryDay.date))).where(
        col(DiaryDay.clinic_id) == one.clinic_id,
        col(DiaryDay.patient_id) == one.patient_id,
        col(DiaryDay.content).is_not(None),
    )
    stands = (
        select(col(OutcomeRow.phase), col(OutcomeRow.since_on))
        .where(
            col(OutcomeRow.clinic_id) == one.clinic_id,
            col(OutcomeRow.patient_id) == one.patient_id,
            col(OutcomeRow.definition) == "half",
        )
        .order_by(col(OutcomeRow.performed_on).desc())
        .limit(1)
    )
    outcome = (await connection.execute(stands)).first()
    phase, since_on = (None, None) if outcome is None else (outcome[0], outcome[1])
    written_on = (await connection.execute(written)).scalar_one()
    return is_asked(today, written_on=written_on, last_on=one.last_on, phase=phase, since_on=since_on)


def _of(clinic_id: UUID, account_id: UUID) -> ColumnElement[bool]:
    return and_(col(Reminder.clinic_id) == clinic_id, col(Reminder.account_id) == account_id)


async def _held(connection: AsyncConnection, caller: Caller) -> Reminder | None:
    query = select(reminder).where(_of(caller.clinic_id, caller.account_id)).with_for_update()
    found = (await connection.execute(query)).first()
    return None if found is None else whole(Reminder, found)


async def _find(connection: AsyncConnection, caller: Caller) -> Reminder:
    found = await _held(connection, caller)
    if found is None:
        raise not_found("reminder")
    return found


def _out(one: Reminder) -> ReminderOut:
    return ReminderOut(at=one.at, time_zone=one.time_zone, next_at=one.next_at)
