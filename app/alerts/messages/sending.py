"""Sends what is due: claimed in one transaction, sent outside of any, marked in another.

If the sending process dies in between, the claim expires and the delivery is sent again, with the same id. So each is
sent at least once.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import and_, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.messages import mail, push, webhook
from app.alerts.messages.outbox import address, delivery, message, spread
from app.alerts.messages.safe_post import NotDelivered
from app.alerts.messages.tables import Address, Delivery, Message
from app.alerts.messages.texts import text
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.typed import col, to

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
    target: dict[str, str]
    locale: str
    topic: str
    message_id: UUID
    about: dict[str, str]
    created_at: datetime


async def send_due(database: Database, settings: Settings, clock: Callable[[], datetime]) -> int:
    """One round: turns messages into deliveries and sends the due ones; returns the sum of both counts."""
    done = await database.write(partial(spread, now=clock()))
    claimed = await database.write(partial(claim, now=clock()))
    await asyncio.gather(*(_attempt(database, settings, one=one, clock=clock) for one in claimed))
    return done + len(claimed)


async def claim(connection: AsyncConnection, now: datetime) -> list[Attempt]:
    """Claims due deliveries by moving `due_at` on by CLAIM; another process claims others (`SKIP LOCKED`)."""
    due = (
        select(col(Delivery.clinic_id), col(Delivery.id))
        .where(col(Delivery.state) == "waiting", col(Delivery.due_at) <= now)
        .order_by(col(Delivery.due_at), col(Delivery.id))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    keys = [tuple(one) for one in (await connection.execute(due)).all()]
    if not keys:
        return []
    these = tuple_(col(Delivery.clinic_id), col(Delivery.id)).in_(keys)
    await connection.execute(
        update(delivery)
        .where(these)
        .ordered_values(to(col(Delivery.attempts), col(Delivery.attempts) + 1), to(col(Delivery.due_at), now + CLAIM))
    )
    same_address = and_(col(Address.clinic_id) == col(Delivery.clinic_id), col(Address.id) == col(Delivery.address_id))
    same_message = and_(col(Message.clinic_id) == col(Delivery.clinic_id), col(Message.id) == col(Delivery.message_id))
    claimed = (
        select(
            col(Delivery.clinic_id),
            col(Delivery.id),
            col(Delivery.address_id),
            col(Delivery.attempts),
            col(Address.channel),
            col(Address.target),
            col(Address.locale),
            col(Message.topic),
            col(Delivery.message_id),
            col(Message.about),
            col(Message.created_at),
        )
        .join(address, same_address)
        .join(message, same_message)
        .where(these)
    )
    return [Attempt(*one) for one in (await connection.execute(claimed)).all()]


async def _attempt(database: Database, settings: Settings, *, one: Attempt, clock: Callable[[], datetime]) -> None:
    try:
        await _send(settings, one, clock())
    except NotDelivered as error:
        failed: NotDelivered | None = error
    except Exception as error:  # an error with one message must not stop the others
        log.error("message", topic=one.topic, channel=one.channel, error=type(error).__name__, exc_info=error)
        failed = NotDelivered(type(error).__name__)
    else:
        failed = None
    await database.write(partial(_mark, one=one, failed=failed, now=clock()))
    log.info("message", topic=one.topic, channel=one.channel, attempt=one.attempts, failed=str(failed or "") or None)


async def _send(settings: Settings, one: Attempt, now: datetime) -> None:
    if one.channel == "webhook":
        told = {
            "id": str(one.message_id),
            "type": one.topic,
            "created_at": one.created_at.isoformat(),
            "clinic_id": str(one.clinic_id),
            "data": one.about,
        }
        return await webhook.send(one.target, told, delivery_id=one.id, private=settings.private_targets, now=now)
    words = text(one.topic, one.locale, about=one.about, public_url=settings.public_url)
    if one.channel == "push":
        if settings.push_key is None:
            raise NotDelivered("REPRIEVE_PUSH_KEY is not set")
        key, contact = settings.push_key.get_secret_value(), f"mailto:{settings.mail_from}"
        return await push.send(
            one.target,
            push.plain(words, one.id),
            key=key,
            contact=contact,
            delivery_id=one.id,
            private=settings.private_targets,
            now=now,
        )
    if settings.smtp_url is None:
        raise NotDelivered("REPRIEVE_SMTP_URL is not set")
    to = one.target["email"]
    made = mail.letter(
        settings.mail_from, to, text=words, locale=one.locale, delivery_id=one.id, created_at=one.created_at
    )
    return await mail.send(settings.smtp_url.get_secret_value(), made)


async def _mark(connection: AsyncConnection, one: Attempt, *, failed: NotDelivered | None, now: datetime) -> None:
    this = and_(col(Delivery.clinic_id) == one.clinic_id, col(Delivery.id) == one.id, col(Delivery.state) == "waiting")
    if failed is None:
        changed = [to(col(Delivery.state), "sent"), to(col(Delivery.sent_at), now), to(col(Delivery.fault), None)]
        if one.topic == "address.confirm":  # the code is not kept once it is sent
            of_it = and_(col(Message.clinic_id) == one.clinic_id, col(Message.id) == one.message_id)
            about = {k: v for k, v in one.about.items() if k != "code"}
            await connection.execute(update(message).where(of_it).ordered_values(to(col(Message.about), about)))
    elif failed.final or one.attempts >= MOST_ATTEMPTS:
        changed = [to(col(Delivery.state), "dead"), to(col(Delivery.fault), str(failed)[:200])]
    else:
        due_at = now + timedelta(seconds=failed.wait or pause(one.attempts))
        changed = [to(col(Delivery.due_at), due_at), to(col(Delivery.fault), str(failed)[:200])]
    await connection.execute(update(delivery).where(this).ordered_values(*changed))
    if failed is not None and failed.gone and one.channel == "push":
        ended = and_(col(Address.clinic_id) == one.clinic_id, col(Address.id) == one.address_id)
        await connection.execute(delete(address).where(ended))


def pause(attempts: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds until the next attempt: four times as long each time, up to six hours, less a random half, so that what
    failed together is not tried again together.
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT * 4.0 ** (attempts - 1))
    return longest * (1 - draw() / 2)


async def replay(connection: AsyncConnection, now: datetime, *, one: UUID | None, since: datetime | None) -> int:
    """Queues dead letters again, all or one; or every delivery to a webhook since an instant. Returns how many."""
    if since is not None:
        systems = select(col(Address.id)).where(col(Address.channel) == "webhook")
        which = and_(col(Delivery.address_id).in_(systems), col(Delivery.created_at) >= since)
    else:
        which = col(Delivery.state) == "dead"
        if one is not None:
            which = and_(which, col(Delivery.id) == one)
    again = (
        update(delivery)
        .where(which)
        .ordered_values(
            to(col(Delivery.state), "waiting"),
            to(col(Delivery.attempts), 0),
            to(col(Delivery.due_at), now),
            to(col(Delivery.sent_at), None),
        )
    )
    return int((await connection.execute(again)).rowcount)
