"""Read-only calendar feeds by secret address."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from icalendar import Calendar, Event
from sqlalchemy import Delete, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.base.http.pools import QUICK
from app.base.http.problems import not_found
from app.base.store.database import Database
from app.base.store.typed import col, row, table
from app.work.calendar.booked import Booked, appointments
from app.work.calendar.repeats import AHEAD
from app.work.calendar.tables import Appointment, Feed, Slot

feed = table(Feed)
BACK = timedelta(days=366)  # how long a feed still shows what is over
MOST = 2_000  # appointments in a feed


async def open_feed(database: Database, caller: Caller, now: datetime) -> str:
    """A new feed of the caller's appointments; its earlier addresses stop working. Returns the token."""
    require(caller, "be_told")
    require(caller, "read")  # an operator reads nothing of a calendar
    token = secrets.token_urlsafe(24)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(_mine(caller))
        values = row(
            Feed, token_hash=_hash(token), clinic_id=caller.clinic_id, account_id=caller.account_id, created_at=now
        )
        await connection.execute(insert(feed).values(values))

    await database.write(work)
    return token


async def revoke(database: Database, caller: Caller) -> None:
    """Revokes the caller's feed address; it is no error where there is none."""
    require(caller, "be_told")
    require(caller, "read")  # an operator reads nothing of a calendar

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(_mine(caller))

    await database.write(work)


async def read(database: Database, token: str, now: datetime) -> bytes:
    """The calendar behind a secret address: times and places, no name of a patient and no reason.

    Raises:
        Problem: 404 for an address that is unknown or was revoked.
    """
    owner = (
        select(col(Account.id), col(Account.clinic_id), col(Account.role), col(Account.patient_id))
        .join(feed, (col(Feed.clinic_id) == col(Account.clinic_id)) & (col(Feed.account_id) == col(Account.id)))
        .where(col(Feed.token_hash) == _hash(token), col(Account.disabled_at).is_(None))
    )
    async with database.read() as connection:
        who = (await connection.execute(owner)).first()
        if who is None:
            raise not_found("calendar")
        account_id, clinic_id, role, patient_id = who
        caller = Caller(account_id, clinic_id, role, patient_id)
        query = appointments().where(
            col(Appointment.clinic_id) == clinic_id, col(Slot.starts_at).between(now - BACK, now + AHEAD)
        )
        if role == "patient":
            query = query.where(col(Appointment.patient_id) == patient_id)
        elif role == "clinician":
            query = query.where(col(Slot.clinician_id) == account_id)
        latest = query.order_by(col(Slot.starts_at).desc(), col(Appointment.id)).limit(MOST)
        found = (await connection.execute(latest)).all()
    booked = [Booked(*one) for one in reversed(found)]
    named = [patient_id, *(one.patient_id for one in booked)]
    await audit.record_list(database, caller, resource="calendar", patients=named, now=now)
    return await QUICK.run(partial(to_ics, booked), clinic_id=clinic_id)


def to_ics(booked: Sequence[Booked]) -> bytes:
    """Appointments as iCalendar (RFC 5545); a cancelled one has STATUS:CANCELLED, so that readers remove it."""
    calendar = Calendar()
    calendar.add("prodid", "-//Reprieve//appointments//EN")
    calendar.add("version", "2.0")
    for one in booked:
        calendar.add_component(_event(one))
    return bytes(calendar.to_ical())


def _event(one: Booked) -> Event:
    event = Event()
    event.add("uid", f"{one.id}@reprieve")
    event.add("sequence", one.version)
    event.add("dtstamp", _changed_at(one))
    event.add("dtstart", one.starts_at)
    event.add("dtend", one.starts_at + timedelta(minutes=one.minutes))
    event.add("summary", "Appointment")
    event.add("location", one.location if one.room is None else f"{one.location}, {one.room}")
    event.add("status", {"cancelled": "CANCELLED", "booked": "TENTATIVE"}.get(one.state, "CONFIRMED"))
    return event


def _changed_at(one: Booked) -> datetime:
    """When an appointment was last changed: without a METHOD that is what DTSTAMP says (RFC 5545, 3.8.7.2)."""
    return datetime.fromisoformat(one.steps[-1]["at"]) if one.steps else one.created_at


def _mine(caller: Caller) -> Delete:
    return delete(feed).where(col(Feed.clinic_id) == caller.clinic_id, col(Feed.account_id) == caller.account_id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
