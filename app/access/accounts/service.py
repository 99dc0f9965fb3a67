"""Clinics and accounts as rows, and the hashes of passwords."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from pwdlib import PasswordHash
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.sessions import end_of
from app.access.accounts.tables import Account, Clinic
from app.base.http.pools import Pool
from app.base.http.problems import Problem
from app.base.store import wall
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import Setting, col, row, table, to
from app.rules.words import STAFF, Role

_hasher = PasswordHash.recommended()
NOBODY = _hasher.hash(secrets.token_urlsafe(16))  # what a password is compared with where there is no such account
hashing = Pool("hashing", threads=2, waiting=16, seconds=15)  # a hash takes 64 MiB for some 50 ms
account, clinic = table(Account), table(Clinic)


def hash_password(password: str) -> str:
    """Argon2, with the library's recommended cost; a server uses `hashed`."""
    return _hasher.hash(password)


async def hashed(password: str) -> str:
    """The same on the pool that is for it; 429 where its queue is full."""
    return await hashing.run(partial(hash_password, password))


async def matches(password: str, known: str) -> bool:
    """Whether a password is the one that was hashed; 429 where the queue is full."""
    return await hashing.run(partial(_hasher.verify, password, known))


async def any_clinic(connection: AsyncConnection) -> bool:
    """Whether the database holds a clinic."""
    return (await connection.execute(select(col(Clinic.id)).limit(1))).first() is not None


async def clinic_name(database: Database, clinic_id: UUID) -> str:
    """What a clinic is called."""
    async with database.read() as connection:
        return (await connection.execute(select(col(Clinic.name)).where(col(Clinic.id) == clinic_id))).scalar_one()


async def add_clinic(connection: AsyncConnection, name: str, now: datetime) -> UUID:
    """A new clinic; answers its id."""
    new = new_id()
    await connection.execute(insert(clinic).values(row(Clinic, id=new, name=name, created_at=now)))
    return new


async def add_account(
    connection: AsyncConnection,
    clinic_id: UUID,
    *,
    username: str,
    password_hash: str,
    role: Role,
    now: datetime,
    patient_id: UUID | None = None,
) -> UUID:
    """A new account; answers its id.

    Raises:
        Problem: 409 where the name is taken.
    """
    if await is_taken(connection, username):
        raise Problem(409, "The name is taken.")
    new = new_id()
    values = row(
        Account,
        clinic_id=clinic_id,
        id=new,
        username=username,
        password_hash=password_hash,
        role=role,
        patient_id=patient_id,
        created_at=now,
    )
    await connection.execute(insert(account).values(values))
    return new


async def is_taken(connection: AsyncConnection, username: str) -> bool:
    """Whether somebody signs in with a name, in whatever clinic; to the end of its transaction the connection sees all."""
    await wall.beyond(connection)
    taken = select(col(Account.id)).where(col(Account.username) == username)
    return (await connection.execute(taken)).first() is not None


async def change_account(
    connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, changes: list[Setting], but: UUID | None = None
) -> None:
    """Changes an account and ends its sign-ins, but for one."""
    this = (col(Account.clinic_id) == clinic_id) & (col(Account.id) == account_id)
    if changes:
        await connection.execute(update(account).where(this).ordered_values(*changes))
    await end_of(connection, clinic_id, account_id, but=but)


def new_password(password_hash: str) -> Setting:
    """The change that sets a password."""
    return to(col(Account.password_hash), password_hash)


def disabled_since(at: datetime | None) -> Setting:
    """The change that disables an account, or lets it sign in again."""
    return to(col(Account.disabled_at), at)


async def is_staff(connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, role: Role | None = None) -> bool:
    """Whether an account is one of a clinic's staff, or has a role there."""
    of_role = col(Account.role).in_(STAFF) if role is None else col(Account.role) == role
    theirs = select(col(Account.id)).where(col(Account.clinic_id) == clinic_id, col(Account.id) == account_id, of_role)
    theirs = theirs.where(col(Account.disabled_at).is_(None))
    return (await connection.execute(theirs)).first() is not None


async def find_account(connection: AsyncConnection, clinic_id: UUID, username: str) -> Caller | None:
    """The account of a name in a clinic, as a caller."""
    theirs = select(col(Account.id), col(Account.clinic_id), col(Account.role), col(Account.patient_id))
    query = theirs.where(
        col(Account.clinic_id) == clinic_id, col(Account.username) == username, col(Account.disabled_at).is_(None)
    )
    found = (await connection.execute(query)).first()
    return None if found is None else Caller(found[0], found[1], found[2], found[3])


async def proxies_among(
    connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, accounts: Iterable[UUID | None]
) -> set[UUID]:
    """Of the accounts that have written for a patient those that are somebody else's, and no staff's."""
    wanted = {one for one in accounts if one is not None}
    query = select(col(Account.id)).where(
        col(Account.clinic_id) == clinic_id,
        col(Account.id).in_(wanted),
        col(Account.role) == "patient",
        col(Account.patient_id).is_distinct_from(patient_id),
    )
    return set((await connection.execute(query)).scalars())
