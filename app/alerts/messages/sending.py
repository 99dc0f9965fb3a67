"""Sends what is due: claimed in one transaction, sent outside of any, marked in another.

Each target has a lane of its own and each attempt a time limit, so that a target that is slow, silent or endless holds up
nobody but itself. If the sending process dies in between, the claim expires and the delivery is sent again, with the same
id. So each is sent at least once.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.messages import mail, push, webhook
from app.alerts.messages.outbox import OF_CODES, address, delivery, message, spread
from app.alerts.messages.safe_post import NotDelivered
from app.alerts.messages.tables import Address, Delivery, Message
from app.alerts.messages.texts import text
from app.base.http.outgoing import TIMEOUT
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.typed import col, for_row, to

log = structlog.get_logger()
AT_ONCE = 256  # targets that a process sends to at one time
OF_A_CLINIC = 32  # of these, those of one clinic: it can't take every lane
CLAIM = timedelta(minutes=2)  # longer than any attempt takes, which is TIMEOUT and the time to mark it
FIRST_WAIT, LONGEST_WAIT = 30.0, 6 * 3600.0  # seconds
MOST_ATTEMPTS = 12  # over some two days; then it is a dead letter
Target = tuple[UUID, UUID]  # clinic and address


@dataclass(frozen=True)
class Attempt:
    """A delivery that this process has claimed, with all that sending it needs."""

    clinic_id: UUID
    id: UUID
    address_id: UUID
    attempts: int
    channel: str
    where: dict[str, str]
    locale: str
    topic: str
    message_id: UUID
    about: dict[str, str]
    created_at: datetime

    @property
    def target(self) -> Target:
        """Where it goes: the clinic and the address, which is its own lane."""
        return self.clinic_id, self.address_id


class Lanes:
    """The targets that this process sends to at the moment, each in a task of its own."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self.busy: dict[Target, asyncio.Task[None]] = {}

    async def begin(self) -> int:
        """Turns messages into deliveries and begins a lane for each target that something is due for; waits for none.

        Returns how many messages and lanes that were.
        """
        done = await self._database.write(partial(spread, now=self._clock()))
        claimed = await self._database.write(partial(claim, now=self._clock(), busy=tuple(self.busy)))
        for one in claimed:
            self.busy[one.target] = asyncio.create_task(self._serve(one))
        return done + len(claimed)

    async def _serve(self, first: Attempt) -> None:
        """Sends what is due for one target, one after the other, until nothing is or one has failed."""
        one: Attempt | None = first
        try:
            while one is not None:
                failed = await _attempt(self._settings, one, self._clock())
                one = await self._database.write(partial(_go_on, one=one, failed=failed, now=self._clock()))
        except Exception as error:  # such as a database that is away: the claim expires, and it is sent again
            log.error("message", error=type(error).__name__, exc_info=error)
        finally:
            self.busy.pop(first.target, None)

    async def close(self) -> None:
        """Ends what is under way; what was claimed is sent again when its claim has expired."""
        under_way = list(self.busy.values())
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)


async def send_due(database: Database, settings: Settings, clock: Callable[[], datetime]) -> int:
    """One round to its end: turns messages into deliveries and sends the due ones; returns the sum of both counts."""
    lanes = Lanes(database, settings, clock)
    done = await lanes.begin()
    await asyncio.gather(*lanes.busy.values())
    return done


async def claim(connection: AsyncConnection, now: datetime, *, busy: Collection[Target] = ()) -> list[Attempt]:
    """Claims the delivery that is due first for each target that is not busy, by moving `due_at` on by CLAIM.

    Another process claims others (`SKIP LOCKED`).
    """
    full = [clinic_id for clinic_id, many in Counter(clinic_id for clinic_id, _ in busy).items() if many >= OF_A_CLINIC]
    due = [_is_due(now), col(Delivery.clinic_id).not_in(full)]
    target = col(Delivery.clinic_id), col(Delivery.address_id)
    if busy:
        due.append(tuple_(*target).not_in(list(busy)))
    in_order = col(Delivery.due_at), col(Delivery.id)
    nth = func.row_number().over(partition_by=target, order_by=in_order).label("nth")
    each = select(col(Delivery.clinic_id), col(Delivery.id), col(Delivery.due_at), nth).where(*due).subquery()
    place = func.row_number().over(partition_by=each.c.clinic_id, order_by=(each.c.due_at, each.c.id)).label("place")
    first = select(each.c.clinic_id, each.c.id, place).where(each.c.nth == 1).subquery()
    chosen = select(first.c.clinic_id, first.c.id).where(first.c.place <= OF_A_CLINIC)
    waiting = (
        select(col(Delivery.clinic_id), col(Delivery.id))
        .where(_is_due(now), tuple_(col(Delivery.clinic_id), col(Delivery.id)).in_(chosen))
        .order_by(*in_order)
        .limit(max(0, AT_ONCE - len(busy)))
        .with_for_update(skip_locked=True)
    )
    return await _take(connection, [(one[0], one[1]) for one in (await connection.execute(waiting)).all()], now)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(col(Delivery.state) == "waiting", col(Delivery.due_at) <= now)


async def _go_on(
    connection: AsyncConnection, one: Attempt, *, failed: NotDelivered | None, now: datetime
) -> Attempt | None:
    """Marks a delivery, and claims the next one for the same target; none after a failure."""
    await _mark(connection, one, failed=failed, now=now)
    if failed is not None:
        return None
    following = (
        select(col(Delivery.clinic_id), col(Delivery.id))
        .where(_is_due(now), col(Delivery.clinic_id) == one.clinic_id, col(Delivery.address_id) == one.address_id)
        .order_by(col(Delivery.due_at), col(Delivery.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    keys = [(found[0], found[1]) for found in (await connection.execute(following)).all()]
    return next(iter(await _take(connection, keys, now)), None)


async def _take(connection: AsyncConnection, keys: list[tuple[UUID, UUID]], now: datetime) -> list[Attempt]:
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


async def _attempt(settings: Settings, one: Attempt, now: datetime) -> NotDelivered | None:
    """Sends a delivery within TIMEOUT, whatever the other side does; answers why it failed, if it did."""
    failed: NotDelivered | None = None
    try:
        async with asyncio.timeout(TIMEOUT):
            await _send(settings, one, now)
    except NotDelivered as error:
        failed = error
    except TimeoutError:
        failed = NotDelivered(f"no answer within {TIMEOUT:.0f} seconds")
    except Exception as error:  # an error with one message must not stop the others
        log.error("message", topic=one.topic, channel=one.channel, error=type(error).__name__, exc_info=error)
        failed = NotDelivered(type(error).__name__)
    log.info("message", topic=one.topic, channel=one.channel, attempt=one.attempts, failed=str(failed or "") or None)
    return failed


async def _send(settings: Settings, one: Attempt, now: datetime) -> None:
    if one.channel == "webhook":
        told = {
            "id": str(one.message_id),
            "type": one.topic,
            "created_at": one.created_at.isoformat(),
            "clinic_id": str(one.clinic_id),
            "data": one.about,
        }
        return await webhook.send(one.where, told, delivery_id=one.id, private=settings.private_targets, now=now)
    words = text(one.topic, one.locale, about=one.about, public_url=settings.public_url)
    if one.channel == "push":
        if settings.push_key is None:
            raise NotDelivered("REPRIEVE_PUSH_KEY is not set")
        if not push.is_contact(settings.mail_from):
            raise NotDelivered("REPRIEVE_MAIL_FROM is nobody's address")
        key, contact = settings.push_key.get_secret_value(), f"mailto:{settings.mail_from}"
        return await push.send(
            one.where,
            push.plain(words, one.id),
            key=key,
            contact=contact,
            delivery_id=one.id,
            private=settings.private_targets,
            now=now,
        )
    if settings.smtp_url is None:
        raise NotDelivered("REPRIEVE_SMTP_URL is not set")
    to = one.where["email"]
    made = mail.letter(
        settings.mail_from, to, text=words, locale=one.locale, delivery_id=one.id, created_at=one.created_at
    )
    return await mail.send(settings.smtp_url.get_secret_value(), made)


async def _mark(connection: AsyncConnection, one: Attempt, *, failed: NotDelivered | None, now: datetime) -> None:
    this = and_(col(Delivery.clinic_id) == one.clinic_id, col(Delivery.id) == one.id, col(Delivery.state) == "waiting")
    over = failed is None or failed.final or one.attempts >= MOST_ATTEMPTS
    if failed is None:
        changed = [to(col(Delivery.state), "sent"), to(col(Delivery.sent_at), now), to(col(Delivery.fault), None)]
    elif over:
        changed = [to(col(Delivery.state), "dead"), to(col(Delivery.fault), str(failed)[:200])]
    else:
        again = failed.again_at(now)
        due_at = again if again is not None and again > now else now + timedelta(seconds=pause(one.attempts))
        changed = [to(col(Delivery.due_at), due_at), to(col(Delivery.fault), str(failed)[:200])]
    await connection.execute(update(delivery).where(this).ordered_values(*changed))
    if over and one.topic in OF_CODES:  # sent or dead: nobody needs the code here any more
        of_it = and_(col(Message.clinic_id) == one.clinic_id, col(Message.id) == one.message_id)
        about = {k: v for k, v in one.about.items() if k != "code"}
        without = for_row([to(col(Message.about), about)], one.clinic_id, one.message_id)
        await connection.execute(update(message).where(of_it).ordered_values(*without))
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
    """Queues dead letters again, all or one; or every delivery to a webhook since an instant. Returns how many.

    A letter with a code stays dead, for its code is gone; who wants another adds the address anew.
    """
    if since is not None:
        systems = select(col(Address.id)).where(col(Address.channel) == "webhook")
        which = and_(col(Delivery.address_id).in_(systems), col(Delivery.created_at) >= since)
    else:
        which = col(Delivery.state) == "dead"
        if one is not None:
            which = and_(which, col(Delivery.id) == one)
    of_codes = select(col(Message.id)).where(
        col(Message.clinic_id) == col(Delivery.clinic_id), col(Message.topic).in_(OF_CODES)
    )
    again = (
        update(delivery)
        .where(which, col(Delivery.message_id).not_in(of_codes))
        .ordered_values(
            to(col(Delivery.state), "waiting"),
            to(col(Delivery.attempts), 0),
            to(col(Delivery.due_at), now),
            to(col(Delivery.sent_at), None),
        )
    )
    return int((await connection.execute(again)).rowcount)
