"""Addresses and webhooks: added, confirmed, removed; and what became of deliveries."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, relation_of
from app.access.audit import service as audit
from app.alerts.messages.outbox import address, delivery, message, post
from app.alerts.messages.schemas import AddressOut, EmailIn, PushIn, WebhookIn, WebhookOut
from app.alerts.messages.sending import replay, shown
from app.alerts.messages.webhook import new_secret
from app.base.http.conditional import from_cursor, to_cursor
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import new_id

MOST = 10  # addresses an account, webhooks a clinic
CODE_HOLDS = timedelta(days=1)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that looks like another


async def add_address(
    database: Database, caller: Caller, settings: Settings, new: EmailIn | PushIn, once: Once, now: datetime
) -> Answer:
    """Adds an address of the caller's own; a mail address gets a code first.

    Raises:
        Problem: 422 for a channel that this service is not set up for, 409 for one too many.
    """
    relation_of(caller, "be_told")
    if isinstance(new, EmailIn) and settings.smtp_url is None:
        raise bad_field("/channel", "this service is not set up to send mail")
    if isinstance(new, PushIn) and settings.push_key is None:
        raise bad_field("/channel", "this service is not set up for Web Push")
    code = "".join(secrets.choice(LETTERS) for _ in range(8))
    code = f"{code[:4]}-{code[4:]}"
    if isinstance(new, EmailIn):
        target: dict[str, Any] = {"email": new.email}
        state: dict[str, Any] = {"code_hash": _hash(code), "code_until": now + CODE_HOLDS, "confirmed_at": None}
    else:
        target = {"endpoint": new.endpoint, **new.keys.model_dump()}
        state = {"code_hash": None, "code_until": None, "confirmed_at": now}

    async def work(connection: AsyncConnection) -> Answer:
        await _make_room(connection, _mine(caller))
        values = _values(caller, new.channel, target, new.locale, new.topics, now) | state
        await connection.execute(insert(address).values(values))
        if isinstance(new, EmailIn):
            told = {"address_id": str(values["id"]), "code": code}
            await post(
                connection, caller.clinic_id, "address.confirm", str(values["id"]), told, now, audience="address"
            )
        await audit.record(connection, caller, "create", "address", caller.patient_id, now)
        return Answer(to_wire(AddressOut, out(values)), patient_id=caller.patient_id)

    return await once.run(database, caller.account_id, now, work)


async def confirm(database: Database, caller: Caller, address_id: UUID, code: str, now: datetime) -> dict[str, Any]:
    """Shows that the mail address is the caller's.

    Raises:
        Problem: 404 for an address that is none of hers, 422 for a code that is wrong or too old.
    """

    async def work(connection: AsyncConnection) -> dict[str, Any]:
        this = and_(_mine(caller), address.c.id == address_id)
        row = (await connection.execute(select(address).where(this).with_for_update())).first()
        if row is None:
            raise not_found("address")
        if row.confirmed_at is None:
            right = hmac.compare_digest(row.code_hash or "", _hash(code.strip().upper()))
            if not right or row.code_until is None or row.code_until < now:
                raise bad_field("/code", "is not the one that was mailed, or is older than a day")
            await connection.execute(update(address).where(this).values(confirmed_at=now, code_hash=None))
        return out({**row._asdict(), "confirmed_at": now})

    return await database.write(work)


async def list_addresses(database: Database, caller: Caller) -> list[dict[str, Any]]:
    """The caller's own addresses."""
    async with database.read() as connection:
        rows = (await connection.execute(select(address).where(_mine(caller)).order_by(address.c.id))).all()
    return [out(row._asdict()) for row in rows]


async def remove_address(database: Database, caller: Caller, address_id: UUID, now: datetime) -> None:
    """Takes an address away, with what still waits for it; 404 where there is none that is hers."""
    await _remove(database, caller, and_(_mine(caller), address.c.id == address_id), "address", now)


async def add_webhook(
    database: Database, caller: Caller, settings: Settings, new: WebhookIn, once: Once, now: datetime
) -> Answer:
    """Adds a webhook of the clinic's; its secret is in this answer and in no other."""
    relation_of(caller, "manage_messages")
    if not new.url.startswith("https://") and not settings.private_targets:
        raise bad_field("/url", "must be an https address")
    secret = new_secret()

    async def work(connection: AsyncConnection) -> Answer:
        await _make_room(connection, _systems(caller))
        target = {"url": new.url, "secret": secret}
        values = _values(caller, "webhook", target, "en", new.topics, now) | {"confirmed_at": now}
        await connection.execute(insert(address).values(values))
        await audit.record(connection, caller, "create", "webhook", None, now)
        return Answer(to_wire(WebhookOut, {**out(values), "secret": secret}))

    return await once.run(database, caller.account_id, now, work)


async def list_webhooks(database: Database, caller: Caller) -> list[dict[str, Any]]:
    """The clinic's webhooks, without their secrets."""
    relation_of(caller, "manage_messages")
    async with database.read() as connection:
        rows = (await connection.execute(select(address).where(_systems(caller)).order_by(address.c.id))).all()
    return [out(row._asdict()) for row in rows]


async def remove_webhook(database: Database, caller: Caller, address_id: UUID, now: datetime) -> None:
    """Takes a webhook away, with what still waits for it; 404 where the clinic has none."""
    relation_of(caller, "manage_messages")
    await _remove(database, caller, and_(_systems(caller), address.c.id == address_id), "webhook", now)


async def list_deliveries(
    database: Database, caller: Caller, state: str | None, limit: int, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """What became of the clinic's messages, the newest first."""
    relation_of(caller, "manage_messages")
    same_address = and_(address.c.clinic_id == delivery.c.clinic_id, address.c.id == delivery.c.address_id)
    same_message = and_(message.c.clinic_id == delivery.c.clinic_id, message.c.id == delivery.c.message_id)
    query = select(delivery, message.c.topic, address.c.channel).join(address, same_address).join(message, same_message)
    query = query.where(delivery.c.clinic_id == caller.clinic_id)
    if state is not None:
        query = query.where(delivery.c.state == state)
    before = from_cursor(cursor)
    if before is not None:
        query = query.where(delivery.c.id < before)
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(delivery.c.id.desc()).limit(limit + 1))).all()
    following = to_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return [shown(row) for row in rows[:limit]], following


async def replay_one(database: Database, caller: Caller, delivery_id: UUID, now: datetime) -> None:
    """Sends a dead letter again, under its old id.

    Raises:
        Problem: 404 where the clinic has no such delivery, 409 where it is no dead letter.
    """
    relation_of(caller, "manage_messages")

    async def work(connection: AsyncConnection) -> None:
        this = and_(delivery.c.clinic_id == caller.clinic_id, delivery.c.id == delivery_id)
        row = (await connection.execute(select(delivery.c.state).where(this))).first()
        if row is None:
            raise not_found("delivery")
        if await replay(connection, now, delivery_id, None) == 0:
            raise Problem(409, f"The delivery is {row.state}, and no dead letter.")

    await database.write(work)


def out(values: dict[str, Any]) -> dict[str, Any]:
    """An address as it goes over the wire: no key and no secret."""
    target, channel = values["target"], values["channel"]
    seen = {"email": target.get("email"), "webhook": target.get("url"),
            "push": urlsplit(target.get("endpoint", "")).hostname}[channel]  # fmt: skip
    return {
        "id": values["id"], "channel": channel, "shown": seen, "locale": values["locale"], "topics": values["topics"],
        "confirmed": values["confirmed_at"] is not None, "created_at": values["created_at"]}  # fmt: skip


def _values(
    caller: Caller, channel: str, target: dict[str, Any], locale: str, topics: Any, now: datetime
) -> dict[str, Any]:
    return {
        "clinic_id": caller.clinic_id, "id": new_id(), "account_id": caller.account_id, "channel": channel,
        "target": target, "locale": locale, "topics": topics, "created_at": now}  # fmt: skip


async def _make_room(connection: AsyncConnection, whose: Any) -> None:
    found = select(func.count()).select_from(address).where(whose)
    if (await connection.execute(found)).scalar_one() >= MOST:
        raise Problem(409, f"There are {MOST} already; take one away first.")


async def _remove(database: Database, caller: Caller, which: Any, what: str, now: datetime) -> None:
    async def work(connection: AsyncConnection) -> None:
        if not (await connection.execute(delete(address).where(which))).rowcount:
            raise not_found(what)
        await audit.record(connection, caller, "delete", what, caller.patient_id, now)

    await database.write(work)


def _mine(caller: Caller) -> Any:
    own = and_(address.c.clinic_id == caller.clinic_id, address.c.account_id == caller.account_id)
    return and_(own, address.c.channel != "webhook")


def _systems(caller: Caller) -> Any:
    return and_(address.c.clinic_id == caller.clinic_id, address.c.channel == "webhook")


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
