"""From what somebody shows to a sign-in."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.attempts import ADDRESS, attempt, bucket, network_of, sign_in_attempt
from app.access.accounts.service import NOBODY, matches
from app.access.accounts.sessions import UNKNOWN_TOKEN, Factor, IssuedToken, SignInKind, SignIns, wrong_sign_in
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.access.factors import codes, passkeys
from app.base.http.problems import FieldProblem, Problem
from app.base.store.database import Database
from app.base.store.typed import col

BEARER = {"WWW-Authenticate": "Bearer"}
CODE_FIRST = "The account asks for a second factor: send a code of its authenticator app, or a recovery code, too."
WRONG_CODE = "The code is wrong, or was used before."


@dataclass(frozen=True)
class Known:
    """An account whose password was shown, and the hash that it was compared with."""

    clinic_id: UUID
    account_id: UUID
    password_hash: str = field(repr=False)


class CodeNeeded(Problem):
    """The name and the password are right, and a code is missing; on a page it leads on to `leads_to`."""

    def __init__(self, whose: Known, leads_to: str = "/clinic") -> None:
        self.whose, self.leads_to = whose, leads_to
        missing = FieldProblem(where="body", pointer="/code", detail="is missing")
        super().__init__(401, CODE_FIRST, errors=[missing], headers=BEARER)


@dataclass(frozen=True)
class Shown:
    """What somebody shows to sign in, with which device, and from where."""

    username: str
    password: str
    code: str | None = None
    device: str | None = None
    address: str | None = None


async def begin(
    database: Database, sign_ins: SignIns, shown: Shown, *, now: datetime, kind: SignInKind = "page"
) -> IssuedToken:
    """A token for a name, its password, and where the account has a second factor a code.

    Raises:
        CodeNeeded: 401 where the rest is right and the code is missing.
        Problem: 401, with the same text after the same time for a wrong name, a wrong password and an account that is
            disabled; 429 where too many attempts have failed, or too many sign in at once.
    """

    def failed(problem: Problem) -> bool:
        return problem.status == 401 and not isinstance(problem, CodeNeeded)

    async with sign_in_attempt(database, shown.username, shown.address, now=now, failed=failed):
        whose = await _known(database, shown)
        async with database.read() as connection:
            asks = await codes.asks_for_code(connection, whose.clinic_id, whose.account_id)
        if asks and not (shown.code or "").strip():
            raise CodeNeeded(whose)
        return await finish(sign_ins, whose, shown, now=now, kind=kind, asks=asks)


async def finish(
    sign_ins: SignIns, whose: Known, shown: Shown, *, now: datetime, kind: SignInKind, asks: bool
) -> IssuedToken:
    """A token for an account whose password was shown; where it `asks` for a code, that is used up.

    Raises:
        Problem: 401 for a wrong code, or where the account has changed meanwhile.
    """
    spends = partial(_spend, whose=whose, code=shown.code or "", now=now) if asks else partial(_none_asked, whose=whose)
    return await sign_ins.issue(
        whose.clinic_id,
        whose.account_id,
        now,
        kind=kind,
        known=whose.password_hash,
        device=shown.device,
        shows=spends,
    )


async def _none_asked(connection: AsyncConnection, *, whose: Known) -> None:
    """Asked again in the transaction: a factor may have been added while the password was looked at."""
    if await codes.asks_for_code(connection, whose.clinic_id, whose.account_id):
        raise CodeNeeded(whose)


async def _known(database: Database, shown: Shown) -> Known:
    """The account of a name, where the password is its own."""
    found = None
    if "\x00" not in shown.username:  # PostgreSQL's text can't hold it, so no account has it
        theirs = select(col(Account.clinic_id), col(Account.id), col(Account.password_hash))
        async with database.read() as connection:
            mine = theirs.where(col(Account.username) == shown.username, col(Account.disabled_at).is_(None))
            found = (await connection.execute(mine)).first()
    clinic_id, account_id, known = found if found is not None else (None, None, NOBODY)
    right = await matches(shown.password, known)
    if clinic_id is None or account_id is None or not right:
        raise wrong_sign_in()
    return Known(clinic_id, account_id, known)


async def _spend(connection: AsyncConnection, *, whose: Known, code: str, now: datetime) -> Factor:
    factor = await codes.spend(connection, whose.clinic_id, whose.account_id, code=code, now=now)
    if factor is None:
        raise Problem(401, WRONG_CODE, headers=BEARER)
    return factor


async def refresh(database: Database, sign_ins: SignIns, presented: str, *, now: datetime) -> IssuedToken:
    """A new token for a refresh token, which is used up by it.

    Raises:
        Problem: 401 for one that is wrong, too old, or was used before: in that case somebody holds a copy, and the sign-in
            ends for both.
    """
    issued, who = await sign_ins.refresh(presented, now)
    if issued is None:

        async def work(connection: AsyncConnection) -> None:
            await audit.record(
                connection, who, action="delete", resource="copied_sign_in", patient_id=who.patient_id, now=now
            )

        await database.write(work)
        raise Problem(401, UNKNOWN_TOKEN, headers=BEARER)
    return issued


@dataclass(frozen=True)
class PasskeyAnswer:
    """A passkey's answer to a challenge, with which device, and from where."""

    challenge_id: UUID
    credential: passkeys.Credential = field(repr=False)
    device: str | None = None
    address: str | None = None


async def begin_with_passkey(
    database: Database,
    sign_ins: SignIns,
    site: passkeys.Site,
    *,
    answered: PasskeyAnswer,
    now: datetime,
    kind: SignInKind = "page",
) -> IssuedToken:
    """A token for a passkey that has answered its challenge: what one has, and a finger, a face or a PIN.

    Raises:
        Problem: 401 where it has not; 429 where too many have not from there.
    """
    challenge_id, credential = answered.challenge_id, answered.credential

    async def work(connection: AsyncConnection) -> tuple[UUID, UUID] | None:
        return await passkeys.whose(connection, site, challenge_id=challenge_id, credential=credential, now=now)

    guess = bucket(ADDRESS, "passkey", network_of(answered.address))
    async with attempt(database, [guess], now=now, failed=is_refused):
        found = await database.write(work)
        if found is None:
            raise Problem(401, "The passkey is not known here, or did not answer in time.", headers=BEARER)
        clinic_id, account_id = found
        return await sign_ins.issue(clinic_id, account_id, now, kind=kind, device=answered.device, factor="passkey")


def is_refused(problem: Problem) -> bool:
    """Whether a try has failed."""
    return problem.status == 401
