"""The accounts of a clinic, as its admins see and change them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach, require
from app.access.accounts.service import account, change_account, disabled_since
from app.access.accounts.sessions import sign_in, still_holds
from app.access.accounts.tables import Account, SignIn
from app.access.audit import service as audit
from app.access.factors.codes import second_factor
from app.access.factors.service import remove_all
from app.access.factors.tables import SecondFactor
from app.access.lifecycle import own
from app.access.lifecycle.schemas import AccountChange, ClinicAccountOut, SessionOut
from app.base.http.paging import Page, from_cursor, page, to_cursor
from app.base.http.problems import Problem, bad_field, not_found
from app.base.store.database import Database
from app.base.store.typed import RowQuery, Setting, col, to
from app.rules.words import Role


async def list_accounts(
    database: Database, caller: Caller, *, roles: Sequence[Role], limit: int, cursor: str | None, now: datetime
) -> Page[ClinicAccountOut]:
    """The clinic's accounts of some roles, the oldest first, with their last sign-in.

    Raises:
        Problem: 403; 422 for a cursor that is none.
    """
    require(caller, "manage_accounts")
    query = _accounts(caller.clinic_id, now).order_by(col(Account.id)).limit(limit + 1)
    query = query.where(col(Account.role).in_(roles))
    if (after := from_cursor(cursor)) is not None:
        query = query.where(col(Account.id) > after)
    async with database.read() as connection:
        found: Sequence[Row[*tuple[Any, ...]]] = (await connection.execute(query)).all()  # `_out` names its columns
    shown, rest = page([_out(one) for one in found], limit, lambda one: to_cursor(one.id))
    named = [one.patient_id for one in shown]
    await audit.record_list(database, caller, resource="accounts", patients=named, now=now)
    return Page(items=shown, next=rest)


async def of_patient(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> list[ClinicAccountOut]:
    """The account with which a patient of the clinic signs in, if there is one; for whoever may see the patient."""
    require(caller, "invite")
    theirs = reach(caller, "read", clinic_id=col(Account.clinic_id), patient_id=col(Account.patient_id))
    query = _accounts(caller.clinic_id, now).where(col(Account.patient_id) == patient_id, theirs)
    async with database.read() as connection:
        found: Sequence[Row[*tuple[Any, ...]]] = (await connection.execute(query)).all()  # `_out` names its columns
    await audit.record_read(database, caller, resource="account", patient_id=patient_id, now=now)
    return [_out(one) for one in found]


async def read(database: Database, caller: Caller, *, account_id: UUID, now: datetime) -> ClinicAccountOut:
    """One account of the clinic.

    Raises:
        Problem: 403; 404 where the clinic has no such account.
    """
    require(caller, "manage_accounts")
    async with database.read() as connection:
        found = await _find(connection, caller.clinic_id, account_id, now=now)
    await audit.record_list(database, caller, resource="accounts", patients=[found.patient_id], now=now)
    return found


async def change(
    database: Database, caller: Caller, *, account_id: UUID, given: AccountChange, now: datetime
) -> ClinicAccountOut:
    """Gives an account another role, disables it, or lets it sign in again; its sign-ins end at once where that changes it.

    Raises:
        Problem: 403, also for an admin who has ceased to be one meanwhile; 404 where the clinic has no such account; 409 for
            the caller's own; 422 for the role of a patient.
    """
    require(caller, "manage_accounts")
    if account_id == caller.account_id:
        raise Problem(409, "Another admin must do this with your account.")

    async def work(connection: AsyncConnection) -> ClinicAccountOut:
        await _hold_admins(connection, caller)
        before = await _find(connection, caller.clinic_id, account_id, now=now, lock=True)
        changes: list[Setting] = []
        if given.role is not None and before.role == "patient":
            raise bad_field("/role", "a patient's account stays one")
        if given.role is not None and given.role != before.role:
            changes.append(to(col(Account.role), given.role))
        if given.disabled is not None and given.disabled != before.disabled:
            changes.append(disabled_since(now if given.disabled else None))
        if changes:
            await change_account(connection, caller.clinic_id, account_id, changes=changes)
            whose = before.patient_id
            await audit.record(connection, caller, action="change", resource="account", patient_id=whose, now=now)
        return await _find(connection, caller.clinic_id, account_id, now=now)

    return await database.write(work)


async def remove_factors(database: Database, caller: Caller, *, account_id: UUID, now: datetime) -> None:
    """Takes every second factor off an account, as of somebody whose phone is lost; its sign-ins end at once.

    Raises:
        Problem: 403; 404 where the clinic has no such account; 409 for the caller's own.
    """
    require(caller, "manage_accounts")
    if account_id == caller.account_id:
        raise Problem(409, "Another admin must do this with your account.")

    async def work(connection: AsyncConnection) -> None:
        whose = (await _find(connection, caller.clinic_id, account_id, now=now, lock=True)).patient_id
        await remove_all(connection, caller.clinic_id, account_id)
        await change_account(connection, caller.clinic_id, account_id, changes=[])
        await audit.record(connection, caller, action="delete", resource="second_factor", patient_id=whose, now=now)

    await database.write(work)


async def end_sessions(database: Database, caller: Caller, *, account_id: UUID, now: datetime) -> None:
    """Ends every sign-in of an account of the clinic at once.

    Raises:
        Problem: 403; 404 where the clinic has no such account.
    """
    require(caller, "manage_accounts")

    async def work(connection: AsyncConnection) -> None:
        whose = (await _find(connection, caller.clinic_id, account_id, now=now, lock=True)).patient_id
        await change_account(connection, caller.clinic_id, account_id, changes=[])
        await audit.record(connection, caller, action="delete", resource="sessions", patient_id=whose, now=now)

    await database.write(work)


async def devices(database: Database, caller: Caller, *, account_id: UUID, now: datetime) -> list[SessionOut]:
    """Where an account of the clinic is signed in, the newest first.

    Raises:
        Problem: 403; 404 where the clinic has no such account.
    """
    require(caller, "manage_accounts")
    async with database.read() as connection:
        whose = (await _find(connection, caller.clinic_id, account_id, now=now)).patient_id
    await audit.record_read(database, caller, resource="sessions", patient_id=whose, now=now)
    return await own.sessions_of(database, caller, account_id=account_id, now=now)


async def end_device(database: Database, caller: Caller, *, account_id: UUID, session_id: UUID, now: datetime) -> None:
    """Ends one sign-in of an account of the clinic.

    Raises:
        Problem: 403; 404 where the clinic has no such account, or the account no such sign-in.
    """
    require(caller, "manage_accounts")

    async def work(connection: AsyncConnection) -> None:
        whose = (await _find(connection, caller.clinic_id, account_id, now=now, lock=True)).patient_id
        this = and_(
            col(SignIn.clinic_id) == caller.clinic_id,
            col(SignIn.account_id) == account_id,
            col(SignIn.id) == session_id,
        )
        if (await connection.execute(delete(sign_in).where(this))).rowcount == 0:
            raise not_found("session")
        await audit.record(connection, caller, action="delete", resource="sessions", patient_id=whose, now=now)

    await database.write(work)


async def _hold_admins(connection: AsyncConnection, caller: Caller) -> None:
    """Locks the clinic's admins: of two who take the role from each other at once, one keeps it."""
    admins = and_(col(Account.clinic_id) == caller.clinic_id, col(Account.role) == "admin")
    query = select(col(Account.id)).where(admins, col(Account.disabled_at).is_(None))
    held = (await connection.execute(query.order_by(col(Account.id)).with_for_update())).all()
    if caller.account_id not in {account_id for (account_id,) in held}:
        raise Problem(403, "You are no admin any more.")


async def _find(
    connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, now: datetime, lock: bool = False
) -> ClinicAccountOut:
    query = _accounts(clinic_id, now).where(col(Account.id) == account_id)
    found = (await connection.execute(query.with_for_update(of=account) if lock else query)).first()
    if found is None:
        raise not_found("account")
    return _out(found)


def _accounts(clinic_id: UUID, now: datetime) -> RowQuery:
    theirs = and_(
        col(SignIn.clinic_id) == col(Account.clinic_id),
        col(SignIn.account_id) == col(Account.id),
        still_holds(now),
    )
    factors = and_(
        col(SecondFactor.clinic_id) == col(Account.clinic_id),
        col(SecondFactor.account_id) == col(Account.id),
        col(SecondFactor.confirmed_at).is_not(None),
    )
    has_factor = select(second_factor).where(factors).correlate(account).exists()
    sessions = select(func.count()).select_from(sign_in).where(theirs).correlate(account).scalar_subquery()
    query: RowQuery = select(
        col(Account.id),
        col(Account.username),
        col(Account.role),
        col(Account.patient_id),
        col(Account.disabled_at),
        col(Account.created_at),
        col(Account.last_sign_in_at),
        sessions,
        has_factor,
    ).where(col(Account.clinic_id) == clinic_id, col(Account.role) != "operator")  # out of a clinic's reach
    return query


def _out(found: Row[*tuple[Any, ...]]) -> ClinicAccountOut:  # the row of `_accounts`
    account_id, username, role, patient_id, disabled_at, created_at, last_sign_in_at, sessions, factor = found
    return ClinicAccountOut(
        id=account_id,
        username=username,
        role=role,
        patient_id=patient_id,
        disabled=disabled_at is not None,
        second_factor=factor,
        created_at=created_at,
        last_sign_in_at=last_sign_in_at,
        sessions=sessions,
    )
