"""Sign-ins: their tokens, how long they hold, and who a token stands for.

A sign-in of a page is one token, which holds while it is used. One of an app is a short token and another to refresh it
with; refreshing gives two new ones. A refresh token that comes again after what followed it was used has been copied: it
ends the sign-in, for whoever holds it. Nothing is remembered between calls: what was ended is ended in every process.
"""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts import api_keys
from app.access.accounts.hashes import hash_of
from app.access.accounts.permissions import Caller
from app.access.accounts.tables import Account, Clinic, Proxy, SignIn
from app.base.http.problems import Problem, not_found
from app.base.store import wall
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.prepared import prepared_select
from app.base.store.typed import Setting, col, row, table, to
from app.rules.words import Role

account, sign_in = table(Account), table(SignIn)
SignInKind = Literal["page", "app"]
Factor = Literal["code", "recovery_code", "passkey", "provider"]  # with which a sign-in was made, beside the password
Shows = Callable[[AsyncConnection], Awaitable[Factor | None]]
log = structlog.get_logger()
SHORT = timedelta(hours=1)  # that the token of an app holds until it is refreshed
SEEN_EVERY = timedelta(minutes=5)  # how exactly it is kept when a sign-in was last used
DEVICE_NAME = 200  # characters kept
UNKNOWN_TOKEN = "Sign in first, or again: the token is missing, wrong or expired."  # noqa: S105  # a sentence
WRONG_SIGN_IN = "The name or the password is wrong."


@dataclass(frozen=True)
class SignInLimits:
    """How long people stay signed in: staff for so long at most, their pages while they are used, patients' phones so."""

    staff: timedelta
    idle: timedelta  # of a page, and at most `staff`
    phone: timedelta  # of a patient's phone that is not used
    longest: timedelta = timedelta(days=365)  # of a patient's phone; chosen

    def of(self, kind: SignInKind, role: Role) -> tuple[timedelta, timedelta]:
        """How long a sign-in lasts that is not used, and how long at most."""
        if role == "patient" and kind == "app":
            return min(self.phone, self.longest), self.longest
        return (min(self.idle, self.staff) if kind == "page" else self.staff), self.staff


@dataclass(frozen=True)
class IssuedToken:
    """A fresh token, when it lapses unless it is used or refreshed, and what to refresh it with."""

    token: str
    expires_at: datetime
    refresh: str | None = None


WHO = prepared_select(
    select(
        col(SignIn.clinic_id),
        col(SignIn.id),
        col(SignIn.good_until),
        col(SignIn.expires_at),
        col(SignIn.seen_at),
        col(SignIn.refresh_hash),
        col(SignIn.previous_hash),
        col(SignIn.device),
        col(SignIn.factor),
        col(Account.id),
        col(Account.role),
        col(Account.patient_id),
        col(Clinic.second_factor),
        col(Clinic.treating_teams),
        col(Account.username),
    )
    .join(account, and_(col(Account.clinic_id) == col(SignIn.clinic_id), col(Account.id) == col(SignIn.account_id)))
    .join(table(Clinic), col(Clinic.id) == col(SignIn.clinic_id))
    .where(col(SignIn.token_hash) == bindparam("token_hash"), col(Account.disabled_at).is_(None)),
    "token_hash",
)


ACTS_FOR = prepared_select(
    select(col(Proxy.patient_id), col(Proxy.may_write), col(Proxy.until)).where(
        col(Proxy.clinic_id) == bindparam("clinic"),
        col(Proxy.account_id) == bindparam("account"),
        col(Proxy.ended_at).is_(None),
    ),
    "clinic",
    "account",
)


class Witness(Protocol):
    """Keeps that somebody has signed in, or out."""

    async def __call__(
        self, connection: AsyncConnection, who: Caller, /, *, did: Literal["create", "delete"], now: datetime
    ) -> None:
        """In the transaction of the sign-in itself."""


class SignIns:
    """The sign-ins of a database; it holds none itself. The `witness` is told of each in its own transaction."""

    def __init__(self, database: Database, limits: SignInLimits, witness: Witness) -> None:
        self._database, self.limits, self._witness = database, limits, witness

    async def issue(
        self,
        clinic_id: UUID,
        account_id: UUID,
        now: datetime,
        *,
        kind: SignInKind = "page",
        known: str | None = None,
        device: str | None = None,
        factor: Factor | None = None,
        shows: Shows | None = None,
    ) -> IssuedToken:
        """A token for an account that has been authenticated already; sign-ins that have run out are deleted.

        `known` is the hash that the password was compared with, which took a while; `shows` uses up what was shown beside
        it, and says what that is.

        Raises:
            Problem: 401 where the account has been erased or disabled meanwhile, or has another password.
        """
        theirs = [
            col(Account.clinic_id) == clinic_id,
            col(Account.id) == account_id,
            col(Account.disabled_at).is_(None),
        ]
        if known is not None:
            theirs.append(col(Account.password_hash) == known)
        # locked, so that a change of the account comes before the token or ends it
        still = select(col(Account.role), col(Account.patient_id)).where(*theirs).with_for_update()
        made = _Tokens.fresh(kind)

        async def work(connection: AsyncConnection) -> IssuedToken:
            found = (await connection.execute(still)).first()
            if found is None:
                raise wrong_sign_in()
            shown = factor if shows is None else await shows(connection)
            await connection.execute(delete(sign_in).where(col(SignIn.expires_at) < now))
            idle, longest = self.limits.of(kind, found[0])
            new = row(
                SignIn,
                token_hash=hash_of(made.token),
                clinic_id=clinic_id,
                account_id=account_id,
                id=new_id(),
                device=device,
                factor=shown,
                created_at=now,
                seen_at=now,
                good_until=now + (min(SHORT, longest) if kind == "app" else idle),
                expires_at=now + longest,
                family_hash=None if made.family is None else hash_of(made.family),
                refresh_hash=None if made.refresh is None else hash_of(made.refresh),
                refresh_until=None if made.refresh is None else now + idle,
            )
            await connection.execute(insert(sign_in).values(new))
            seen = to(col(Account.last_sign_in_at), now)
            await connection.execute(update(account).where(*theirs).ordered_values(seen))
            await self._witness(connection, Caller(account_id, clinic_id, *found, device), did="create", now=now)
            return made.issued(now + (min(SHORT, longest) if kind == "app" else longest))

        return await self._database.write(work)

    async def refresh(self, presented: str, now: datetime) -> tuple[IssuedToken | None, Caller]:
        """Two new tokens for a refresh token, and whose they are; none where it had been used before: the sign-in is over.

        Where an answer was lost the one before may be shown again, until what followed it has been used.

        Raises:
            Problem: 401 for one that is wrong, or of a sign-in that is over.
        """
        family, _, secret = presented.partition(".")
        made = _Tokens.fresh("app", family)
        query = (
            select(sign_in, col(Account.role), col(Account.patient_id))
            .join(
                account,
                and_(col(Account.clinic_id) == col(SignIn.clinic_id), col(Account.id) == col(SignIn.account_id)),
            )
            .where(col(SignIn.family_hash) == hash_of(family), col(SignIn.expires_at) > now)
            .where(col(Account.disabled_at).is_(None))
            .with_for_update(of=sign_in)
        )

        async def work(connection: AsyncConnection) -> tuple[IssuedToken | None, Caller]:
            found = (await connection.execute(query)).first()
            if found is None or (found.refresh_until is not None and found.refresh_until <= now):
                raise unknown_token()
            who = Caller(found.account_id, found.clinic_id, found.role, found.patient_id, found.device)
            this = and_(col(SignIn.clinic_id) == found.clinic_id, col(SignIn.id) == found.id)
            shown = hash_of(secret)
            good = found.refresh_hash, found.previous_hash, found.sibling_hash
            if not any(secrets.compare_digest(shown, one or "") for one in good):
                await connection.execute(delete(sign_in).where(this))
                return None, who
            idle, _ = self.limits.of("app", found.role)
            ends = min(now + SHORT, found.expires_at)
            fresh: list[Setting] = [
                to(col(SignIn.token_hash), hash_of(made.token)),
                to(col(SignIn.refresh_hash), hash_of(made.refresh or "")),
                to(col(SignIn.previous_hash), shown),
                to(col(SignIn.sibling_hash), found.refresh_hash if shown == found.previous_hash else None),
                to(col(SignIn.good_until), ends),
                to(col(SignIn.refresh_until), now + idle),
                to(col(SignIn.seen_at), now),
            ]
            await connection.execute(update(sign_in).where(this).ordered_values(*fresh))
            return made.issued(ends), who

        return await self._database.write(work)

    async def who(self, token: str, now: datetime, *, acts_for: UUID | None = None) -> Caller:
        """The caller that a token, or a machine's key, stands for; and the patient whom they act for.

        Raises:
            Problem: 401 for a token that is wrong, expired or signed out; 404 for a patient whom they may not act for.
        """
        if token.startswith(api_keys.PREFIX):
            machine = await api_keys.who(self._database, token, now)
            if machine is None:
                raise unknown_token()
            return machine
        caller = await self._of_token(token, now)
        if caller.role != "patient" or (caller.patient_id is not None and acts_for in (None, caller.patient_id)):
            return caller
        return await _acting(self._database, caller, acts_for, now=now)

    async def _of_token(self, token: str, now: datetime) -> Caller:
        wanted = {"token_hash": hash_of(token)}
        with wall.as_it_is():  # most who call on one connection are of one clinic
            found = await self._database.read_one(WHO, wanted)
        if found is None and not self._database.is_sqlite:
            found = await self._database.read_one(WHO, wanted)
        if found is None or now >= found[2] or now >= found[3]:
            raise unknown_token()
        clinic_id, session_id, _, ends, seen, refresh, previous, *_ = found
        *_, device, factor, account_id, role, patient_id, asks, teams, username = found
        if previous is not None or now - seen >= SEEN_EVERY:
            idle, _ = self.limits.of("page", role)
            moved = [] if refresh is not None else [to(col(SignIn.good_until), min(now + idle, ends))]
            await self._seen(clinic_id, session_id, [to(col(SignIn.previous_hash), None), *moved], now=now)
        return Caller(
            account_id,
            clinic_id,
            role,
            patient_id,
            device,
            session_id=session_id,
            lacks_factor=asks and role != "patient" and factor is None,
            in_teams=teams,
            at=now,
            username=username,
        )

    async def _seen(self, clinic_id: UUID, session_id: UUID, moved: Sequence[Setting], *, now: datetime) -> None:
        """Keeps that a sign-in is used; a database that takes no write now does not stop a reader."""
        this = and_(col(SignIn.clinic_id) == clinic_id, col(SignIn.id) == session_id)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(sign_in).where(this).ordered_values(to(col(SignIn.seen_at), now), *moved))

        try:
            await self._database.write(work)
        except (SQLAlchemyError, OSError) as error:
            log.warning("sign-in not marked as used", error=type(error).__name__)

    async def end(self, token: str, *, who: Caller, now: datetime) -> None:
        """Signs out; a token that is signed out already is no error."""

        async def work(connection: AsyncConnection) -> None:
            ended = await connection.execute(delete(sign_in).where(col(SignIn.token_hash) == hash_of(token)))
            if ended.rowcount:
                await self._witness(connection, who, did="delete", now=now)

        await self._database.write(work)


@dataclass(frozen=True)
class _Tokens:
    token: str
    family: str | None
    refresh: str | None

    @classmethod
    def fresh(cls, kind: SignInKind, family: str | None = None) -> "_Tokens":
        token = secrets.token_urlsafe(32)
        if kind == "page":
            return cls(token, None, None)
        return cls(token, family or secrets.token_urlsafe(18), secrets.token_urlsafe(32))

    def issued(self, ends: datetime) -> IssuedToken:
        return IssuedToken(self.token, ends, None if self.refresh is None else f"{self.family}.{self.refresh}")


async def end_of(connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, but: UUID | None = None) -> None:
    """Ends an account's sign-ins, but for one."""
    ended: ColumnElement[bool] = (col(SignIn.clinic_id) == clinic_id) & (col(SignIn.account_id) == account_id)
    if but is not None:
        ended = ended & (col(SignIn.id) != but)
    await connection.execute(delete(sign_in).where(ended))


def still_holds(now: datetime) -> ColumnElement[bool]:
    """The condition for sign-ins that are not over: their token holds, or can be refreshed."""
    used = or_(col(SignIn.good_until) > now, col(SignIn.refresh_until) > now)
    return and_(col(SignIn.expires_at) > now, used)


async def _acting(database: Database, caller: Caller, acts_for: UUID | None, *, now: datetime) -> Caller:
    """The caller as who acts for a patient: the one named, else the only one there is."""
    rows = await database.read_many(ACTS_FOR, {"clinic": caller.clinic_id, "account": caller.account_id})
    may = {patient_id: writes for patient_id, writes, until in rows if until is None or now < until}
    if acts_for is None:
        if len(may) != 1:
            return caller
        (acts_for,) = may
    if acts_for not in may:
        raise not_found("patient")
    return replace(caller, patient_id=acts_for, proxy="writes" if may[acts_for] else "reads")


def unknown_token() -> Problem:
    """The answer to a token that stands for nobody."""
    return Problem(401, UNKNOWN_TOKEN, headers={"WWW-Authenticate": "Bearer"})


def wrong_sign_in() -> Problem:
    """The answer to a wrong name and to a wrong password."""
    return Problem(401, WRONG_SIGN_IN, headers={"WWW-Authenticate": "Bearer"})


def named(device: str | None) -> str | None:
    """The name of a device as it is kept: one line of printable characters, and not too long."""
    kept = " ".join("".join(c if c.isprintable() else " " for c in device or "").split())
    return kept[:DEVICE_NAME] or None
