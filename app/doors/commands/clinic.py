"""The call `reprieve clinic`: makes a clinic and its first account."""

import asyncio
import secrets
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import add_account, add_clinic, hash_password
from app.access.accounts.service import clinic as clinic_table
from app.access.accounts.tables import Clinic
from app.base.http.problems import Problem
from app.base.store.metadata import utc_now
from app.base.store.typed import col
from app.doors.commands.common import Refusal, new_call, opened, report
from app.work.clinic.schemas import ClinicChange
from app.work.clinic.service import settings_of

app = new_call()


@app.command()
def clinic(
    name: Annotated[str, typer.Argument(help="name of the new clinic")],
    admin: Annotated[str, typer.Option(help="name under which its first admin signs in")],
    phone: Annotated[str | None, typer.Option(help="what advice tells patients to call")] = None,
    emergency_number: Annotated[
        str | None, typer.Option(help="what advice names for an emergency; otherwise that of the country, else 112")
    ] = None,
    jurisdiction: Annotated[str | None, typer.Option(help="its country by ISO 3166-1, such as CH")] = None,
) -> None:
    """Makes a clinic and its first admin; prints the clinic's id and the admin's password once."""
    name, admin = name.strip(), admin.strip()
    if not name or not admin:
        raise Refusal("a clinic and its admin need a name")
    given = _checked(phone=phone, emergency_number=emergency_number, jurisdiction=jurisdiction)
    password = secrets.token_urlsafe(15)
    try:
        made = asyncio.run(_add(name, admin, password, given=given))
    except Problem as problem:
        raise Refusal(problem.detail) from None
    print(f"clinic    {made}\nusername  {admin}\npassword  {password}")
    if phone is None:
        report("no --phone: until an admin sets one, advice about a danger sign names the emergency number alone")


def _checked(**options: str | None) -> ClinicChange:
    """The numbers as the API checks them."""
    try:
        return ClinicChange.model_validate({name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        option = str(error.errors(include_input=False, include_url=False)[0]["loc"][0])
    wanted = ClinicChange.model_json_schema()["properties"][option]["description"]
    raise Refusal(f"--{option.replace('_', '-')}: {options[option]!r} is none; it is {wanted}")


async def _add(name: str, admin: str, password: str, *, given: ClinicChange) -> UUID:
    async def work(connection: AsyncConnection) -> UUID:
        new = await add_clinic(connection, name, utc_now())
        settings = settings_of(given)
        if settings:
            await connection.execute(update(clinic_table).where(col(Clinic.id) == new).ordered_values(*settings))
        await add_account(
            connection, new, username=admin, password_hash=hash_password(password), role="admin", now=utc_now()
        )
        return new

    async with opened() as database:
        return await database.write(work)
