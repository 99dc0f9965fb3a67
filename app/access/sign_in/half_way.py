"""The step between the password and the code, for pages: what is kept meanwhile is a hash, for five minutes."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import and_, delete, insert, select

from app.access.accounts.attempts import sign_in_attempt
from app.access.accounts.sessions import IssuedToken, SignIns
from app.access.accounts.tables import Account
from app.access.factors.passkeys import challenge
from app.access.factors.tables import Challenge
from app.access.sign_in.service import WRONG_CODE, Known, Shown, finish, is_refused
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table

WITHIN = timedelta(minutes=5)
TOO_LATE = "That took too long: sign in with your name and password again."


async def begin(database: Database, whose: Known, now: datetime) -> str:
    """What the second form carries: it shows that the password was right, as long as that stays the password."""
    ticket, secret = new_id(), secrets.token_urlsafe(24)
    values = row(
        Challenge,
        id=ticket,
        challenge=_kept(secret, whose.password_hash),
        account_id=whose.account_id,
        expires_at=now + WITHIN,
    )

    await database.write(lambda connection: connection.execute(insert(challenge), values))
    return f"{ticket}.{secret}"


async def go_on(database: Database, sign_ins: SignIns, half: str, *, shown: Shown, now: datetime) -> IssuedToken:
    """A token for whoever has shown the password before, and now a code.

    Raises:
        Problem: 401 for a code that is wrong; 403 where it has to begin anew; 429 where too many attempts have failed.
    """
    ticket, _, secret = half.partition(".")
    try:
        this = and_(col(Challenge.id) == UUID(ticket), col(Challenge.expires_at) >= now)
    except ValueError:
        raise Problem(403, TOO_LATE) from None
    theirs = col(Account.id) == col(Challenge.account_id)
    query = (
        select(
            col(Challenge.challenge),
            col(Account.clinic_id),
            col(Account.id),
            col(Account.password_hash),
            col(Account.username),
        )
        .join(table(Account), theirs)
        .where(this, col(Account.disabled_at).is_(None))
    )
    async with database.read() as connection:
        found = (await connection.execute(query)).first()
    if found is None or not secrets.compare_digest(found[0], _kept(secret, found[3])):
        raise Problem(403, TOO_LATE)
    whose, shown = Known(found[1], found[2], found[3]), replace(shown, username=found[4])
    async with sign_in_attempt(database, shown.username, shown.address, now=now, failed=is_refused):
        if not (shown.code or "").strip():
            raise Problem(401, WRONG_CODE)
        issued = await finish(sign_ins, whose, shown, now=now, kind="page", asks=True)
    await database.write(lambda connection: connection.execute(delete(challenge).where(this)))
    return issued


def _kept(secret: str, password_hash: str) -> bytes:
    return sha256(f"{secret}\0{password_hash}".encode()).digest()
