"""Sends what is due: claimed in one transaction, sent outside of any, marked in another.

Who dies in between leaves a claim that runs out, and it is sent again with the same id: at least once, never lost.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, and_, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.messages import mail, push, webhook
from app.alerts.messages.outbox import address, delivery, message, spread
from app.alerts.messages.safe_post import NotDelivered
from app.alerts.messages.texts import text
from app.base.settings import Settings
from app.base.store.database import Database

log = structlog.get_logger()
AT_ONCE = 32
CLAIM = timedelta(minutes=2)  # longer than any attempt takes
FIRST_WAIT, LONGEST_WAIT = 30.0, 6 * 3600.0  # seconds
MOST_ATTEMPTS = 12  # over some two days; then it is a dead letter


@dataclass(frozen=True)
class Attempt:
    """A delivery that this process has claimed, with all that sending it needs."""

    clinic_id: UUID
    id: UUID
    address_id: UUID
    attempts: int
    channel: str
    target: dict[str, Any]
    locale: str
    topic: str
    message_id: UUID
    about: dict[str, Any]
    created_at: datetime


async def send_due(database: Database, settings: Settings, clock: Callable[[], datetime]) -> int:
    """One round: spreads what was posted and sends what is due; answers how many things it did."""
    done = await database.write(partial(spread, now=clock()))
    claimed = await database.write(partial(claim, now=clock()))
    await asyncio.gather(*(_attempt(database, settings, one, clock) for one in claimed))
    return done + len(claimed)


async def claim(connection: AsyncConnection, now: datetime) -> list[Attempt]:
    """Takes what is due for itself until the claim runs out; another process takes others (`SKIP LOCKED`)."""
    due = (
        select(delivery.c.clinic_id, delivery.c.id)
        .where(delivery.c.state == "waiting", delivery.c.due_at <= now)
        .order_by(delivery.c.due_at, delivery.c.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    keys = [tuple(row) for row in (await connection.execute(due)).all()]
    if not keys:
        return []
    these = tuple_(delivery.c.clinic_id, delivery.c.id).in_(keys)
    await connection.execute(update(delivery).where(these).values(attempts=delivery.c.attempts + 1, due_at=now + CLAIM))
    same_address = and_(address.c.clinic_id == delivery.c.clinic_id, address.c.id == delivery.c.address_id)
    same_message = and_(message.c.clinic_id == delivery.c.clinic_id, message.c.id == delivery.c.message_id)
    whole = (
        select(delivery.c.clinic_id, delivery.c.id, delivery.c.address_id, delivery.c.attempts, address.c.channel,
               address.c.target, address.c.locale, message.c.topic, delivery.c.message_id, message.c.about,
               message.c.created_at)
        .join(address, same_address).join(message, same_message).where(these)
    )  # fmt: skip
    return [Attempt(*row) for row in (await connection.execute(whole)).all()]


async def _attempt(database: Database, settings: Settings, one: Attempt, clock: Callable[[], datetime]) -> None:
    try:
        await _send(settings, one, clock())
    except NotDelivered as error:
        failed: NotDelivered | None = error
    except Exception as error:  # nothing that one message does may keep the others from going out
        log.error("message", topic=one.topic, channel=one.channel, error=type(error).__name__, exc_info=error)
        failed = NotDelivered(type(error).__name__)
    else:
        failed = None
    await database.write(partial(_mark, one=one, failed=failed, now=clock()))
    log.info("message", topic=one.topic, channel=one.channel, attempt=one.attempts, failed=str(failed or "") or None)


async def _send(settings: Settings, one: Attempt, now: datetime) -> None:
    if one.channel == "webhook":
        told = {"id": str(one.message_id), "type": one.topic, "created_at": one.created_at.isoformat(),
                "clinic_id": str(one.clinic_id), "data": one.about}  # fmt: skip
        return await webhook.send(one.target, told, one.id, settings.private_targets, now)
    words = text(one.topic, one.locale, one.about, settings.public_url)
    if one.channel == "push":
        if settings.push_key is None:
            raise NotDelivered("REPRIEVE_PUSH_KEY is not set")
        key, contact = settings.push_key.get_secret_value(), f"mailto:{settings.mail_from}"
        return await push.send(
            one.target, push.plain(words, one.id), key, contact, one.id, settings.private_targets, now
        )
    if settings.smtp_url is None:
        raise NotDelivered("REPRIEVE_SMTP_URL is not set")
    to = one.target["email"]
    made = mail.letter(settings.mail_from, to, words, one.locale, one.id, one.created_at)
    return await mail.send(settings.smtp_url.get_secret_value(), made)


async def _mark(connection: AsyncConnection, one: Attempt, failed: NotDelivered | None, now: datetime) -> None:
    this = and_(delivery.c.clinic_id == one.clinic_id, delivery.c.id == one.id, delivery.c.state == "waiting")
    if failed is None:
        values: dict[str, Any] = {"state": "sent", "sent_at": now, "fault": None}
        if one.topic == "address.confirm":  # a code has no business in the outbox once it is on its way
            of_it = and_(message.c.clinic_id == one.clinic_id, message.c.id == one.message_id)
            about = {k: v for k, v in one.about.items() if k != "code"}
            await connection.execute(update(message).where(of_it).values(about=about))
    elif failed.final or one.attempts >= MOST_ATTEMPTS:
        values = {"state": "dead", "fault": str(failed)[:200]}
    else:
        values = {"due_at": now + timedelta(seconds=failed.wait or pause(one.attempts)), "fault": str(failed)[:200]}
    await connection.execute(update(delivery).where(this).values(values))
    if failed is not None and failed.gone and one.channel == "push":
        ended = and_(address.c.clinic_id == one.clinic_id, address.c.id == one.address_id)
        await connection.execute(delete(address).where(ended))


def pause(attempts: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds until the next attempt: four times as long each time, up to six hours, less a random half, so that what
    failed together is not tried again together.
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT * 4.0 ** (attempts - 1))
    return longest * (1 - draw() / 2)


async def replay(connection: AsyncConnection, now: datetime, one: UUID | None, since: datetime | None) -> int:
    """Makes dead letters wait again, all or one; or everything to a webhook since an instant. Answers how many."""
    if since is not None:
        systems = select(address.c.id).where(address.c.channel == "webhook")
        which = and_(delivery.c.address_id.in_(systems), delivery.c.created_at >= since)
    else:
        which = delivery.c.state == "dead"
        if one is not None:
            which = and_(which, delivery.c.id == one)
    values = {"state": "waiting", "attempts": 0, "due_at": now, "sent_at": None}
    return int((await connection.execute(update(delivery).where(which).values(values))).rowcount)


def shown(row: Row[Any]) -> dict[str, Any]:
    """A delivery as an operator sees it: no address, no person."""
    return {name: row._mapping[name] for name in
            ("id", "topic", "channel", "state", "attempts", "due_at", "fault", "sent_at", "created_at")}  # fmt: skip
