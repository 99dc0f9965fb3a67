"""Read-only calendar feeds by secret address."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from icalendar import Calendar, Event
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import account
from app.base.http.problems import not_found
from app.base.store.database import Database
from app.base.store.metadata import columns
from app.work.calendar.service import appointment, appointments, slot
from app.work.calendar.tables import Feed

feed = columns(Feed)


async def open_feed(database: Database, caller: Caller, now: datetime) -> str:
    """A new feed of the caller's appointments; its earlier addresses stop working. Answers the token."""
    token = secrets.token_urlsafe(24)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(_mine(caller))
        values = {
            "token_hash": _hash(token),
            "clinic_id": caller.clinic_id,
            "account_id": caller.account_id,
            "created_at": now,
        }
        await connection.execute(insert(feed).values(values))

    await database.write(work)
    return token


async def revoke(database: Database, caller: Caller) -> None:
    """Makes the caller's address useless; where there is none that is no error."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(_mine(caller))

    await database.write(work)


async def read(database: Database, token: str) -> bytes:
    """The calendar behind a secret address: times and places, no name of a patient and no reason.

    Raises:
        Problem: 404 for an address that is none, or was revoked.
    """
    owner = (
        select(account.c.id, account.c.clinic_id, account.c.role, account.c.patient_id)
        .join(feed, (feed.c.clinic_id == account.c.clinic_id) & (feed.c.account_id == account.c.id))
        .where(feed.c.token_hash == _hash(token))
    )
    async with database.read() as connection:
        who = (await connection.execute(owner)).first()
        if who is None:
            raise not_found("calendar")
        query = appointments().where(appointment.c.clinic_id == who.clinic_id)
        if who.role == "patient":
            query = query.where(appointment.c.patient_id == who.patient_id)
        elif who.role == "clinician":
            query = query.where(slot.c.clinician_id == who.id)
        rows = (await connection.execute(query.order_by(appointment.c.id))).all()
    return to_ics(rows)


def to_ics(rows: Any) -> bytes:
    """Appointments as iCalendar (RFC 5545); a cancelled one says so, so that it leaves the reader's calendar."""
    calendar = Calendar()
    calendar.add("prodid", "-//Reprieve//appointments//EN")
    calendar.add("version", "2.0")
    for row in rows:
        calendar.add_component(_event(row))
    return bytes(calendar.to_ical())


def _event(row: Row[Any]) -> Event:
    event = Event()
    event.add("uid", f"{row.id}@reprieve")
    event.add("sequence", row.version)
    event.add("dtstamp", row.created_at)
    event.add("dtstart", row.starts_at)
    event.add("dtend", row.starts_at + timedelta(minutes=row.minutes))
    event.add("summary", "Appointment")
    event.add("location", row.location)
    event.add("status", {"cancelled": "CANCELLED", "confirmed": "CONFIRMED"}.get(row.state, "TENTATIVE"))
    return event


def _mine(caller: Caller) -> Any:
    return delete(feed).where(feed.c.clinic_id == caller.clinic_id, feed.c.account_id == caller.account_id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
