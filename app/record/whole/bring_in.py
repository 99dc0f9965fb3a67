"""Imports a whole record into a clinic: all of it, or nothing."""

from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, bad_field, field_problems
from app.base.http.wire import JsonObject, Wire
from app.base.store.database import Database
from app.base.store.typed import col, row
from app.record.diary.schemas import EntryIn
from app.record.diary.service import writing
from app.record.diary.writings import StoredRevision, day, day_row, revision_row
from app.record.diary.writings import revision as written
from app.record.facts.kinds import Fact
from app.record.facts.service import fact
from app.record.facts.tables import FactRow
from app.record.patients import service as patients
from app.record.patients.schemas import PatientIn
from app.record.patients.service import Person, patient
from app.record.patients.tables import Patient
from app.record.revisions.service import revision
from app.record.revisions.tables import Revision
from app.record.whole.kinds import KINDS
from app.record.whole.schemas import ImportedOut, KeptRevision, RecordIn

W = TypeVar("W", bound=Wire)


async def bring_in(database: Database, caller: Caller, *, new: RecordIn, once: Once, now: datetime) -> Answer:
    """Imports the record that another clinic exported, with its ids and times.

    Raises:
        Problem: 409 where the clinic has the patient, 422 with a pointer to what is not valid.
    """
    require(caller, "create_patient")
    _check_order(new)
    for place, one in enumerate(new.revisions):
        if one.content is not None:
            form: type[Wire] = PatientIn if one.kind == "patient" else KINDS[one.kind].body
            _valid(form, one.content, f"/revisions/{place}/content")
    entries = [
        None if w.content is None else _valid(EntryIn, w.content, f"/diary/{i}/content")
        for i, w in enumerate(new.diary)
    ]

    async def work(connection: AsyncConnection) -> Answer:
        person = await _person(connection, caller, new=new, now=now)
        await _revisions(connection, caller, new)
        _check_days(person, new, now)
        facts = await _facts(connection, person, new)
        days = await _diary(connection, person, new=new, entries=entries)
        await patients.touch(connection, person.clinic_id, person.id)
        await audit.record(connection, caller, action="create", resource="record", patient_id=person.id, now=now)
        brought = len(new.revisions) + len(new.diary)
        body = ImportedOut(patient_id=person.id, facts=facts, days=days, revisions=brought).model_dump(mode="json")
        return Answer(body, 201, {"Location": f"/v1/patients/{person.id}"}, person.id)

    return await once.run(database, caller.account_id, now=now, work=work)


def _check_order(new: RecordIn) -> None:
    """Revisions of a row count up from 1 and come in order; so do those of a day."""
    last: dict[tuple[str, UUID], int] = {}
    for place, one in enumerate(new.revisions):
        key = one.kind, one.row_id
        if one.number != last.get(key, 0) + 1:
            raise bad_field(f"/revisions/{place}/number", "revisions of a row count up from 1, in order")
        if one.kind == "patient" and (one.row_id != new.patient_id or one.content is None):
            raise bad_field(f"/revisions/{place}", "is no state of the patient of this record")
        last[key] = one.number
    if ("patient", new.patient_id) not in last:
        raise bad_field("/revisions", "hold no state of the patient")
    days: dict[date, int] = {}
    for place, told in enumerate(new.diary):
        if told.revision != days.get(told.date, 0) + 1:
            raise bad_field(f"/diary/{place}/revision", "writings about a day count up from 1, in order")
        days[told.date] = told.revision


def _check_days(person: Person, new: RecordIn, now: datetime) -> None:
    """Refuses (422) a day in the patient's future or before the patient's birth."""
    days = []
    for i, one in enumerate(new.revisions):
        if one.kind != "patient" and one.content is not None:
            kind = KINDS[one.kind]
            days.append((f"revisions/{i}/content", kind.day_of(kind.parse(one.content))))
    days += [(f"diary/{i}/date", told.date) for i, told in enumerate(new.diary)]
    for place, on in days:
        patients.check_past(place, on, person=person, now=now)


def _valid(form: type[W], content: JsonObject, pointer: str) -> W:
    try:
        return form.model_validate(content)
    except ValidationError as e:
        found = field_problems(e.errors(include_input=False, include_url=False), "body")
        for one in found:
            one.pointer = pointer + one.pointer
        raise Problem(422, f"{len(found)} at fault in the record.", errors=found) from None


async def _person(connection: AsyncConnection, caller: Caller, *, new: RecordIn, now: datetime) -> Person:
    held = select(col(Patient.id)).where(col(Patient.clinic_id) == caller.clinic_id, col(Patient.id) == new.patient_id)
    if (await connection.execute(held)).first() is not None:
        raise Problem(409, "This clinic has the patient already.")
    states = [one for one in new.revisions if one.kind == "patient"]
    shown = PatientIn.model_validate(states[-1].content)
    if shown.born_on > patients.today_of(shown.time_zone, now):
        raise bad_field("/revisions", "the patient's birth lies in the future")
    values = row(
        Patient,
        clinic_id=caller.clinic_id,
        id=new.patient_id,
        name=shown.name,
        born_on=shown.born_on,
        time_zone=shown.time_zone,
        version=len(states),
        record_version=1,
        created_at=states[0].received_at,
    )
    await connection.execute(insert(patient).values(values))
    return await patients.find(connection, caller, patient_id=new.patient_id, action="create_patient")


async def _revisions(connection: AsyncConnection, caller: Caller, new: RecordIn) -> None:
    rows = [
        row(
            Revision,
            clinic_id=caller.clinic_id,
            row_id=one.row_id,
            number=one.number,
            kind=one.kind,
            patient_id=new.patient_id,
            account_id=None,
            recorded_at=one.recorded_at,
            received_at=one.received_at,
            reason=one.reason,
            content=one.content,
        )
        for one in new.revisions
    ]
    await connection.execute(insert(revision), rows)


async def _facts(connection: AsyncConnection, person: Person, new: RecordIn) -> int:
    """The current state of each row, from its last revision; procedures first, for others may name them."""
    by_row: dict[UUID, list[KeptRevision]] = {}
    for one in new.revisions:
        if one.kind != "patient":
            by_row.setdefault(one.row_id, []).append(one)
    kept = [states for states in by_row.values() if states[-1].content is not None]
    for states in sorted(kept, key=lambda s: s[0].kind != "procedure"):
        last, kind = states[-1], KINDS[states[-1].kind]
        body = kind.body.model_validate(last.content)
        content = body.content()
        values = row(
            FactRow,
            clinic_id=person.clinic_id,
            id=last.row_id,
            kind=last.kind,
            patient_id=person.id,
            on_date=kind.day_of(body),
            number=last.number,
            content=content,
            recorded_at=last.recorded_at,
            created_at=states[0].received_at,
        )
        await connection.execute(insert(fact).values(values))
        stated = Fact(person.clinic_id, last.row_id, person.id, last.number, body, content, states[0].received_at)
        await kind.project(connection, stated, False)
    return len(kept)


async def _diary(connection: AsyncConnection, person: Person, *, new: RecordIn, entries: list[EntryIn | None]) -> int:
    by_day: dict[date, list[StoredRevision]] = {}
    rows = []
    for one, entry in zip(new.diary, entries, strict=True):
        content = None if entry is None else entry.content()
        mme = None if entry is None else writing(one.date, entry).opioid_mme
        stored = StoredRevision(one.revision, one.recorded_at, one.received_at, content, mme)
        by_day.setdefault(one.date, []).append(stored)
        rows.append(revision_row(person, one.date, stored, account_id=None, skew_seconds=one.skew_seconds))
    if rows:
        await connection.execute(insert(written), rows)
        await connection.execute(insert(day), [day_row(person, on, held) for on, held in by_day.items()])
    return len(by_day)
