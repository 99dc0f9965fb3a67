"""Signing in and out, and who a token belongs to."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from anyio import to_thread
from cachetools import TLRUCache
from pwdlib import PasswordHash
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, Role
from app.access.accounts.tables import Account, Clinic, SignIn
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id

_hasher = PasswordHash.recommended()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
account, clinic, sign_in = columns(Account), columns(Clinic), columns(SignIn)
REMEMBER = timedelta(seconds=5)  # how long another process may still honour a token after its sign-out
MOST_REMEMBERED = 10_000
UNKNOWN_TOKEN = "Sign in first, or again: the token is missing, wrong or expired."  # noqa: S105  # a sentence


@dataclass(frozen=True)
class Issued:
    """A fresh token and when it lapses."""

    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Remembered:
    """Whom a token stands for, and until when that need not be looked up again."""

    caller: Caller
    until: datetime


class SignIns:
    """Tokens of one process; a token that was looked up is remembered for a few seconds."""

    def __init__(self, database: Database, hours: float, clock: Callable[[], datetime]) -> None:
        self._database, self._lasts = database, timedelta(hours=hours)
        self._known = TLRUCache[str, Remembered, datetime](MOST_REMEMBERED, lambda _hash, one, _now: one.until, clock)

    async def begin(self, username: str, password: str, now: datetime) -> Issued:
        """A token for a name and its password.

        Raises:
            Problem: 401; the same, and after as long, for a wrong name as for a wrong password.
        """
        row = None
        if "\x00" not in username:  # PostgreSQL's text can't hold it, so no account has it
            async with self._database.read() as connection:
                row = (await connection.execute(select(account).where(account.c.username == username))).first()
        known = row.password_hash if row else _NOBODY
        right = await to_thread.run_sync(_hasher.verify, password, known)
        if row is None or not right:
            raise Problem(401, "The name or the password is wrong.", headers={"WWW-Authenticate": "Bearer"})
        return await self.issue(row.clinic_id, row.id, now)

    async def issue(self, clinic_id: UUID, account_id: UUID, now: datetime) -> Issued:
        """A token for an account whose owner has shown who she is; lapsed ones are cleared away."""
        token, ends = secrets.token_urlsafe(32), now + self._lasts

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(sign_in).where(sign_in.c.expires_at < now))
            await connection.execute(
                insert(sign_in).values(
                    token_hash=_hash(token), clinic_id=clinic_id, account_id=account_id, created_at=now, expires_at=ends
                )
            )

        await self._database.write(work)
        return Issued(token, ends)

    async def who(self, token: str, now: datetime) -> Caller:
        """The caller that a token stands for.

        Raises:
            Problem: 401 for a token that is wrong, expired or signed out.
        """
        key = _hash(token)
        known = self._known.get(key)
        if known is not None and now < known.until:
            return known.caller
        query = (
            select(sign_in.c.expires_at, account.c.id, account.c.clinic_id, account.c.role, account.c.patient_id)
            .join(account, (account.c.clinic_id == sign_in.c.clinic_id) & (account.c.id == sign_in.c.account_id))
            .where(sign_in.c.token_hash == key, sign_in.c.expires_at > now)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            self._known.pop(key, None)
            raise Problem(401, UNKNOWN_TOKEN, headers={"WWW-Authenticate": "Bearer"})
        caller = Caller(row.id, row.clinic_id, cast(Role, row.role), row.patient_id)
        self._known[key] = Remembered(caller, min(now + REMEMBER, row.expires_at))
        return caller

    async def end(self, token: str) -> None:
        """Signs out; a token that is signed out already is no error."""
        self._known.pop(_hash(token), None)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(sign_in).where(sign_in.c.token_hash == _hash(token)))

        await self._database.write(work)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def hash_password(password: str) -> str:
    """Argon2, with the library's recommended cost."""
    return _hasher.hash(password)


async def add_clinic(connection: AsyncConnection, name: str, now: datetime) -> UUID:
    """A new clinic; answers its id."""
    new = new_id()
    await connection.execute(insert(clinic).values(id=new, name=name, created_at=now))
    return new


async def add_account(
    connection: AsyncConnection,
    clinic_id: UUID,
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
    taken = (await connection.execute(select(account.c.id).where(account.c.username == username))).first()
    if taken is not None:
        raise Problem(409, "The name is taken.")
    new = new_id()
    await connection.execute(
        insert(account).values(
            clinic_id=clinic_id,
            id=new,
            username=username,
            password_hash=password_hash,
            role=role,
            patient_id=patient_id,
            created_at=now,
        )
    )
    return new
