"""Patients: rules and queries."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import (
    RULES,
    Action,
    Caller,
    Relation,
    limit_names,
    limits,
    reach,
    relation_of,
    require,
    within,
)
from app.access.audit import service as audit
from app.base.http.conditional import etag, require_match
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.paging import from_cursor, page, to_cursor
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import ON_RECORD, new_id
from app.base.store.prepared import Connection, Prepared, first_of, prepared_select, rows_of
from app.base.store.typed import RowQuery, col, for_row, row, table, to
from app.record.patients.names import names_changed, names_of_clinic, names_within
from app.record.patients.schemas import PatientChange, PatientIn, PatientOut
from app.record.patients.tables import Patient
from app.record.revisions import service as revisions
from app.record.revisions.schemas import RevisionOut
from app.record.revisions.service import NewRevision

patient = table(Patient)
UNKNOWN_MAY_BE = ("language", "payer", "mrn", "phone", "mail")
PATIENTS_OWN = {"time_zone", "language", "phone", "mail", "reason"}  # what a patient changes of their own record
COLUMNS = (
    col(Patient.clinic_id),
    col(Patient.id),
    col(Patient.name),
    col(Patient.born_on),
    col(Patient.time_zone),
    col(Patient.version),
    col(Patient.record_version),
    col(Patient.created_at),
    col(Patient.language),
    col(Patient.payer),
    col(Patient.mrn),
    col(Patient.phone),
    col(Patient.mail),
)
NOW = bindparam("now", type_=col(Patient.stale_since).type)
TOUCH: Prepared[*tuple[()]] = Prepared(
    update(patient)
    .where(col(Patient.clinic_id) == bindparam("clinic"), col(Patient.id) == bindparam("whose"))
    .ordered_values(
        to(col(Patient.record_version), col(Patient.record_version) + 1),
        to(col(Patient.stale_since), NOW),
    ),
    "clinic",
    "whose",
    "now",
)


@dataclass(frozen=True)
class Person:
    """A patient as the other rooms see them; `version` counts changes of the row, `record_version` those of the record."""

    clinic_id: UUID
    id: UUID
    name: str
    born_on: date
    time_zone: str
    version: int
    record_version: int
    created_at: datetime
    language: str | None = None
    payer: str | None = None
    mrn: str | None = None
    phone: str | None = None
    mail: str | None = None


def today_of(time_zone: str, now: datetime) -> date:
    """The calendar day in a time zone."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def patient_tag(person: Person) -> str:
    """The ETag of a patient's row."""
    return etag(person.clinic_id, "patient", person.id, person.version)


async def find(
    connection: Connection, caller: Caller, *, patient_id: UUID, action: Action = "read", lock: bool = False
) -> Person:
    """A patient within the caller's reach; `lock` holds the row to the end of the transaction.

    Raises:
        Problem: 404 where there is none that the caller may know of, 403 where the role has no such rule.
    """
    relation = relation_of(caller, action)
    found = await first_of(connection, _find(relation, lock), {"patient": patient_id, **limits(caller, relation)})
    if found is None:
        raise not_found("patient")
    return Person(*found)


@cache
def _find(
    relation: Relation, lock: bool
) -> Prepared[
    UUID,
    UUID,
    str,
    date,
    str,
    int,
    int,
    datetime,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
]:
    query: RowQuery = select(*COLUMNS).where(
        col(Patient.id) == bindparam("patient"), within(relation, col(Patient.clinic_id), col(Patient.id))
    )
    return prepared_select(query.with_for_update() if lock else query, "patient", *limit_names(relation))


async def by_id(
    connection: AsyncConnection, patient_id: UUID, *, clinic_id: UUID | None = None, lock: bool = False
) -> list[Person]:
    """The patients of an id, of one clinic or of all: for an operator at the command line. Two clinics may hold one id."""
    query: RowQuery = select(*COLUMNS).where(col(Patient.id) == patient_id).order_by(col(Patient.clinic_id))
    if clinic_id is not None:
        query = query.where(col(Patient.clinic_id) == clinic_id)
    return [Person(*one) for one in (await connection.execute(query.with_for_update() if lock else query)).all()]


async def names_of(connection: AsyncConnection, caller: Caller, patient_ids: list[UUID]) -> dict[UUID, str]:
    """Names of some of the patients that the caller may read, by id."""
    within_reach = reach(caller, "read", clinic_id=col(Patient.clinic_id), patient_id=col(Patient.id))
    query = select(col(Patient.id), col(Patient.name)).where(within_reach, col(Patient.id).in_(patient_ids))
    return {key: value for key, value in (await connection.execute(query)).all()}  # noqa: C416  # rows are typed tuples


async def phones_of(connection: AsyncConnection, caller: Caller, patient_ids: list[UUID]) -> dict[UUID, str]:
    """The phone numbers of those of some patients that the caller may read who have one, by id."""
    within_reach = reach(caller, "read", clinic_id=col(Patient.clinic_id), patient_id=col(Patient.id))
    query = select(col(Patient.clinic_id), col(Patient.id), col(Patient.phone)).where(
        within_reach, col(Patient.id).in_(patient_ids), col(Patient.phone).is_not(None)
    )
    return {key: phone for _, key, phone in (await connection.execute(query)).all() if phone is not None}


async def touch(connection: Connection, clinic_id: UUID, patient_id: UUID, *, now: datetime) -> None:
    """Makes every kept verdict of the patient stale."""
    await rows_of(connection, TOUCH, {"clinic": clinic_id, "whose": patient_id, "now": now})


async def create(database: Database, caller: Caller, *, new: PatientIn, once: IdempotentCall, now: datetime) -> Answer:
    """A new patient of the caller's clinic."""
    require(caller, "create_patient")
    _check_birth(new.born_on, new.time_zone, now)

    async def work(connection: AsyncConnection) -> Answer:
        person = await add(connection, caller, new=new, now=now)
        headers = {"ETag": patient_tag(person), "Location": f"/v1/patients/{person.id}"}
        return Answer(to_wire(PatientOut, person), 201, headers, person.id)

    return await audit.once(database, caller, once, now=now, work=work)


async def add(
    connection: AsyncConnection, caller: Caller, *, new: PatientIn, now: datetime, patient_id: UUID | None = None
) -> Person:
    """Adds a patient in a transaction."""
    patient_id = patient_id or new_id()
    values = row(
        Patient,
        clinic_id=caller.clinic_id,
        id=patient_id,
        name=new.name,
        born_on=new.born_on,
        time_zone=new.time_zone,
        language=new.language,
        payer=new.payer,
        mrn=new.mrn,
        phone=new.phone,
        mail=new.mail,
        version=1,
        record_version=1,
        created_at=now,
    )
    await connection.execute(insert(patient).values(values))
    await names_changed(connection, caller.clinic_id)
    await _check_number(connection, caller.clinic_id, patient_id=patient_id, mrn=new.mrn)
    first = NewRevision("patient", patient_id, 1, new.model_dump(mode="json"))
    await revisions.keep(connection, caller, patient_id=patient_id, new=first, now=now)
    await audit.record(connection, caller, action="create", resource="patient", patient_id=patient_id, now=now)
    return await find(connection, caller, patient_id=patient_id)


async def change(
    database: Database, caller: Caller, *, patient_id: UUID, changes: PatientChange, if_match: str | None, now: datetime
) -> Person:
    """Changes the given fields; null is refused for name, birth and time zone, which are known.

    A patient changes their own time zone and language, and nothing else.
    """
    own = changes.model_fields_set <= PATIENTS_OWN and (caller.role, "change_own") in RULES
    action: Action = "change_own" if own else "change_patient"
    for name in changes.model_fields_set - {"reason", *UNKNOWN_MAY_BE}:
        if getattr(changes, name) is None:
            raise bad_field(f"/{name}", "can't be null; leave it out to keep what is there")

    async def work(connection: AsyncConnection) -> Person:
        person = await find(connection, caller, patient_id=patient_id, action=action, lock=True)
        require_match(if_match, patient_tag(person))
        after = PatientIn.model_construct(  # each part was checked as it came, now or by an older version
            name=changes.name or person.name,
            born_on=changes.born_on or person.born_on,
            time_zone=changes.time_zone or person.time_zone,
            **{name: getattr(changes if name in changes.model_fields_set else person, name) for name in UNKNOWN_MAY_BE},
        )
        _check_birth(after.born_on, after.time_zone, now)
        if after.born_on > person.born_on:
            await _check_record(connection, person, after.born_on)
        if any(getattr(person, name) != value for name, value in after):
            await _keep(connection, caller, person=person, after=after, reason=changes.reason, now=now)
        else:  # the answer shows the patient all the same
            await audit.record(connection, caller, action="read", resource="patient", patient_id=person.id, now=now)
        return await find(connection, caller, patient_id=patient_id)

    return await database.write(work)


async def _keep(
    connection: AsyncConnection, caller: Caller, *, person: Person, after: PatientIn, reason: str | None, now: datetime
) -> None:
    changed = (
        to(col(Patient.name), after.name),
        to(col(Patient.born_on), after.born_on),
        to(col(Patient.time_zone), after.time_zone),
        to(col(Patient.language), after.language),
        to(col(Patient.payer), after.payer),
        to(col(Patient.mrn), after.mrn),
        to(col(Patient.phone), after.phone),
        to(col(Patient.mail), after.mail),
        to(col(Patient.version), person.version + 1),
        to(col(Patient.record_version), person.record_version + 1),
        to(col(Patient.stale_since), now),
    )
    await connection.execute(
        update(patient)
        .where(col(Patient.clinic_id) == person.clinic_id, col(Patient.id) == person.id)
        .ordered_values(*for_row(changed, person.clinic_id, person.id))
    )
    if (after.name, after.mrn, after.born_on) != (person.name, person.mrn, person.born_on):
        await names_changed(connection, person.clinic_id)
        await _check_number(connection, person.clinic_id, patient_id=person.id, mrn=after.mrn)
    new = NewRevision("patient", person.id, person.version + 1, after.model_dump(mode="json"), reason=reason)
    await revisions.keep(connection, caller, patient_id=person.id, new=new, now=now)
    await audit.record(connection, caller, action="change", resource="patient", patient_id=person.id, now=now)


async def _check_number(connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, mrn: str | None) -> None:
    """409 where somebody else has the number; the row of `names_changed` is held, so that two at once can't take it."""
    if mrn is not None and await is_numbered(connection, clinic_id, mrn, but=patient_id):
        raise Problem(409, "Another patient of the clinic has this number.")


async def is_numbered(connection: AsyncConnection, clinic_id: UUID, mrn: str, *, but: UUID) -> bool:
    """Whether somebody else of the clinic has a number."""
    names = await names_within(connection, clinic_id)
    return any(one.id != but for one in names.numbered(mrn))


async def alike(database: Database, caller: Caller, *, name: str, born_on: date, now: datetime) -> dict[UUID, str]:
    """Who of those whom the caller may see has that name and day of birth already, by id."""
    async with database.read() as connection:
        found = (await names_of_clinic(connection, caller.clinic_id)).equal_to(name, born_on)
        names = await names_of(connection, caller, [one.id for one in found]) if found else {}
    if names:
        await audit.record_list(database, caller, resource="patients", patients=names, now=now)
    return names


async def read(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> Person:
    """One patient."""
    async with database.read() as connection:
        person = await find(connection, caller, patient_id=patient_id)
    await audit.record_read(database, caller, resource="patient", patient_id=person.id, now=now)
    return person


async def list_patients(
    database: Database,
    caller: Caller,
    *,
    limit: int,
    cursor: str | None,
    now: datetime,
    only: ColumnElement[bool] | None = None,
) -> tuple[list[Person], str | None]:
    """The caller's patients, oldest record first, and the cursor of the rest."""
    query: RowQuery = select(*COLUMNS).where(
        reach(caller, "read", clinic_id=col(Patient.clinic_id), patient_id=col(Patient.id))
    )
    if only is not None:
        query = query.where(only)
    after = from_cursor(cursor)
    if after is not None:
        query = query.where(col(Patient.id) > after)
    async with database.read() as connection:
        found = (await connection.execute(query.order_by(col(Patient.id)).limit(limit + 1))).all()
    people, following = page([Person(*one) for one in found], limit, lambda person: to_cursor(person.id))
    await audit.record_list(database, caller, resource="patients", patients=[one.id for one in people], now=now)
    return people, following


def check_past(name: str, on: date, *, person: Person, now: datetime) -> None:
    """Refuses a day that has not begun for the patient, or that lies before the patient's birth.

    Args:
        name: of the field that holds the day.

    Raises:
        Problem: 422 that names the field.
    """
    if on > today_of(person.time_zone, now):
        raise bad_field(f"/{name}", "lies in the patient's future")
    if on < person.born_on:
        raise bad_field(f"/{name}", "lies before the patient's birth")


def _check_birth(born_on: date, time_zone: str, now: datetime) -> None:
    if born_on > today_of(time_zone, now):
        raise bad_field("/born_on", "lies in the future")


async def _check_record(connection: AsyncConnection, person: Person, born_on: date) -> None:
    """Refuses a birth after a day that somebody has written about, in whatever table that stands (`ON_RECORD`)."""
    for held in Patient.metadata.sorted_tables:
        for day in (one for one in held.c if ON_RECORD in one.info):
            there = (held.c[name].is_not(None) for name in day.info[ON_RECORD])
            theirs = and_(held.c.clinic_id == person.clinic_id, held.c.patient_id == person.id, *there)
            first = (await connection.execute(select(func.min(day)).where(theirs))).scalar_one_or_none()
            if first is not None and first < born_on:
                raise bad_field("/born_on", f"lies after {first.isoformat()}, a day that is on record")


async def history(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> list[RevisionOut]:
    """All revisions of a patient's row."""
    async with database.read() as connection:
        person = await find(connection, caller, patient_id=patient_id)
        found = await revisions.of_row(connection, person.clinic_id, kind="patient", row_id=person.id)
        told = await revisions.told(connection, found)
    await audit.record_read(database, caller, resource="patient history", patient_id=patient_id, now=now)
    return told
