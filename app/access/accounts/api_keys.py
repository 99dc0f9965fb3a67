"""Keys of machines: each stands for an account, for less than the account may do, and not for ever."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.hashes import hash_of
from app.access.accounts.permissions import Caller
from app.access.accounts.tables import Account, ApiKey, Clinic
from app.base.store.database import Database
from app.base.store.prepared import prepared_select
from app.base.store.typed import col, table, to

PREFIX = "rpk_"
USED_EVERY = timedelta(minutes=5)  # how exactly it is kept when a key was last used
api_key = table(ApiKey)
log = structlog.get_logger()
WHOSE = prepared_select(
    select(
        col(ApiKey.clinic_id),
        col(ApiKey.id),
        col(ApiKey.name),
        col(ApiKey.scopes),
        col(ApiKey.expires_at),
        col(ApiKey.used_at),
        col(Account.id),
        col(Account.role),
        col(Clinic.treating_teams),
    )
    .join(
        table(Account),
        and_(col(Account.clinic_id) == col(ApiKey.clinic_id), col(Account.id) == col(ApiKey.account_id)),
    )
    .join(table(Clinic), col(Clinic.id) == col(ApiKey.clinic_id))
    .where(col(ApiKey.key_hash) == bindparam("key_hash"), col(Account.disabled_at).is_(None)),
    "key_hash",
)


def fresh_key() -> str:
    """A key, which a search for lost secrets knows by how it begins."""
    return PREFIX + secrets.token_urlsafe(32)


async def who(database: Database, key: str, now: datetime) -> Caller | None:
    """The caller that a key stands for; None where it is wrong, over, or its account is disabled."""
    found = await database.read_one(WHOSE, {"key_hash": hash_of(key)})
    if found is None or now >= found[4]:
        return None
    clinic_id, key_id, name, scopes, _, used_at, account_id, role, teams = found
    if used_at is None or now - used_at >= USED_EVERY:
        await _used(database, clinic_id, key_id, now=now)
    return Caller(account_id, clinic_id, role, None, f"key: {name}", scopes=frozenset(scopes), in_teams=teams, at=now)


async def _used(database: Database, clinic_id: UUID, key_id: UUID, *, now: datetime) -> None:
    this = and_(col(ApiKey.clinic_id) == clinic_id, col(ApiKey.id) == key_id)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(update(api_key).where(this).ordered_values(to(col(ApiKey.used_at), now)))

    try:
        await database.write(work)
    except (SQLAlchemyError, OSError) as error:  # a database that takes no write now does not stop a reader
        log.warning("key not marked as used", error=type(error).__name__)
