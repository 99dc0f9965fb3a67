"""Addresses and webhooks: adding, confirming, removing; and the list of deliveries."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.audit import service as audit
from app.access.factors.service import check_password
from app.alerts.messages.outbox import CONFIRM, address, message, post
from app.alerts.messages.schemas import AddressOut, Channel, DeliveryOut, EmailIn, PushIn, WebhookIn, WebhookOut
from app.alerts.messages.sending import replay
from app.alerts.messages.tables import RESETS, Address, Delivery, Message
from app.alerts.messages.webhook import new_secret
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.outgoing import fault_of
from app.base.http.paging import from_cursor, page, to_cursor
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row_of, to, whole, wholes

MOST = 10  # addresses an account, webhooks a clinic
CODE_HOLDS = timedelta(days=1)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that looks like another


async def add_address(
    database: Database,
    caller: Caller,
    *,
    settings: Settings,
    new: EmailIn | PushIn,
    once: IdempotentCall,
    now: datetime,
) -> Answer:
    """Adds an address of the caller's own; a mail address gets a code first.

    Raises:
        Problem: 422 for a channel that this service is not set up for, 409 for one too many.
    """
    require(caller, "be_told")
    if isinstance(new, EmailIn) and settings.smtp_url is None:
        raise bad_field("/channel", "this service is not set up to send mail")
    if isinstance(new, PushIn) and settings.push_key is None:
        raise bad_field("/channel", "this service is not set up for Web Push")
    fault = fault_of(new.endpoint, settings.private_targets) if isinstance(new, PushIn) else None
    if fault is not None:
        raise bad_field("/endpoint", fault)
    code = "".join(secrets.choice(LETTERS) for _ in range(8))
    code = f"{code[:4]}-{code[4:]}"
    if isinstance(new, EmailIn):
        target = {"email": new.email}
        if new.password is not None:
            await check_password(database, caller, new.password.get_secret_value())
            target[RESETS] = "yes"
        made = _new(caller, new.channel, target, locale=new.locale, topics=new.topics, now=now)
        made.code_hash, made.code_until = _hash(code), now + CODE_HOLDS
    else:
        target = {"endpoint": new.endpoint, **new.keys.model_dump()}
        made = _new(caller, new.channel, target, locale=new.locale, topics=new.topics, now=now)
        made.confirmed_at = now

    async def work(connection: AsyncConnection) -> Answer:
        await _make_room(connection, _mine(caller))
        await connection.execute(insert(address).values(row_of(made)))
        if isinstance(new, EmailIn):
            told = {"address_id": str(made.id), "code": code}
            key = str(made.id)
            await post(connection, caller.clinic_id, topic=CONFIRM, key=key, about=told, now=now, audience="address")
        await audit.record(
            connection, caller, action="create", resource="address", patient_id=caller.patient_id, now=now
        )
        return Answer(to_wire(AddressOut, out(made)), patient_id=caller.patient_id)

    return await audit.once(database, caller, once, now=now, work=work)


async def confirm(database: Database, caller: Caller, *, address_id: UUID, code: str, now: datetime) -> AddressOut:
    """Confirms a mail address of the caller by the code that was mailed to it.

    Raises:
        Problem: 404 for an address that is not the caller's, 422 for a code that is wrong or too old.
    """

    require(caller, "be_told")

    async def work(connection: AsyncConnection) -> AddressOut:
        this = and_(_mine(caller), col(Address.id) == address_id)
        found = (await connection.execute(select(address).where(this).with_for_update())).first()
        if found is None:
            raise not_found("address")
        one = whole(Address, found)
        if one.confirmed_at is None:
            right = hmac.compare_digest(one.code_hash or "", _hash(code.strip().upper()))
            if not right or one.code_until is None or one.code_until < now:
                raise bad_field("/code", "is not the one that was mailed, or is older than a day")
            await connection.execute(
                update(address)
                .where(this)
                .ordered_values(to(col(Address.confirmed_at), now), to(col(Address.code_hash), None))
            )
        one.confirmed_at = now
        return out(one)

    return await database.write(work)


async def list_addresses(database: Database, caller: Caller) -> list[AddressOut]:
    """The caller's own addresses."""
    require(caller, "be_told")
    async with database.read() as connection:
        found = (await connection.execute(select(address).where(_mine(caller)).order_by(col(Address.id)))).all()
    return [out(one) for one in wholes(Address, found)]


async def remove_address(database: Database, caller: Caller, *, address_id: UUID, now: datetime) -> None:
    """Removes an address with its deliveries; 404 where the caller has no such address."""
    require(caller, "be_told")
    which = and_(_mine(caller), col(Address.id) == address_id)
    await _remove(database, caller, which=which, what="address", now=now, address_id=address_id)


async def add_webhook(
    database: Database, caller: Caller, *, settings: Settings, new: WebhookIn, once: IdempotentCall, now: datetime
) -> Answer:
    """Adds a webhook of the clinic's; its secret is in this answer and in no other."""
    require(caller, "manage_messages")
    fault = fault_of(new.url, settings.private_targets)
    if fault is not None:
        raise bad_field("/url", fault)
    secret = new_secret()

    async def work(connection: AsyncConnection) -> Answer:
        await _make_room(connection, _systems(caller))
        target = {"url": new.url, "secret": secret}
        made = _new(caller, "webhook", target, locale="en", topics=new.topics, now=now)
        made.confirmed_at = now
        await connection.execute(insert(address).values(row_of(made)))
        await audit.record(connection, caller, action="create", resource="webhook", patient_id=None, now=now)
        return Answer(to_wire(WebhookOut, {**out(made).model_dump(), "secret": secret}), secret=True)

    return await audit.once(database, caller, once, now=now, work=work)


async def list_webhooks(database: Database, caller: Caller) -> list[AddressOut]:
    """The clinic's webhooks, without their secrets."""
    require(caller, "manage_messages")
    async with database.read() as connection:
        found = (await connection.execute(select(address).where(_systems(caller)).order_by(col(Address.id)))).all()
    return [out(one) for one in wholes(Address, found)]


async def remove_webhook(database: Database, caller: Caller, *, address_id: UUID, now: datetime) -> None:
    """Removes a webhook with its deliveries; 404 where the clinic has no such webhook."""
    require(caller, "manage_messages")
    await _remove(
        database, caller, which=and_(_systems(caller), col(Address.id) == address_id), what="webhook", now=now
    )


async def list_deliveries(
    database: Database, caller: Caller, *, state: str | None, limit: int, cursor: str | None
) -> tuple[list[DeliveryOut], str | None]:
    """What became of the clinic's messages, the newest first."""
    require(caller, "manage_messages")
    same_address = and_(col(Address.clinic_id) == col(Delivery.clinic_id), col(Address.id) == col(Delivery.address_id))
    same_message = and_(col(Message.clinic_id) == col(Delivery.clinic_id), col(Message.id) == col(Delivery.message_id))
    query = (
        select(
            col(Delivery.id),
            col(Message.topic),
            col(Address.channel),
            col(Delivery.state),
            col(Delivery.attempts),
            col(Delivery.due_at),
            col(Delivery.fault),
            col(Delivery.sent_at),
            col(Delivery.created_at),
        )
        .join(address, same_address)
        .join(message, same_message)
        .where(col(Delivery.clinic_id) == caller.clinic_id)
    )
    if state is not None:
        query = query.where(col(Delivery.state) == state)
    before = from_cursor(cursor)
    if before is not None:
        query = query.where(col(Delivery.id) < before)
    async with database.read() as connection:
        found = (await connection.execute(query.order_by(col(Delivery.id).desc()).limit(limit + 1))).all()
    shown = [DeliveryOut.model_validate(one._mapping) for one in found]
    return page(shown, limit, lambda one: to_cursor(one.id))


async def replay_one(database: Database, caller: Caller, *, delivery_id: UUID, now: datetime) -> None:
    """Sends a dead letter again, under its old id.

    Raises:
        Problem: 404 where the clinic has no such delivery, 409 where it is no dead letter.
    """
    require(caller, "manage_messages")

    async def work(connection: AsyncConnection) -> None:
        this = and_(col(Delivery.clinic_id) == caller.clinic_id, col(Delivery.id) == delivery_id)
        state = (await connection.execute(select(col(Delivery.state)).where(this))).scalar_one_or_none()
        if state is None:
            raise not_found("delivery")
        if await replay(connection, now, one=delivery_id, since=None) == 0:
            says = "Its code is gone; add the address anew." if state == "dead" else f"The delivery is {state}."
            raise Problem(409, f"This is no dead letter to send again. {says}")

    await database.write(work)


def out(one: Address) -> AddressOut:
    """An address as it goes over the wire: no key and no secret."""
    shown = {
        "email": one.target.get("email"),
        "webhook": one.target.get("url"),
        "push": urlsplit(one.target.get("endpoint", "")).hostname,
    }[one.channel]
    return AddressOut(
        id=one.id,
        channel=cast(Channel, one.channel),
        shown=shown or "",
        locale=one.locale,
        topics=one.topics,
        confirmed=one.confirmed_at is not None,
        created_at=one.created_at,
    )


def _new(
    caller: Caller,
    channel: Channel,
    target: dict[str, str],
    *,
    locale: str,
    topics: Sequence[str] | None,
    now: datetime,
) -> Address:
    return Address(
        clinic_id=caller.clinic_id,
        id=new_id(),
        account_id=caller.account_id,
        channel=channel,
        target=target,
        locale=locale,
        topics=None if topics is None else list(topics),
        created_at=now,
    )


async def _make_room(connection: AsyncConnection, whose: ColumnElement[bool]) -> None:
    found = select(func.count()).select_from(address).where(whose)
    if (await connection.execute(found)).scalar_one() >= MOST:
        raise Problem(409, f"There are {MOST} already; take one away first.")


async def _remove(
    database: Database,
    caller: Caller,
    *,
    which: ColumnElement[bool],
    what: str,
    now: datetime,
    address_id: UUID | None = None,
) -> None:
    async def work(connection: AsyncConnection) -> None:
        if not (await connection.execute(delete(address).where(which))).rowcount:
            raise not_found(what)
        if address_id is not None:  # its code may still wait in the outbox, under the address's id
            of_code = and_(col(Message.clinic_id) == caller.clinic_id, col(Message.key) == f"{CONFIRM} {address_id}")
            await connection.execute(delete(message).where(of_code))
        await audit.record(connection, caller, action="delete", resource=what, patient_id=caller.patient_id, now=now)

    await database.write(work)


def _mine(caller: Caller) -> ColumnElement[bool]:
    own = and_(col(Address.clinic_id) == caller.clinic_id, col(Address.account_id) == caller.account_id)
    return and_(own, col(Address.channel) != "webhook")


def _systems(caller: Caller) -> ColumnElement[bool]:
    return and_(col(Address.clinic_id) == caller.clinic_id, col(Address.channel) == "webhook")


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
