"""The call `reprieve account`."""

import asyncio
import secrets
from typing import Annotated, cast, get_args
from uuid import UUID

import typer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import add_account, change_account, disabled_since, hash_password, new_password
from app.access.accounts.tables import Account, Clinic
from app.access.audit.schemas import AuditAction
from app.access.audit.service import record_of_command
from app.access.factors.service import remove_all
from app.access.lifecycle.codes import forget_resets
from app.base.http.problems import Problem
from app.base.store.metadata import utc_now
from app.base.store.typed import Setting, col
from app.doors.commands.common import Refusal, new_call, opened, parse_id
from app.rules.words import Role

app = new_call()


@app.command()
def account(
    username: Annotated[str, typer.Argument(help="name under which somebody signs in")],
    clinic_id: Annotated[str, typer.Option("--clinic", help="id of the clinic")],
    role: Annotated[
        str | None, typer.Option(help="of a new account: patient, clinician, scheduler, admin or operator")
    ] = None,
    patient: Annotated[str | None, typer.Option(help="id of the patient, for that role")] = None,
    disable: Annotated[bool, typer.Option("--disable", help="the account signs in no more")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="it signs in again")] = False,
    fresh: Annotated[
        bool, typer.Option("--new-password", help="it gets a new password, which is printed; its second factors go")
    ] = False,
) -> None:
    """Makes an account in a clinic, or ends or renews one; prints a new password once."""
    where, username = parse_id("--clinic", clinic_id), username.strip()
    password = secrets.token_urlsafe(15)
    if disable + enable + fresh > 1 or (disable or enable or fresh) != (role is None) or (role is None and patient):
        raise Refusal("give --role for a new account, or one of --disable, --enable and --new-password")
    if role is None:
        change = new_password(hash_password(password)) if fresh else disabled_since(utc_now() if disable else None)
        asyncio.run(_change(username, where, change, without_factors=fresh))
        print(f"username  {username}\npassword  {password}" if fresh else "done")
        return
    if role not in get_args(Role):
        raise Refusal(f"--role: {role!r} is none of {', '.join(get_args(Role))}")
    if (role == "patient") != (patient is not None):
        raise Refusal("--patient goes with the role patient, and only with it")
    whose = None if patient is None else parse_id("--patient", patient)
    try:
        asyncio.run(_add(username, password, where=where, role=cast(Role, role), whose=whose))
    except Problem as problem:
        raise Refusal(problem.detail) from None
    except IntegrityError:
        raise Refusal(f"--patient: the clinic has no patient {patient}") from None
    print(f"username  {username}\npassword  {password}")


async def _change(username: str, where: UUID, change: Setting, *, without_factors: bool) -> None:
    """Changes an account and ends its sign-ins at once, also in servers that run."""

    async def work(connection: AsyncConnection) -> None:
        theirs = (col(Account.clinic_id) == where) & (col(Account.username) == username)
        account_id = (await connection.execute(select(col(Account.id)).where(theirs))).scalar_one_or_none()
        if account_id is None:
            raise Refusal(f"the clinic has no account {username}")
        await change_account(connection, where, account_id, changes=[change])
        if without_factors:
            await remove_all(connection, where, account_id)
            await forget_resets(connection, where, account_id)
        await _told(connection, where, "change")

    async with opened() as database:
        await database.write(work)


async def _told(connection: AsyncConnection, where: UUID, did: AuditAction, *, whose: UUID | None = None) -> None:
    """Leaves an event of what the operator did, as the same step of an admin leaves one."""
    await record_of_command(connection, did, "account", clinic_id=where, patient_id=whose, now=utc_now())


async def _add(username: str, password: str, *, where: UUID, role: Role, whose: UUID | None) -> None:
    async def work(connection: AsyncConnection) -> None:
        if (await connection.execute(select(col(Clinic.id)).where(col(Clinic.id) == where))).first() is None:
            raise Refusal(f"--clinic: there is no clinic {where}")
        await add_account(
            connection,
            where,
            username=username,
            password_hash=hash_password(password),
            role=role,
            now=utc_now(),
            patient_id=whose,
        )
        await _told(connection, where, "create", whose=whose)

    async with opened() as database:
        await database.write(work)
