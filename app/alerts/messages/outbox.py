"""The outbox: what has happened is written down in the transaction in which it happens, and turned into deliveries later.

So a message is sent if, and only if, what it tells of was kept.
"""

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, and_, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import account
from app.alerts.messages.tables import Address, Delivery, Message
from app.base.store.metadata import columns, new_id
from app.base.store.prepared import Connection
from app.base.store.statements import insert_new

address, message, delivery = columns(Address), columns(Message), columns(Delivery)
AT_ONCE = 200
KEPT_FOR = timedelta(days=90)
Topic = Literal[
    "flag.raised", "flag.handed", "flag.escalated", "review.opened", "review.decided", "slot.freed",
    "appointment.booked", "appointment.moved", "appointment.cancelled", "appointment.confirmed",
    "patient.asked", "address.confirm",
]  # fmt: skip
Audience = Literal["staff", "account", "patient", "address"]


async def post(
    connection: Connection,
    clinic_id: UUID,
    topic: Topic,
    key: str,
    about: dict[str, Any],
    now: datetime,
    audience: Audience = "staff",
    account_id: UUID | None = None,
) -> None:
    """Writes down that something has happened; the same key a second time changes nothing.

    Args:
        about: ids of what it is about: no name, no day of a diary, nothing about anybody's health.
        audience: whom it concerns: the clinic's staff, one account, the patient it is about, or one address.
        account_id: that account; with `staff`, whoever has done it and need not be told.
    """
    whose = about.get("patient_id")
    values = {
        "clinic_id": clinic_id, "id": new_id(), "key": f"{topic} {key}", "topic": topic, "audience": audience,
        "account_id": account_id, "patient_id": None if whose is None else UUID(whose), "about": about, "created_at": now,
        "spread_at": None,
    }  # fmt: skip
    await connection.execute(insert_new(connection, message, "clinic_id", "key"), values)


async def spread(connection: AsyncConnection, now: datetime) -> int:
    """Turns what was posted into deliveries, one an address; answers how many messages.

    Several may do so at once: PostgreSQL skips what another holds, and SQLite has one writer at a time.
    """
    waiting = select(message).where(message.c.spread_at.is_(None)).order_by(message.c.created_at).limit(AT_ONCE)
    rows = (await connection.execute(waiting.with_for_update(skip_locked=True))).all()
    for row in rows:
        found = (await connection.execute(_addresses_of(row))).all()
        chosen = row.audience == "address"  # a code goes to the address that it is for, whatever was asked for
        to = [one.id for one in found if chosen or one.topics is None or row.topic in one.topics]
        made = [
            {"clinic_id": row.clinic_id, "id": new_id(), "message_id": row.id, "address_id": one, "state": "waiting",
             "attempts": 0, "due_at": now, "created_at": now} for one in to
        ]  # fmt: skip
        if made:
            await connection.execute(insert(delivery), made)
        this = and_(message.c.clinic_id == row.clinic_id, message.c.id == row.id)
        await connection.execute(update(message).where(this).values(spread_at=now))
    return len(rows)


def _addresses_of(row: Row[Any]) -> Any:
    """The addresses that a message goes to, but for their choice of topics; a clinic's systems hear of everything."""
    same = and_(account.c.clinic_id == address.c.clinic_id, account.c.id == address.c.account_id)
    query = select(address.c.id, address.c.topics).join(account, same).where(address.c.clinic_id == row.clinic_id)
    if row.audience == "address":
        return query.where(address.c.id == UUID(row.about["address_id"]))
    whose = {
        "account": account.c.id == row.account_id,
        "patient": account.c.patient_id == row.patient_id,
        "staff": and_(account.c.role != "patient", account.c.id.is_distinct_from(row.account_id)),
    }[row.audience]
    system = address.c.channel == "webhook"
    return query.where(or_(system, and_(whose, address.c.confirmed_at.is_not(None)))).order_by(address.c.id)


async def forget(connection: AsyncConnection, now: datetime) -> int:
    """Takes away what was sent, or given up, a good while ago; answers how many messages."""
    waits = select(delivery.c.message_id).where(
        delivery.c.clinic_id == message.c.clinic_id, delivery.c.state == "waiting"
    )
    old = (
        select(message.c.clinic_id, message.c.id)
        .where(message.c.created_at < now - KEPT_FOR, message.c.spread_at.is_not(None), message.c.id.not_in(waits))
        .limit(AT_ONCE)
    )
    keys = [tuple(row) for row in (await connection.execute(old)).all()]
    if keys:
        await connection.execute(delete(message).where(tuple_(message.c.clinic_id, message.c.id).in_(keys)))
    return len(keys)


async def waiting_since(connection: AsyncConnection, now: datetime) -> tuple[float, int, int]:
    """Seconds that the oldest message or delivery is overdue, how many wait, and how many are dead letters."""
    unspread = (
        await connection.execute(
            select(func.min(message.c.created_at), func.count()).where(message.c.spread_at.is_(None))
        )
    ).one()
    late = (
        await connection.execute(
            select(func.min(delivery.c.due_at), func.count()).where(
                delivery.c.state == "waiting", delivery.c.due_at <= now
            )
        )
    ).one()
    dead = (await connection.execute(select(func.count()).where(delivery.c.state == "dead"))).scalar_one()
    since = min((row[0] for row in (unspread, late) if row[0] is not None), default=now)
    return max(0.0, (now - since).total_seconds()), unspread[1] + late[1], dead
