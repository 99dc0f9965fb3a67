"""What people do with the second factors of their own account."""

from datetime import datetime
from uuid import UUID

import segno
from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import matches
from app.access.accounts.sessions import Factor, end_of, sign_in
from app.access.accounts.tables import Account, Clinic, SignIn
from app.access.audit import service as audit
from app.access.audit.schemas import AuditAction
from app.access.factors import codes, passkeys
from app.access.factors.codes import of_account, recovery_code, second_factor
from app.access.factors.schemas import (
    AddedOut,
    CodeFactorIn,
    CodeFactorOut,
    FactorOut,
    FactorsOut,
    PasskeyIn,
    RecoveryCodesOut,
    of_factor,
)
from app.access.factors.tables import RecoveryCode, SecondFactor
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import JsonObject
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table, to

MOST = 20  # factors of an account


async def check_password(database: Database, caller: Caller, password: str) -> str:
    """The caller's name, where the password is right.

    Raises:
        Problem: 422 where it is wrong; 429 where too many passwords are looked at.
    """
    this = (col(Account.clinic_id) == caller.clinic_id) & (col(Account.id) == caller.account_id)
    async with database.read() as connection:
        query = select(col(Account.password_hash), col(Account.username)).where(this)
        known, username = (await connection.execute(query)).one()
    if not await matches(password, known):
        raise bad_field("/password", "is not the one that you sign in with")
    return username


def is_wrong_guess(problem: Problem) -> bool:
    """Whether a call ended with the password, or the code of an app, wrong."""
    return any(one.pointer in ("/password", "/code") for one in problem.errors)


async def read(database: Database, caller: Caller) -> FactorsOut:
    """The factors of the caller's account."""
    columns = select(
        col(SecondFactor.id),
        col(SecondFactor.kind),
        col(SecondFactor.name),
        col(SecondFactor.created_at),
        col(SecondFactor.confirmed_at),
        col(SecondFactor.used_at),
    )
    mine = of_account(caller.clinic_id, caller.account_id)
    asks = select(col(Clinic.second_factor)).where(col(Clinic.id) == caller.clinic_id)
    async with database.read() as connection:
        found = (await connection.execute(columns.where(mine).order_by(col(SecondFactor.id)))).all()
        required = (await connection.execute(asks)).scalar_one()
        left = await _left(connection, caller)
    items = [
        FactorOut(id=one, kind=kind, name=name, created_at=made, confirmed=confirmed is not None, used_at=used)
        for one, kind, name, made, confirmed, used in found
    ]
    return FactorsOut(items=items, recovery_codes=left, required=required and caller.role != "patient")


async def begin_code(database: Database, caller: Caller, *, given: CodeFactorIn, now: datetime) -> CodeFactorOut:
    """A secret for an authenticator app; one that was begun before and never confirmed goes.

    Raises:
        Problem: 409 where the account has too many factors; 422 where the password is wrong.
    """
    username = await check_password(database, caller, given.password.get_secret_value())
    secret, new = codes.fresh_secret(), new_id()

    async def work(connection: AsyncConnection) -> None:
        mine = of_account(caller.clinic_id, caller.account_id)
        await connection.execute(delete(second_factor).where(mine, col(SecondFactor.confirmed_at).is_(None)))
        await _check_room(connection, caller)
        values = row(
            SecondFactor,
            clinic_id=caller.clinic_id,
            id=new,
            account_id=caller.account_id,
            kind="code",
            name=given.name,
            secret=secret,
            created_at=now,
        )
        await connection.execute(insert(second_factor), values)

    await database.write(work)
    address = codes.address(secret, username)
    picture = segno.make(address, error="m").svg_inline(scale=4, border=2, light="#fff")
    return CodeFactorOut(id=new, secret=secret, address=address, picture=picture)


async def confirm_code(database: Database, caller: Caller, *, factor_id: UUID, code: str, now: datetime) -> AddedOut:
    """Counts an app from now on, which has shown a right code; every other sign-in of the account ends.

    Raises:
        Problem: 404 where the caller has begun none; 422 for a wrong code.
    """

    async def work(connection: AsyncConnection) -> AddedOut:
        this = of_account(caller.clinic_id, caller.account_id) & (col(SecondFactor.id) == factor_id)
        query = select(col(SecondFactor.secret), col(SecondFactor.name), col(SecondFactor.created_at)).where(
            this, col(SecondFactor.confirmed_at).is_(None), col(SecondFactor.secret).is_not(None)
        )
        found = (await connection.execute(query.with_for_update())).first()
        if found is None:
            raise not_found("second factor that waits for a code")
        secret, name, created_at = found
        step = codes.step_of(secret or "", code, now=now, after=None)
        if step is None:
            raise bad_field("/code", "is not what the app shows now; look whether the clock of the phone is right")
        shown = [to(col(SecondFactor.confirmed_at), now), to(col(SecondFactor.last_step), step)]
        await connection.execute(update(second_factor).where(this).ordered_values(*shown))
        told = of_factor(factor_id, "code", name, created_at=created_at, confirmed=True)
        return await _added(connection, caller, told, factor="code", now=now)

    return await database.write(work)


async def begin_passkey(
    database: Database, caller: Caller, site: passkeys.Site, *, password: str, now: datetime
) -> tuple[UUID, JsonObject]:
    """A challenge for a passkey to be added, and the browser's options.

    Raises:
        Problem: 409 where the account has too many factors; 422 where the password is wrong.
    """
    username = await check_password(database, caller, password)
    clinic_id, account_id = caller.clinic_id, caller.account_id

    async def work(connection: AsyncConnection) -> tuple[UUID, JsonObject]:
        await _check_room(connection, caller)
        return await passkeys.begin_adding(
            connection, site, clinic_id=clinic_id, account_id=account_id, username=username, now=now
        )

    return await database.write(work)


async def add_passkey(
    database: Database, caller: Caller, site: passkeys.Site, *, given: PasskeyIn, now: datetime
) -> AddedOut:
    """Adds a passkey; every other sign-in of the account ends.

    Raises:
        Problem: 422 where it does not answer the challenge.
    """

    async def work(connection: AsyncConnection) -> AddedOut:
        new = await passkeys.add(
            connection,
            site,
            clinic_id=caller.clinic_id,
            account_id=caller.account_id,
            challenge_id=given.challenge_id,
            credential=given.credential,
            name=given.name,
            now=now,
        )
        told = of_factor(new, "passkey", given.name, created_at=now, confirmed=True)
        return await _added(connection, caller, told, factor="passkey", now=now)

    return await database.write(work)


async def remove(database: Database, caller: Caller, *, factor_id: UUID, password: str, now: datetime) -> None:
    """Takes a factor off the account; with the last one its recovery codes go, and its other sign-ins end.

    Raises:
        Problem: 404 where the caller has no such factor; 422 where the password is wrong.
    """
    await check_password(database, caller, password)

    async def work(connection: AsyncConnection) -> None:
        mine = of_account(caller.clinic_id, caller.account_id)
        if (
            await connection.execute(delete(second_factor).where(mine, col(SecondFactor.id) == factor_id))
        ).rowcount == 0:
            raise not_found("second factor")
        if (await connection.execute(select(col(SecondFactor.id)).where(mine).limit(1))).first() is None:
            await _forget_codes(connection, caller.clinic_id, caller.account_id)
            this = and_(col(SignIn.clinic_id) == caller.clinic_id, col(SignIn.id) == caller.session_id)
            await connection.execute(update(sign_in).where(this).ordered_values(to(col(SignIn.factor), None)))
        await end_of(connection, caller.clinic_id, caller.account_id, but=caller.session_id)
        await _heard(connection, caller, "delete", now=now)

    await database.write(work)


async def renew_codes(database: Database, caller: Caller, *, password: str, now: datetime) -> RecoveryCodesOut:
    """New recovery codes instead of those of before.

    Raises:
        Problem: 409 where the account has no second factor; 422 where the password is wrong.
    """
    await check_password(database, caller, password)

    async def work(connection: AsyncConnection) -> list[str]:
        if not await codes.asks_for_code(connection, caller.clinic_id, caller.account_id):
            raise Problem(409, "There is no second factor that a code could stand in for.")
        await _heard(connection, caller, "change", now=now)
        return await codes.fresh_recovery_codes(connection, caller.clinic_id, caller.account_id)

    return RecoveryCodesOut(recovery_codes=await database.write(work))


async def remove_all(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> None:
    """Takes every factor and recovery code off an account."""
    await connection.execute(delete(second_factor).where(of_account(clinic_id, account_id)))
    await _forget_codes(connection, clinic_id, account_id)


async def _added(
    connection: AsyncConnection, caller: Caller, told: FactorOut, *, factor: Factor, now: datetime
) -> AddedOut:
    """This sign-in has shown the factor; others of the account have not, and end."""
    this = and_(col(SignIn.clinic_id) == caller.clinic_id, col(SignIn.id) == caller.session_id)
    await connection.execute(update(sign_in).where(this).ordered_values(to(col(SignIn.factor), factor)))
    await end_of(connection, caller.clinic_id, caller.account_id, but=caller.session_id)
    await _heard(connection, caller, "create", now=now)
    has_some = await _left(connection, caller) > 0
    made = [] if has_some else await codes.fresh_recovery_codes(connection, caller.clinic_id, caller.account_id)
    return AddedOut(factor=told, recovery_codes=made)


async def _left(connection: AsyncConnection, caller: Caller) -> int:
    mine = and_(col(RecoveryCode.clinic_id) == caller.clinic_id, col(RecoveryCode.account_id) == caller.account_id)
    return int((await connection.execute(select(func.count()).select_from(recovery_code).where(mine))).scalar_one())


async def _check_room(connection: AsyncConnection, caller: Caller) -> None:
    held = of_account(caller.clinic_id, caller.account_id)
    many = (await connection.execute(select(func.count()).select_from(second_factor).where(held))).scalar_one()
    if many >= MOST:
        raise Problem(409, f"The account has {MOST} second factors; remove one first.")


async def _forget_codes(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> None:
    theirs = and_(col(RecoveryCode.clinic_id) == clinic_id, col(RecoveryCode.account_id) == account_id)
    await connection.execute(delete(table(RecoveryCode)).where(theirs))


async def _heard(connection: AsyncConnection, caller: Caller, action: AuditAction, *, now: datetime) -> None:
    await audit.record(
        connection, caller, action=action, resource="second_factor", patient_id=caller.own_record, now=now
    )
