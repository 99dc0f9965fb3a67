"""Reading and changing a clinic's settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, relation_of
from app.access.accounts.service import account, clinic
from app.access.audit import service as audit
from app.alerts.flags.budget import used
from app.base.http.problems import Problem, bad_field
from app.base.store.database import Database
from app.work.clinic.schemas import ClinicChange


async def read(database: Database, caller: Caller, now: datetime) -> dict[str, Any]:
    """The caller's clinic."""
    _of_staff(caller)
    async with database.read() as connection:
        return await _read(connection, caller, now)


async def change(database: Database, caller: Caller, given: ClinicChange, now: datetime) -> dict[str, Any]:
    """Changes the settings of the caller's clinic.

    Raises:
        Problem: 403, or 422 for an account that is nobody of its staff.
    """
    relation_of(caller, "change_clinic")
    values: dict[str, Any] = given.model_dump(exclude_unset=True)
    if "name" in values and values["name"] is None:
        raise bad_field("/name", "a clinic has a name")

    async def work(connection: AsyncConnection) -> dict[str, Any]:
        staff = {row.id for row in await colleagues(connection, caller)}
        for place, one in enumerate(values.get("chain") or []):
            if one not in staff:
                raise bad_field(f"/chain/{place}", "is nobody of this clinic's staff")
        if "chain" in values:
            values["chain"] = [str(one) for one in dict.fromkeys(values["chain"] or [])] or None
        if values:
            await connection.execute(update(clinic).where(clinic.c.id == caller.clinic_id).values(values))
            await audit.record(connection, caller, "change", "clinic", None, now)
        return await _read(connection, caller, now)

    return await database.write(work)


async def list_colleagues(database: Database, caller: Caller) -> list[Any]:
    """The staff of the caller's clinic."""
    _of_staff(caller)
    async with database.read() as connection:
        return await colleagues(connection, caller)


async def colleagues(connection: AsyncConnection, caller: Caller) -> list[Any]:
    """The staff of the caller's clinic, by name."""
    theirs = select(account.c.id, account.c.username, account.c.role).where(
        account.c.clinic_id == caller.clinic_id, account.c.role != "patient"
    )
    return list((await connection.execute(theirs.order_by(account.c.username))).all())


async def _read(connection: AsyncConnection, caller: Caller, now: datetime) -> dict[str, Any]:
    row = (await connection.execute(select(clinic).where(clinic.c.id == caller.clinic_id))).one()
    shown, held = await used(connection, caller.clinic_id, now)
    return {**row._asdict(), "chain": row.chain or [], "shown_in_seven_days": shown, "held_back": held}


def _of_staff(caller: Caller) -> None:
    if relation_of(caller, "read") != "clinic":
        raise Problem(403, f"A {caller.role} may not do this.")
