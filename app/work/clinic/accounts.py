"""The end of an account, and a new password: whoever has left signs in no more, and nobody keeps a password for ever."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.accounts.service import SignIns, change_account, disabled_since, hashed, matches, new_password
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.base.http.problems import Problem, bad_field, not_found
from app.base.store.database import Database
from app.base.store.typed import col
from app.work.clinic.schemas import AccountChange, ClinicAccountOut, PasswordIn


async def change(
    database: Database, caller: Caller, *, account_id: UUID, given: AccountChange, sign_ins: SignIns, now: datetime
) -> ClinicAccountOut:
    """Disables an account of the clinic and ends its sign-ins at once, or lets it sign in again.

    Raises:
        Problem: 403; 404 where the clinic has no such account; 409 for the caller's own.
    """
    require(caller, "manage_accounts")
    if account_id == caller.account_id:
        raise Problem(409, "Another admin must do this with your account.")

    async def work(connection: AsyncConnection) -> ClinicAccountOut:
        query = select(col(Account.username), col(Account.role), col(Account.patient_id), col(Account.disabled_at))
        this = (col(Account.clinic_id) == caller.clinic_id) & (col(Account.id) == account_id)
        found = (await connection.execute(query.where(this).with_for_update())).first()
        if found is None:
            raise not_found("account")
        username, role, patient_id, disabled_at = found
        if given.disabled != (disabled_at is not None):
            changes = [disabled_since(now if given.disabled else None)]
            await change_account(connection, caller.clinic_id, account_id, changes=changes)
            await audit.record(connection, caller, action="change", resource="account", patient_id=patient_id, now=now)
        return ClinicAccountOut(id=account_id, username=username, role=role, disabled=given.disabled)

    done = await database.write(work)
    sign_ins.forget(caller.clinic_id)
    return done


async def set_password(
    database: Database, caller: Caller, *, given: PasswordIn, token: str, sign_ins: SignIns, now: datetime
) -> None:
    """Sets a new password of the caller's own; every other sign-in of the account ends at once.

    Raises:
        Problem: 422 where the old password is wrong; 429 where too many passwords are looked at.
    """
    this = (col(Account.clinic_id) == caller.clinic_id) & (col(Account.id) == caller.account_id)
    async with database.read() as connection:
        known = (await connection.execute(select(col(Account.password_hash)).where(this))).scalar_one()
    if not await matches(given.password.get_secret_value(), known):
        raise bad_field("/password", "is not the one that you sign in with")
    fresh = new_password(await hashed(given.new_password.get_secret_value()))

    async def work(connection: AsyncConnection) -> None:
        await change_account(connection, caller.clinic_id, caller.account_id, changes=[fresh], but=token)
        await audit.record(
            connection, caller, action="change", resource="password", patient_id=caller.patient_id, now=now
        )

    await database.write(work)
    sign_ins.forget(caller.clinic_id)
