"""Patients: rules and queries."""

from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, Relation, limits, reach, relation_of, within
from app.access.audit import service as audit
from app.base.http.conditional import etag, from_cursor, require_match, to_cursor
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.base.store.prepared import Connection
from app.record.patients.schemas import PatientChange, PatientIn, PatientOut
from app.record.patients.tables import Patient
from app.record.revisions import service as history
from app.record.revisions.service import Version

patient = columns(Patient)
TOUCH = (
    update(patient)
    .where(patient.c.clinic_id == bindparam("clinic"), patient.c.id == bindparam("whose"))
    .values(record_version=patient.c.record_version + 1)
)


def today_of(time_zone: str, now: datetime) -> date:
    """The calendar day that it is for somebody."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def patient_tag(row: Row[Any]) -> str:
    """The ETag of a patient's row."""
    return etag("patient", row.id, row.version)


async def find(
    connection: Connection, caller: Caller, patient_id: UUID, action: Action = "read", lock: bool = False
) -> Row[Any]:
    """The row of a patient within the caller's reach; `lock` holds it to the end of the transaction.

    Raises:
        Problem: 404 where there is none that the caller may know of, 403 where the role has no such rule.
    """
    relation = relation_of(caller, action)
    named = {"patient": patient_id, **limits(caller, relation)}
    row: Row[Any] | None = (await connection.execute(_find(relation, lock), named)).first()
    if row is None:
        raise not_found("patient")
    return row


@cache
def _find(relation: Relation, lock: bool) -> Select[Any]:
    query = select(patient).where(
        patient.c.id == bindparam("patient"), within(relation, patient.c.clinic_id, patient.c.id)
    )
    return query.with_for_update() if lock else query


async def touch(connection: Connection, clinic_id: UUID, patient_id: UUID) -> None:
    """Makes every kept verdict of the patient stale."""
    await connection.execute(TOUCH, {"clinic": clinic_id, "whose": patient_id})


async def create(database: Database, caller: Caller, new: PatientIn, once: Once, now: datetime) -> Answer:
    """A new patient of the caller's clinic."""
    reach(caller, "create_patient", patient.c.clinic_id, patient.c.id)
    _check_birth(new.born_on, new.time_zone, now)

    async def work(connection: AsyncConnection) -> Answer:
        row = await add(connection, caller, new, now)
        headers = {"ETag": patient_tag(row), "Location": f"/v1/patients/{row.id}"}
        return Answer(to_wire(PatientOut, row._asdict()), 201, headers, row.id)

    return await once.run(database, caller.account_id, now, work)


async def add(
    connection: AsyncConnection, caller: Caller, new: PatientIn, now: datetime, patient_id: UUID | None = None
) -> Row[Any]:
    """Adds a patient in a transaction."""
    patient_id = patient_id or new_id()
    content = new.model_dump(mode="json")
    await connection.execute(
        insert(patient).values(
            clinic_id=caller.clinic_id,
            id=patient_id,
            name=new.name,
            born_on=new.born_on,
            time_zone=new.time_zone,
            version=1,
            record_version=1,
            created_at=now,
        )
    )
    await history.keep(connection, caller, patient_id, Version("patient", patient_id, 1, content), now)
    await audit.record(connection, caller, "create", "patient", patient_id, now)
    return await find(connection, caller, patient_id)


async def change(
    database: Database, caller: Caller, patient_id: UUID, changes: PatientChange, if_match: str | None, now: datetime
) -> Row[Any]:
    """Changes what is given; a field given as null is refused, for none of them can be unknown."""
    values = changes.model_dump(exclude_unset=True, exclude={"reason"})
    for name, value in values.items():
        if value is None:
            raise bad_field(f"/{name}", "can't be null; leave it out to keep what is there")

    async def work(connection: AsyncConnection) -> Row[Any]:
        row = await find(connection, caller, patient_id, "change_patient", lock=True)
        require_match(if_match, patient_tag(row))
        _check_birth(values.get("born_on", row.born_on), values.get("time_zone", row.time_zone), now)
        if any(getattr(row, name) != value for name, value in values.items()):
            await connection.execute(
                update(patient)
                .where(patient.c.clinic_id == row.clinic_id, patient.c.id == row.id)
                .values(version=row.version + 1, record_version=row.record_version + 1, **values)
            )
            whole = PatientIn.model_validate({name: getattr(row, name) for name in PatientIn.model_fields} | values)
            content = whole.model_dump(mode="json")
            version = Version("patient", row.id, row.version + 1, content, reason=changes.reason)
            await history.keep(connection, caller, row.id, version, now)
            await audit.record(connection, caller, "change", "patient", row.id, now)
        return await find(connection, caller, patient_id)

    return await database.write(work)


async def read(database: Database, caller: Caller, patient_id: UUID, now: datetime) -> Row[Any]:
    """One patient."""
    async with database.read() as connection:
        row = await find(connection, caller, patient_id)
    await audit.record_read(database, caller, "patient", row.id, now)
    return row


async def page(
    database: Database, caller: Caller, limit: int, cursor: str | None, now: datetime
) -> tuple[list[Row[Any]], str | None]:
    """The caller's patients, oldest record first, and the cursor of the rest."""
    query = select(patient).where(reach(caller, "read", patient.c.clinic_id, patient.c.id))
    after = from_cursor(cursor)
    if after is not None:
        query = query.where(patient.c.id > after)
    async with database.read() as connection:
        rows = list((await connection.execute(query.order_by(patient.c.id).limit(limit + 1))).all())
    await audit.record_read(database, caller, "patients", None, now)
    return rows[:limit], to_cursor(rows[limit - 1].id) if len(rows) > limit else None


def check_past(name: str, on: date, person: Row[Any], now: datetime) -> None:
    """Refuses a day that has not begun for the patient, and one before her birth; `name` is the field."""
    if on > today_of(person.time_zone, now):
        raise bad_field(f"/{name}", "lies in the patient's future")
    if on < person.born_on:
        raise bad_field(f"/{name}", "lies before the patient's birth")


def _check_birth(born_on: date, time_zone: str, now: datetime) -> None:
    if born_on > today_of(time_zone, now):
        raise bad_field("/born_on", "lies in the future")


async def story(database: Database, caller: Caller, patient_id: UUID, now: datetime) -> list[Row[Any]]:
    """Every revision of a patient's row."""
    async with database.read() as connection:
        person = await find(connection, caller, patient_id)
        rows = await history.of_row(connection, person.clinic_id, "patient", person.id)
    await audit.record_read(database, caller, "patient history", patient_id, now)
    return rows
