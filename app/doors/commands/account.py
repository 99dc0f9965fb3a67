"""The call `reprieve account`."""

import asyncio
import secrets
from typing import Annotated, cast, get_args
from uuid import UUID

import typer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.service import add_account, hash_password
from app.access.accounts.tables import Clinic
from app.base.http.problems import Problem
from app.base.store.metadata import utc_now
from app.base.store.typed import col
from app.doors.commands.common import Refusal, new_call, opened, parse_id
from app.rules.words import Role

app = new_call()


@app.command()
def account(
    username: Annotated[str, typer.Argument(help="name under which somebody signs in")],
    clinic_id: Annotated[str, typer.Option("--clinic", help="id of the clinic")],
    role: Annotated[str, typer.Option(help="patient, clinician, scheduler or admin")],
    patient: Annotated[str | None, typer.Option(help="id of the patient, for that role")] = None,
) -> None:
    """Makes an account in a clinic; prints its password once."""
    if role not in get_args(Role):
        raise Refusal(f"--role: {role!r} is none of {', '.join(get_args(Role))}")
    if (role == "patient") != (patient is not None):
        raise Refusal("--patient goes with the role patient, and only with it")
    where, whose = parse_id("--clinic", clinic_id), None if patient is None else parse_id("--patient", patient)
    password = secrets.token_urlsafe(15)
    try:
        asyncio.run(_add(username.strip(), password, where=where, role=cast(Role, role), whose=whose))
    except Problem as problem:
        raise Refusal(problem.detail) from None
    except IntegrityError:
        raise Refusal(f"--patient: the clinic has no patient {patient}") from None
    print(f"username  {username.strip()}\npassword  {password}")


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

    async with opened() as database:
        await database.write(work)
