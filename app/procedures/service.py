"""Procedures: rules and queries."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts.access import Action, Caller, reach
from app.audit import service as audit
from app.conditional import etag, from_cursor, require_match, to_cursor
from app.patients import service as patients
from app.problems import bad_field, not_found
from app.procedures.schemas import ProcedureChange, ProcedureIn
from app.procedures.tables import Procedure
from app.store.base import columns, new_id
from app.store.database import Database

procedure = columns(Procedure)
NEVER_UNKNOWN = ("performed_on", "region", "laterality")


def procedure_tag(row: Row[Any]) -> str:
    """The ETag of a procedure's row."""
    return etag("procedure", row.id, row.version)


async def find(connection: AsyncConnection, caller: Caller, procedure_id: UUID, action: Action = "read") -> Row[Any]:
    """The row of a procedure within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of, 403 where the role has no such rule.
    """
    row = (
        await connection.execute(
            select(procedure).where(
                procedure.c.id == procedure_id, reach(caller, action, procedure.c.clinic_id, procedure.c.patient_id)
            )
        )
    ).first()
    if row is None:
        raise not_found("procedure")
    return row


async def of_patient(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> list[Row[Any]]:
    """All procedures of one patient, in the order in which they were performed."""
    return list(
        (
            await connection.execute(
                select(procedure)
                .where(procedure.c.clinic_id == clinic_id, procedure.c.patient_id == patient_id)
                .order_by(procedure.c.performed_on, procedure.c.id)
            )
        ).all()
    )


async def create(database: Database, caller: Caller, patient_id: UUID, new: ProcedureIn, now: datetime) -> Row[Any]:
    """A new procedure; every verdict of the patient becomes stale, for it may end an earlier watch."""

    async def work(connection: AsyncConnection) -> Row[Any]:
        person = await patients.find(connection, caller, patient_id, "change_procedure", lock=True)
        _check_day(new.performed_on, person, now)
        new_row = new_id()
        await connection.execute(
            insert(procedure).values(
                clinic_id=caller.clinic_id,
                id=new_row,
                patient_id=patient_id,
                version=1,
                created_at=now,
                **new.model_dump(),
            )
        )
        await patients.touch(connection, caller.clinic_id, patient_id)
        await audit.record(connection, caller, "create", "procedure", patient_id, now)
        return await find(connection, caller, new_row)

    return await database.write(work)


async def change(
    database: Database,
    caller: Caller,
    procedure_id: UUID,
    changes: ProcedureChange,
    if_match: str | None,
    now: datetime,
) -> Row[Any]:
    """Changes what is given."""
    values = changes.model_dump(exclude_unset=True)
    for name in NEVER_UNKNOWN:
        if name in values and values[name] is None:
            raise bad_field(f"/{name}", "can't be null; leave it out to keep what is there")

    async def work(connection: AsyncConnection) -> Row[Any]:
        row = await find(connection, caller, procedure_id, "change_procedure")
        person = await patients.find(connection, caller, row.patient_id, "change_procedure", lock=True)
        row = await find(connection, caller, procedure_id, "change_procedure")
        require_match(if_match, procedure_tag(row))
        _check_day(values.get("performed_on", row.performed_on), person, now)
        if any(getattr(row, name) != value for name, value in values.items()):
            await connection.execute(
                update(procedure)
                .where(procedure.c.clinic_id == row.clinic_id, procedure.c.id == row.id)
                .values(version=row.version + 1, **values)
            )
            await patients.touch(connection, caller.clinic_id, row.patient_id)
            await audit.record(connection, caller, "change", "procedure", row.patient_id, now)
        return await find(connection, caller, procedure_id)

    return await database.write(work)


async def read(database: Database, caller: Caller, procedure_id: UUID, now: datetime) -> Row[Any]:
    """One procedure."""
    async with database.read() as connection:
        row = await find(connection, caller, procedure_id)
    await audit.record_read(database, caller, "procedure", row.patient_id, now)
    return row


async def page(
    database: Database, caller: Caller, patient_id: UUID, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Row[Any]], str | None]:
    """A patient's procedures in the order in which they were recorded, and the cursor of the rest."""
    after = from_cursor(cursor)
    async with database.read() as connection:
        await patients.find(connection, caller, patient_id)
        query = select(procedure).where(
            procedure.c.patient_id == patient_id, reach(caller, "read", procedure.c.clinic_id, procedure.c.patient_id)
        )
        if after is not None:
            query = query.where(procedure.c.id > after)
        rows = list((await connection.execute(query.order_by(procedure.c.id).limit(limit + 1))).all())
    await audit.record_read(database, caller, "procedures", patient_id, now)
    return rows[:limit], to_cursor(rows[limit - 1].id) if len(rows) > limit else None


def _check_day(performed_on: date, person: Row[Any], now: datetime) -> None:
    if performed_on > patients.today_of(person.time_zone, now):
        raise bad_field("/performed_on", "lies in the patient's future")
    if performed_on < person.born_on:
        raise bad_field("/performed_on", "lies before the patient's birth")
