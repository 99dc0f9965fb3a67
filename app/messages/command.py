"""The calls `reprieve messages` and `reprieve push-key`."""

import asyncio
import base64
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from app.messages.outbox import waiting_since
from app.messages.sending import replay
from app.settings import get_settings
from app.store.base import utc_now
from app.store.database import Database
from app.store.migrate import check
from app.store.writer import T


def status() -> int:
    """Prints how many messages wait, since when, and how many are dead letters; 1 where there are any of those."""

    async def look(database: Database) -> tuple[float, int, int]:
        async with database.read() as connection:
            return await waiting_since(connection, utc_now())

    late, waiting, dead = asyncio.run(_with_database(look))
    print(f"{waiting} waiting, the oldest for {late:.0f} s; {dead} dead letters")
    return 1 if dead else 0


def replay_dead(delivery: str | None, since: str | None) -> int:
    """Makes dead letters wait again, all or one, or sends webhooks everything anew since an instant."""
    try:
        one = None if delivery is None else UUID(delivery)
        begin = None if since is None else datetime.fromisoformat(since)
    except ValueError:
        return _refuse("--delivery is an id, and --since an instant such as 2026-05-01T00:00:00+00:00")
    if begin is not None and begin.tzinfo is None:
        return _refuse("--since needs an offset, such as 2026-05-01T00:00:00+00:00")
    if one is not None and begin is not None:
        return _refuse("--delivery and --since do not go together")

    async def work(database: Database) -> int:
        return await database.write(partial(replay, now=utc_now(), one=one, since=begin))

    print(f"{asyncio.run(_with_database(work))} to be sent again")
    return 0


def new_push_key() -> int:
    """Prints a fresh key for `REPRIEVE_PUSH_KEY`."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    print(base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode())
    return 0


async def _with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    settings = get_settings()
    await check(settings.url)
    database = Database(settings.url, pool_size=1)
    try:
        return await work(database)
    finally:
        await database.close()


def _refuse(says: str) -> int:
    print(f"reprieve: {says}", file=sys.stderr)
    return 2
