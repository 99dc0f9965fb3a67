"""What people do with their own account: their password, and where they are signed in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.passwords import hash_new
from app.access.accounts.permissions import Caller
from app.access.accounts.service import change_account, new_password
from app.access.accounts.sessions import sign_in, still_holds
from app.access.accounts.tables import Account, SignIn
from app.access.audit import service as audit
from app.access.factors.service import check_password
from app.access.lifecycle.codes import forget_resets
from app.access.lifecycle.schemas import PasswordIn, SessionOut
from app.base.http.problems import not_found
from app.base.store.database import Database
from app.base.store.typed import col


async def set_password(database: Database, caller: Caller, *, given: PasswordIn, now: datetime) -> None:
    """Sets a new password of the caller's own; every other sign-in of the account ends at once.

    Raises:
        Problem: 422 where the old password is wrong, or the new one is soon guessed; 429 where too many passwords are
            looked at.
    """
    username = await check_password(database, caller, given.password.get_secret_value())
    fresh = new_password(await hash_new(given.new_password, username=username, pointer="/new_password"))

    async def work(connection: AsyncConnection) -> None:
        await change_account(connection, caller.clinic_id, caller.account_id, changes=[fresh], but=caller.session_id)
        await forget_resets(connection, caller.clinic_id, caller.account_id)
        await audit.record(
            connection, caller, action="change", resource="password", patient_id=caller.own_record, now=now
        )

    await database.write(work)


async def sessions(database: Database, caller: Caller, now: datetime) -> list[SessionOut]:
    """Where the caller is signed in, the newest first."""
    return await sessions_of(database, caller, account_id=caller.account_id, now=now)


async def sessions_of(database: Database, caller: Caller, *, account_id: UUID, now: datetime) -> list[SessionOut]:
    """Where an account of the caller's clinic is signed in, for whoever may know."""
    theirs = and_(col(SignIn.clinic_id) == caller.clinic_id, col(SignIn.account_id) == account_id)
    query = (
        select(
            col(SignIn.id),
            col(SignIn.device),
            col(SignIn.created_at),
            col(SignIn.seen_at),
            col(SignIn.expires_at),
            col(SignIn.factor),
        )
        .where(theirs, still_holds(now))
        .order_by(col(SignIn.created_at).desc(), col(SignIn.id))
    )
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    return [
        SessionOut(
            id=session_id,
            device=device,
            created_at=begun,
            last_seen_at=seen,
            expires_at=ends,
            factor=factor,
            current=session_id == caller.session_id,
        )
        for session_id, device, begun, seen, ends, factor in found
    ]


async def name_of(database: Database, caller: Caller) -> str:
    """The name that the caller signs in with."""
    this = and_(col(Account.clinic_id) == caller.clinic_id, col(Account.id) == caller.account_id)
    async with database.read() as connection:
        return (await connection.execute(select(col(Account.username)).where(this))).scalar_one()


async def end_session(database: Database, caller: Caller, *, session_id: UUID | None, now: datetime) -> None:
    """Ends one of the caller's sign-ins, or all of them, the one that asks as well.

    Raises:
        Problem: 404 where the caller has no such sign-in.
    """
    mine = and_(col(SignIn.clinic_id) == caller.clinic_id, col(SignIn.account_id) == caller.account_id)
    these = mine if session_id is None else and_(mine, col(SignIn.id) == session_id)

    async def work(connection: AsyncConnection) -> None:
        if (await connection.execute(delete(sign_in).where(these))).rowcount == 0 and session_id is not None:
            raise not_found("session")
        await audit.record(
            connection, caller, action="delete", resource="sessions", patient_id=caller.own_record, now=now
        )

    await database.write(work)
