"""Codes of an authenticator app, and recovery codes."""

import secrets
from base64 import b32encode
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.hashes import hash_of
from app.access.accounts.sessions import Factor
from app.access.factors.tables import RecoveryCode, SecondFactor
from app.base.store.typed import col, row, table, to

second_factor, recovery_code = table(SecondFactor), table(RecoveryCode)
ISSUER = "Reprieve"
MANY, LONG = 10, 16  # recovery codes, and the characters of one: 80 bits
DRIFT = 1  # steps of 30 seconds by which a phone's clock may be off


def of_account(clinic_id: UUID, account_id: UUID) -> ColumnElement[bool]:
    """The condition for an account's factors."""
    return and_(col(SecondFactor.clinic_id) == clinic_id, col(SecondFactor.account_id) == account_id)


def fresh_secret() -> str:
    """A secret for an authenticator app, 160 bits in base 32."""
    return pyotp.random_base32()


def address(secret: str, username: str) -> str:
    """What an authenticator app reads from the picture: `otpauth://...`."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def step_of(secret: str, code: str, *, now: datetime, after: int | None) -> int | None:
    """The step of half a minute whose code this is, if it is one of about now and none up to `after`."""
    totp, given = pyotp.TOTP(secret), "".join(code.split())
    if not given.isascii():
        return None
    here = totp.timecode(now)
    for step in range(here - DRIFT, here + DRIFT + 1):
        if secrets.compare_digest(totp.generate_otp(step), given) and (after is None or step > after):
            return step
    return None


async def asks_for_code(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> bool:
    """Whether who signs in to an account with its password is asked for a second factor."""
    theirs = of_account(clinic_id, account_id) & col(SecondFactor.confirmed_at).is_not(None)
    return (await connection.execute(select(col(SecondFactor.id)).where(theirs).limit(1))).first() is not None


async def spend(
    connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, code: str, now: datetime
) -> Factor | None:
    """What a code is, used up: one of an app is good once, a recovery code too; None where it is neither."""
    apps = of_account(clinic_id, account_id) & col(SecondFactor.confirmed_at).is_not(None)
    query = select(col(SecondFactor.id), col(SecondFactor.secret), col(SecondFactor.last_step))
    query = query.where(apps, col(SecondFactor.secret).is_not(None)).order_by(col(SecondFactor.id)).with_for_update()
    for factor_id, secret, last in (await connection.execute(query)).all():
        step = step_of(secret or "", code, now=now, after=last)
        if step is not None:
            used = [to(col(SecondFactor.last_step), step), to(col(SecondFactor.used_at), now)]
            this = and_(col(SecondFactor.clinic_id) == clinic_id, col(SecondFactor.id) == factor_id)
            await connection.execute(update(second_factor).where(this).ordered_values(*used))
            return "code"
    mine = and_(
        col(RecoveryCode.clinic_id) == clinic_id,
        col(RecoveryCode.account_id) == account_id,
        col(RecoveryCode.code_hash) == hash_of(_plain(code)),
    )
    return "recovery_code" if (await connection.execute(delete(recovery_code).where(mine))).rowcount else None


async def fresh_recovery_codes(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> list[str]:
    """New recovery codes; those of before are no longer good."""
    made = [b32encode(secrets.token_bytes(LONG * 5 // 8)).decode() for _ in range(MANY)]
    theirs = and_(col(RecoveryCode.clinic_id) == clinic_id, col(RecoveryCode.account_id) == account_id)
    await connection.execute(delete(recovery_code).where(theirs))
    rows = [row(RecoveryCode, clinic_id=clinic_id, account_id=account_id, code_hash=hash_of(code)) for code in made]
    await connection.execute(insert(recovery_code), rows)
    return ["-".join(code[i : i + 4] for i in range(0, LONG, 4)) for code in made]


def _plain(code: str) -> str:
    return "".join(code.upper().replace("-", " ").split())
