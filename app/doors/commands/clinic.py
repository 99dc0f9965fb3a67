"""The call `reprieve clinic`: makes a clinic and its first account."""

import asyncio
import secrets
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import add_account, add_clinic, hash_password
from app.base.http.problems import Problem
from app.base.store.metadata import utc_now
from app.doors.commands.common import Refusal, new_call, opened

app = new_call()


@app.command()
def clinic(
    name: Annotated[str, typer.Argument(help="name of the new clinic")],
    admin: Annotated[str, typer.Option(help="name under which its first admin signs in")],
) -> None:
    """Makes a clinic and its first admin; prints the clinic's id and the admin's password once."""
    name, admin = name.strip(), admin.strip()
    if not name or not admin:
        raise Refusal("a clinic and its admin need a name")
    password = secrets.token_urlsafe(15)
    try:
        made = asyncio.run(_add(name, admin, password))
    except Problem as problem:
        raise Refusal(problem.detail) from None
    print(f"clinic    {made}\nusername  {admin}\npassword  {password}")


async def _add(name: str, admin: str, password: str) -> UUID:
    async def work(connection: AsyncConnection) -> UUID:
        new = await add_clinic(connection, name, utc_now())
        await add_account(
            connection, new, username=admin, password_hash=hash_password(password), role="admin", now=utc_now()
        )
        return new

    async with opened() as database:
        return await database.write(work)
