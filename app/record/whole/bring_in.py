"""A whole record brought into a clinic: all of it, or nothing."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, bad_field, field_problems
from app.base.http.wire import Wire
from app.base.store.database import Database
from app.record.diary.entry_json import entry_text
from app.record.diary.schemas import EntryIn
from app.record.diary.service import writing
from app.record.diary.writings import Kept, day, newest, ranks_at
from app.record.diary.writings import revision as written
from app.record.facts.service import fact
from app.record.patients import service as patients
from app.record.patients.schemas import PatientIn
from app.record.patients.service import patient
from app.record.revisions.service import revision
from app.record.whole.kinds import KINDS
from app.record.whole.schemas import ImportedOut, KeptRevision, RecordIn


async def bring_in(database: Database, caller: Caller, new: RecordIn, once: Once, now: datetime) -> Answer:
    """Records what another clinic kept, with its ids and its times.

    Raises:
        Problem: 409 where the clinic has the patient, 422 with the place of what is no record.
    """
    reach(caller, "create_patient", patient.c.clinic_id, patient.c.id)
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
        person = await _person(connection, caller, new, now)
        await _revisions(connection, caller, new)
        _check_days(person, new, now)
        facts = await _facts(connection, person, new)
        days = await _diary(connection, caller, new, entries, person.time_zone)
        await patients.touch(connection, person.clinic_id, person.id)
        await audit.record(connection, caller, "create", "record", person.id, now)
        brought = len(new.revisions) + len(new.diary)
        body = ImportedOut(patient_id=person.id, facts=facts, days=days, revisions=brought).model_dump(mode="json")
        return Answer(body, 201, {"Location": f"/v1/patients/{person.id}"}, person.id)

    return await once.run(database, caller.account_id, now, work)


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


def _check_days(person: Row[Any], new: RecordIn, now: datetime) -> None:
    """Nothing lies in the patient's future, or before her birth."""
    days = [(f"revisions/{i}/content", KINDS[one.kind].day_of(one.content)) for i, one in enumerate(new.revisions)
            if one.kind != "patient" and one.content is not None]  # fmt: skip
    days += [(f"diary/{i}/date", one.date) for i, one in enumerate(new.diary)]
    for place, on in days:
        patients.check_past(place, on, person, now)


def _valid(form: type[Wire], content: dict[str, Any], pointer: str) -> Any:
    try:
        return form.model_validate(content)
    except ValidationError as e:
        found = field_problems(e.errors(include_input=False, include_url=False), "body")
        for one in found:
            one.pointer = pointer + one.pointer
        raise Problem(422, f"{len(found)} at fault in the record.", found) from None


async def _person(connection: AsyncConnection, caller: Caller, new: RecordIn, now: datetime) -> Row[Any]:
    held = select(patient.c.id).where(patient.c.clinic_id == caller.clinic_id, patient.c.id == new.patient_id)
    if (await connection.execute(held)).first() is not None:
        raise Problem(409, "This clinic has the patient already.")
    states = [one for one in new.revisions if one.kind == "patient"]
    shown = PatientIn.model_validate(states[-1].content)
    if shown.born_on > patients.today_of(shown.time_zone, now):
        raise bad_field("/revisions", "the patient's birth lies in the future")
    await connection.execute(
        insert(patient).values(
            clinic_id=caller.clinic_id,
            id=new.patient_id,
            version=len(states),
            record_version=1,
            created_at=states[0].received_at,
            **shown.model_dump(),
        )
    )
    return await patients.find(connection, caller, new.patient_id, "create_patient")


async def _revisions(connection: AsyncConnection, caller: Caller, new: RecordIn) -> None:
    rows = [
        {**one.model_dump(exclude={"account_id"}), "clinic_id": caller.clinic_id, "patient_id": new.patient_id}
        for one in new.revisions
    ]
    await connection.execute(insert(revision), rows)


async def _facts(connection: AsyncConnection, person: Row[Any], new: RecordIn) -> int:
    """The current state of each row, from its last revision; procedures first, for others may name them."""
    rows: dict[UUID, list[KeptRevision]] = {}
    for one in new.revisions:
        if one.kind != "patient":
            rows.setdefault(one.row_id, []).append(one)
    kept = [states for states in rows.values() if states[-1].content is not None]
    for states in sorted(kept, key=lambda s: s[0].kind != "procedure"):
        last, kind = states[-1], KINDS[states[-1].kind]
        content = kind.body.model_validate(last.content).content()
        values = {
            "clinic_id": person.clinic_id, "id": last.row_id, "kind": last.kind, "patient_id": person.id,
            "on_date": kind.day_of(content), "number": last.number, "content": content, "recorded_at": last.recorded_at,
            "created_at": states[0].received_at}  # fmt: skip
        await connection.execute(insert(fact).values(values))
        query = select(fact).where(fact.c.clinic_id == person.clinic_id, fact.c.id == last.row_id)
        await kind.project(connection, (await connection.execute(query)).one(), False)
    return len(kept)


async def _diary(
    connection: AsyncConnection, caller: Caller, new: RecordIn, entries: list[EntryIn | None], time_zone: str
) -> int:
    whose = {"clinic_id": caller.clinic_id, "patient_id": new.patient_id}
    rows = [
        {
            **whose,
            **one.model_dump(exclude={"account_id", "content"}),
            "account_id": None,
            "ranks_at": ranks_at(one.recorded_at, one.received_at),
            "content": None if entry is None else entry.content(),
            "opioid_mme": None if entry is None else writing(one.date, entry).opioid_mme,
        }
        for one, entry in zip(new.diary, entries, strict=True)
    ]
    if not rows:
        return 0
    await connection.execute(insert(written), rows)
    by_day: dict[date, list[dict[str, Any]]] = {}
    for row in rows:
        by_day.setdefault(row["date"], []).append(row)
    current = [_day(newest(states), len(states), time_zone) for states in by_day.values()]
    await connection.execute(insert(day), current)
    return len(current)


def _day(row: dict[str, Any], count: int, time_zone: str) -> dict[str, Any]:
    kept = Kept(row["revision"], row["recorded_at"], row["received_at"], row["content"], row["opioid_mme"])
    whose = {name: row[name] for name in ("clinic_id", "patient_id", "date")}
    return {**whose, **vars(kept), "revisions": count, "shown": entry_text(row["date"], kept, time_zone)}
