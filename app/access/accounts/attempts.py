"""How often somebody may try to sign in, or to guess a code: kept in the database, so that all processes count together.

Each kind of try fills a bucket that runs dry with time: `burst` tries in a row, then one each `every`. What succeeds does
not count. A name is counted whether or not there is such an account, so that nothing can be learnt from it. Nobody can lock
another out for good: of whoever has signed in from an address within 90 days only what fails there with their name counts.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network
from math import ceil

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import FailedTries
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.statements import insert_new, upsert
from app.base.store.typed import col, row, table

attempts = table(FailedTries)
KNOWN_FOR = timedelta(days=90)
NOWHERE = "unknown"  # an address, where the server is told none


@dataclass(frozen=True)
class TryLimit:
    """So many tries in a row, then one each so often; chosen."""

    kind: str
    burst: int
    every: timedelta


HERE = TryLimit("name and address", 10, timedelta(minutes=1))
NAME = TryLimit("name", 30, timedelta(minutes=5))  # from all addresses together
ADDRESS = TryLimit("address", 100, timedelta(seconds=6))  # a clinic's people may share one
CODES = TryLimit("code", 20, timedelta(minutes=1))  # by address
SIGN_ONS = TryLimit("sign-on", 100, timedelta(seconds=6))  # that go off to a provider, by address; each counts
PASSWORDS = TryLimit("password", 10, timedelta(minutes=1))  # by the sign-in that changes it


@dataclass(frozen=True)
class Bucket:
    """A limit for one name, address or sign-in."""

    limit: TryLimit
    key: str


Success = Callable[[AsyncConnection, Sequence[Bucket], datetime], Awaitable[None]]


def bucket(limit: TryLimit, *of: str) -> Bucket:
    """The bucket of a limit; only a hash of what it is for is kept."""
    return Bucket(limit, _key(limit.kind, *of))


def _key(*parts: str) -> str:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def network_of(address: str | None) -> str:
    """What is counted together: an address, or of IPv6 the network of one subscriber."""
    try:
        one = ip_address(address or "")
    except ValueError:
        return NOWHERE
    one = getattr(one, "ipv4_mapped", None) or one
    return str(one) if one.version == 4 else str(ip_network((one, 64), strict=False))


@asynccontextmanager
async def attempt(
    database: Database,
    buckets: Sequence[Bucket],
    *,
    now: datetime,
    failed: Callable[[Problem], bool],
    succeeded: Success | None = None,
) -> AsyncIterator[None]:
    """A try: it counts where the block ends with a problem that means it has failed.

    Args:
        succeeded: what is done with the buckets instead of giving the try back, where the block ends well.

    Raises:
        Problem: 429 with `Retry-After` where there were too many.
    """
    await count_try(database, buckets, now)
    try:
        yield
    except Problem as problem:
        if not failed(problem):
            await database.write(lambda connection: _give_back(connection, buckets, now))
        raise
    done = succeeded or _give_back
    await database.write(lambda connection: done(connection, buckets, now))


@asynccontextmanager
async def sign_in_attempt(
    database: Database, username: str, address: str | None, *, now: datetime, failed: Callable[[Problem], bool]
) -> AsyncIterator[None]:
    """A try to sign in with a name from an address; from where that has succeeded lately, other addresses do not count."""
    here = network_of(address)
    known = _key("known", username, here)
    async with database.read() as connection:
        query = select(col(FailedTries.full_at)).where(col(FailedTries.key) == known, col(FailedTries.full_at) > now)
        is_known = (await connection.execute(query)).first() is not None
    buckets = [bucket(HERE, username, here)]
    if not is_known:
        buckets += [bucket(ADDRESS, here), bucket(NAME, username)]
    ours = {bucket(HERE, username, here), bucket(NAME, username)}

    async def remember(connection: AsyncConnection, buckets: Sequence[Bucket], now: datetime) -> None:
        """Clears what has failed with the name, and keeps that it has succeeded from here."""
        await _give_back(connection, [one for one in buckets if one not in ours], now)
        await connection.execute(delete(attempts).where(col(FailedTries.key).in_(sorted(one.key for one in ours))))
        await _keep(connection, {known: now + KNOWN_FOR})

    async with attempt(database, buckets, now=now, failed=failed, succeeded=remember):
        yield


async def count_try(database: Database, buckets: Sequence[Bucket], now: datetime) -> None:
    """Counts a try in each bucket, or in none where one is full (429)."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(attempts).where(col(FailedTries.full_at) < now - timedelta(days=1)))
        held = await _held(connection, buckets, now)
        longest = max(held[one.key] - now - (one.limit.burst - 1) * one.limit.every for one in buckets)
        if longest > timedelta(0):
            seconds = ceil(longest.total_seconds())
            says = f"Too many attempts have failed. Try again in {_spoken(seconds)}."
            raise Problem(429, says, headers={"Retry-After": str(seconds)})
        await _keep(connection, {one.key: held[one.key] + one.limit.every for one in buckets})

    await database.write(work)


async def _give_back(connection: AsyncConnection, buckets: Sequence[Bucket], now: datetime) -> None:
    if buckets:
        held = await _held(connection, buckets, now)
        await _keep(connection, {one.key: max(now, held[one.key] - one.limit.every) for one in buckets})


async def _held(connection: AsyncConnection, buckets: Sequence[Bucket], now: datetime) -> dict[str, datetime]:
    """When each bucket will have run dry, locked: of two that try at once one waits for the other."""
    keys = sorted(one.key for one in buckets)
    fresh = [row(FailedTries, key=key, full_at=now) for key in keys]
    await connection.execute(insert_new(connection, attempts, "key"), fresh)
    query = select(col(FailedTries.key), col(FailedTries.full_at)).where(col(FailedTries.key).in_(keys))
    rows = (await connection.execute(query.order_by(col(FailedTries.key)).with_for_update())).all()
    # a success in this moment may have cleared one that was there a statement ago
    return dict.fromkeys(keys, now) | {key: max(now, full_at) for key, full_at in rows}


async def _keep(connection: AsyncConnection, held: dict[str, datetime]) -> None:
    rows = [row(FailedTries, key=key, full_at=full_at) for key, full_at in sorted(held.items())]
    await connection.execute(upsert(connection, attempts, "key"), rows)


def _spoken(seconds: int) -> str:
    return f"{seconds} second{'s' if seconds > 1 else ''}" if seconds < 120 else f"{ceil(seconds / 60)} minutes"
