"""The outbox: a message is stored in the transaction of the change it reports, and turned into deliveries later.

So a message is sent if, and only if, that change was committed.
"""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.access.consent.tables import said
from app.alerts.messages.tables import Address, Delivery, Message
from app.base.store.metadata import new_id
from app.base.store.prepared import Connection, first_of, prepared_insert_new
from app.base.store.statements import insert_new_for
from app.base.store.typed import col, row, table, to, wholes
from app.rules.words import STAFF

address, message, delivery = table(Address), table(Message), table(Delivery)
POST = prepared_insert_new(insert_new_for(message, "clinic_id", "key"), message)
AT_ONCE = 200
KEPT_FOR = timedelta(days=90)
Topic = Literal[
    "flag.raised",
    "flag.handed",
    "flag.escalated",
    "review.opened",
    "review.decided",
    "slot.freed",
    "waiting.offered",
    "appointment.booked",
    "appointment.moved",
    "appointment.cancelled",
    "appointment.confirmed",
    "appointment.reminder",
    "patient.asked",
    "diary.reminder",
    "diary.asked",
    "address.confirm",
    "account.reset",
]
CONFIRM: Final = "address.confirm"
RESET: Final = "account.reset"
OF_CODES = (CONFIRM, RESET)  # those that hold a code
Audience = Literal["staff", "account", "patient", "address"]


async def post(
    connection: Connection,
    clinic_id: UUID,
    *,
    topic: Topic,
    key: str,
    about: dict[str, str],
    now: datetime,
    audience: Audience = "staff",
    account_id: UUID | None = None,
) -> None:
    """Stores a message that something has happened; the same topic and key a second time change nothing.

    Args:
        about: ids of what it is about: no name, no day of a diary, nothing about anybody's health.
        audience: whom it concerns: the clinic's staff, one account, the patient it is about, or one address.
        account_id: that account; with `staff`, whoever has done it and need not be told.
    """
    whose = about.get("patient_id")
    values = row(
        Message,
        clinic_id=clinic_id,
        id=new_id(),
        key=f"{topic} {key}",
        topic=topic,
        audience=audience,
        account_id=account_id,
        patient_id=None if whose is None else UUID(whose),
        about=about,
        created_at=now,
    )
    await first_of(connection, POST, values)


async def spread(connection: AsyncConnection, now: datetime) -> int:
    """Turns stored messages into deliveries, one per address; returns how many messages.

    Several processes may do so at once: PostgreSQL skips rows that another holds, and SQLite has one writer at a time.
    """
    waiting = select(message).where(col(Message.spread_at).is_(None)).order_by(col(Message.created_at)).limit(AT_ONCE)
    messages = wholes(Message, (await connection.execute(waiting.with_for_update(skip_locked=True))).all())
    for one in messages:
        found = (await connection.execute(_addresses_of(one))).all()
        chosen = one.audience == "address"  # a code goes to the address that it is for, whatever its topics
        made = [
            row(
                Delivery,
                clinic_id=one.clinic_id,
                id=new_id(),
                message_id=one.id,
                address_id=address_id,
                state="waiting",
                attempts=0,
                due_at=now,
                created_at=now,
            )
            for address_id, topics in found
            if chosen or topics is None or one.topic in topics
        ]
        if made:
            await connection.execute(insert(delivery), made)
        this = and_(col(Message.clinic_id) == one.clinic_id, col(Message.id) == one.id)
        await connection.execute(update(message).where(this).ordered_values(to(col(Message.spread_at), now)))
    return len(messages)


def _addresses_of(one: Message) -> Select[UUID, list[str] | None]:
    """The addresses that a message concerns, before their topics are applied; webhooks get every audience."""
    same = and_(col(Account.clinic_id) == col(Address.clinic_id), col(Account.id) == col(Address.account_id))
    query = select(col(Address.id), col(Address.topics)).join(account, same)
    query = query.where(col(Address.clinic_id) == one.clinic_id)
    if one.audience == "address":
        return query.where(col(Address.id) == UUID(one.about["address_id"]))
    whose = {
        "account": col(Account.id) == one.account_id,
        "patient": and_(col(Account.patient_id) == one.patient_id, ~_refused(one)),
        "staff": and_(col(Account.role).in_(STAFF), col(Account.id).is_distinct_from(one.account_id)),
    }[one.audience]
    system = col(Address.channel) == "webhook"
    reachable = and_(whose, col(Address.confirmed_at).is_not(None), col(Account.disabled_at).is_(None))
    return query.where(or_(system, reachable)).order_by(col(Address.id))


def _refused(one: Message) -> ColumnElement[bool]:
    """Whether the patient's last word on messages is no."""
    return said("messages", False, clinic_id=literal(one.clinic_id), patient_id=literal(one.patient_id))


async def forget(connection: AsyncConnection, now: datetime) -> int:
    """Deletes messages older than KEPT_FOR that nothing waits for; returns how many, at most AT_ONCE."""
    waits = select(col(Delivery.message_id)).where(
        col(Delivery.clinic_id) == col(Message.clinic_id), col(Delivery.state) == "waiting"
    )
    old = (
        select(col(Message.clinic_id), col(Message.id))
        .where(
            col(Message.created_at) < now - KEPT_FOR, col(Message.spread_at).is_not(None), col(Message.id).not_in(waits)
        )
        .limit(AT_ONCE)
    )
    keys = [tuple(one) for one in (await connection.execute(old)).all()]
    if keys:
        await connection.execute(delete(message).where(tuple_(col(Message.clinic_id), col(Message.id)).in_(keys)))
    return len(keys)


async def waiting_since(connection: AsyncConnection, now: datetime) -> tuple[float, int, int]:
    """Seconds that the oldest message or delivery is overdue, how many wait, and how many are dead letters."""
    unspread = (
        await connection.execute(
            select(func.min(col(Message.created_at)), func.count()).where(col(Message.spread_at).is_(None))
        )
    ).one()
    late = (
        await connection.execute(
            select(func.min(col(Delivery.due_at)), func.count()).where(
                col(Delivery.state) == "waiting", col(Delivery.due_at) <= now
            )
        )
    ).one()
    dead = (await connection.execute(select(func.count()).where(col(Delivery.state) == "dead"))).scalar_one()
    since = min((one[0] for one in (unspread, late) if one[0] is not None), default=now)
    return max(0.0, (now - since).total_seconds()), unspread[1] + late[1], dead
