"""Signing in and out, and who a token belongs to."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from cachetools import TLRUCache
from pwdlib import PasswordHash
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.attempts import sign_in_attempt
from app.access.accounts.permissions import Caller
from app.access.accounts.tables import Account, Clinic, SignIn
from app.base import memory
from app.base.http.pools import Pool
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import Setting, col, row, table, to
from app.rules.words import Role

_hasher = PasswordHash.recommended()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
hashing = Pool("hashing", threads=2, waiting=16, seconds=15)  # a hash takes 64 MiB for some 50 ms
account, clinic, sign_in = table(Account), table(Clinic), table(SignIn)
REMEMBER = timedelta(seconds=5)  # how long another process may still honour a token after its sign-out
MOST_REMEMBERED = 10_000
DEVICE_NAME = 200  # characters kept
UNKNOWN_TOKEN = "Sign in first, or again: the token is missing, wrong or expired."  # noqa: S105  # a sentence


@dataclass(frozen=True)
class IssuedToken:
    """A fresh token and when it lapses."""

    token: str
    expires_at: datetime


@dataclass(frozen=True)
class RememberedCaller:
    """The caller of a token, and until when it need not be looked up again."""

    caller: Caller
    until: datetime


WRONG_SIGN_IN = "The name or the password is wrong."


class SignIns:
    """Tokens of one process; a token that was looked up is remembered for a few seconds."""

    def __init__(self, database: Database, hours: float, clock: Callable[[], datetime]) -> None:
        self._database, self._lasts = database, timedelta(hours=hours)
        self._known = TLRUCache[str, RememberedCaller, datetime](
            MOST_REMEMBERED, lambda _hash, one, _now: one.until, clock
        )
        self._ends = 0  # counts what has ended: a look-up that was under way meanwhile is not remembered
        memory.join(self)

    async def begin(
        self, username: str, password: str, now: datetime, *, device: str | None = None, address: str | None = None
    ) -> IssuedToken:
        """A token for a name and its password; `device` is what signs in, and `address` from where.

        Raises:
            Problem: 401, with the same text after the same time for a wrong name, a wrong password and an account that is
                disabled; 429 where too many attempts have failed, or too many sign in at once.
        """
        async with sign_in_attempt(self._database, username, address, now=now):
            return await self._begin(username, password, now, device=device)

    async def _begin(self, username: str, password: str, now: datetime, *, device: str | None) -> IssuedToken:
        found = None
        if "\x00" not in username:  # PostgreSQL's text can't hold it, so no account has it
            theirs = select(col(Account.clinic_id), col(Account.id), col(Account.password_hash))
            async with self._database.read() as connection:
                mine = theirs.where(col(Account.username) == username, col(Account.disabled_at).is_(None))
                found = (await connection.execute(mine)).first()
        clinic_id, account_id, known = found if found is not None else (None, None, _NOBODY)
        right = await matches(password, known)
        if clinic_id is None or account_id is None or not right:
            raise Problem(401, WRONG_SIGN_IN, headers={"WWW-Authenticate": "Bearer"})
        return await self.issue(clinic_id, account_id, now, known=known, device=device)

    async def issue(
        self,
        clinic_id: UUID,
        account_id: UUID,
        now: datetime,
        *,
        known: str | None = None,
        device: str | None = None,
    ) -> IssuedToken:
        """A token for an account that has been authenticated already; expired tokens are deleted.

        `known` is the hash that the password was compared with, which took a while.

        Raises:
            Problem: 401 where the account has been erased or disabled meanwhile, or has another password.
        """
        token, ends = secrets.token_urlsafe(32), now + self._lasts
        theirs = [
            col(Account.clinic_id) == clinic_id,
            col(Account.id) == account_id,
            col(Account.disabled_at).is_(None),
        ]
        if known is not None:
            theirs.append(col(Account.password_hash) == known)
        # locked, so that a change of the account comes before the token or ends it
        still = select(col(Account.id)).where(*theirs).with_for_update()

        async def work(connection: AsyncConnection) -> None:
            if (await connection.execute(still)).first() is None:
                raise Problem(401, WRONG_SIGN_IN, headers={"WWW-Authenticate": "Bearer"})
            await connection.execute(delete(sign_in).where(col(SignIn.expires_at) < now))
            new = row(
                SignIn,
                token_hash=hash_of(token),
                clinic_id=clinic_id,
                account_id=account_id,
                id=new_id(),
                device=device,
                created_at=now,
                expires_at=ends,
            )
            await connection.execute(insert(sign_in).values(new))
            seen = to(col(Account.last_sign_in_at), now)
            await connection.execute(update(account).where(*theirs).ordered_values(seen))

        await self._database.write(work)
        return IssuedToken(token, ends)

    async def who(self, token: str, now: datetime) -> Caller:
        """The caller that a token stands for.

        Raises:
            Problem: 401 for a token that is wrong, expired or signed out.
        """
        key, begun = hash_of(token), self._ends
        known = self._known.get(key)
        if known is not None and now < known.until:
            return known.caller
        query = (
            select(
                col(SignIn.expires_at),
                col(Account.id),
                col(Account.clinic_id),
                col(Account.role),
                col(Account.patient_id),
                col(SignIn.device),
            )
            .join(
                account, (col(Account.clinic_id) == col(SignIn.clinic_id)) & (col(Account.id) == col(SignIn.account_id))
            )
            .where(col(SignIn.token_hash) == key, col(SignIn.expires_at) > now, col(Account.disabled_at).is_(None))
        )
        async with self._database.read() as connection:
            found = (await connection.execute(query)).first()
        if found is None:
            self._known.pop(key, None)
            raise Problem(401, UNKNOWN_TOKEN, headers={"WWW-Authenticate": "Bearer"})
        expires_at, account_id, clinic_id, role, patient_id, device = found
        caller = Caller(account_id, clinic_id, role, patient_id, device)
        if begun == self._ends:
            self._known[key] = RememberedCaller(caller, min(now + REMEMBER, expires_at))
        return caller

    async def end(self, token: str) -> None:
        """Signs out; a token that is signed out already is no error."""
        key = hash_of(token)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(sign_in).where(col(SignIn.token_hash) == key))

        await self._database.write(work)
        self._ends += 1
        self._known.pop(key, None)

    def forget(self, clinic_id: UUID) -> None:
        """Looks every token of a clinic up anew, as when a record was erased or an account changed."""
        self._ends += 1
        for key in [key for key, one in self._known.items() if one.caller.clinic_id == clinic_id]:
            self._known.pop(key, None)


def named(device: str | None) -> str | None:
    """The name of a device as it is kept: one line of printable characters, and not too long."""
    kept = " ".join("".join(c if c.isprintable() else " " for c in device or "").split())
    return kept[:DEVICE_NAME] or None


def hash_of(token: str) -> str:
    """What is kept of a token or a code."""
    return hashlib.sha256(token.encode()).hexdigest()


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
    taken = (await connection.execute(select(col(Account.id)).where(col(Account.username) == username))).first()
    if taken is not None:
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


async def change_account(
    connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, changes: list[Setting], but: str | None = None
) -> None:
    """Changes an account and ends its sign-ins, but for that of one token."""
    this = (col(Account.clinic_id) == clinic_id) & (col(Account.id) == account_id)
    if changes:
        await connection.execute(update(account).where(this).ordered_values(*changes))
    ended: ColumnElement[bool] = (col(SignIn.clinic_id) == clinic_id) & (col(SignIn.account_id) == account_id)
    if but is not None:
        ended = ended & (col(SignIn.token_hash) != hash_of(but))
    await connection.execute(delete(sign_in).where(ended))


def new_password(password_hash: str) -> Setting:
    """The change that sets a password."""
    return to(col(Account.password_hash), password_hash)


def disabled_since(at: datetime | None) -> Setting:
    """The change that disables an account, or lets it sign in again."""
    return to(col(Account.disabled_at), at)


async def is_staff(connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, role: Role | None = None) -> bool:
    """Whether an account is one of a clinic's staff, or has a role there."""
    of_role = col(Account.role) != "patient" if role is None else col(Account.role) == role
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
