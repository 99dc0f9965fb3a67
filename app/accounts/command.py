"""The calls `reprieve clinic` and `reprieve account`: how the first people of a clinic come in."""

import asyncio
import secrets
import sys
from typing import cast, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts.access import Role
from app.accounts.service import add_account, add_clinic, clinic, hash_password
from app.problems import Problem
from app.settings import get_settings
from app.store.base import utc_now
from app.store.database import Database
from app.store.migrate import check
from app.store.writer import Work


def add_clinic_with_admin(name: str, admin: str) -> int:
    """Prints the new clinic's id and its admin's password; 2 where the name is taken."""
    password = secrets.token_urlsafe(15)

    async def work(connection: AsyncConnection) -> UUID:
        new = await add_clinic(connection, name.strip(), utc_now())
        await add_account(connection, new, admin.strip(), hash_password(password), "admin", utc_now())
        return new

    if not name.strip() or not admin.strip():
        return _refuse("a clinic and its admin need a name")
    try:
        made = asyncio.run(_write(work))
    except Problem as problem:
        return _refuse(problem.detail)
    print(f"clinic    {made}\nusername  {admin.strip()}\npassword  {password}")
    return 0


def add_account_to(username: str, clinic_id: str, role: str, patient_id: str | None) -> int:
    """Prints the new account's password; 2 for what does not fit together."""
    if role not in get_args(Role):
        return _refuse(f"--role: {role!r} is none of {', '.join(get_args(Role))}")
    if (role == "patient") != (patient_id is not None):
        return _refuse("--patient goes with the role patient, and only with it")
    try:
        where, whose = UUID(clinic_id), None if patient_id is None else UUID(patient_id)
    except ValueError:
        return _refuse("--clinic and --patient are ids")
    password = secrets.token_urlsafe(15)

    async def work(connection: AsyncConnection) -> UUID:
        if (await connection.execute(select(clinic.c.id).where(clinic.c.id == where))).first() is None:
            raise Problem(404, f"there is no clinic {where}")
        who = cast(Role, role)
        return await add_account(connection, where, username.strip(), hash_password(password), who, utc_now(), whose)

    try:
        asyncio.run(_write(work))
    except Problem as problem:
        return _refuse(problem.detail)
    except IntegrityError:
        return _refuse(f"--patient: the clinic has no patient {patient_id}")
    print(f"username  {username.strip()}\npassword  {password}")
    return 0


async def _write(work: Work[UUID]) -> UUID:
    settings = get_settings()
    await check(settings.url)
    database = Database(settings.url, pool_size=1)
    try:
        return await database.write(work)
    finally:
        await database.close()


def _refuse(says: str) -> int:
    print(f"reprieve: {says}", file=sys.stderr)
    return 2
