"""Imports a whole record into a clinic: all of it, or nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, require
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.pools import HEAVY
from app.base.http.problems import FieldProblem, Problem
from app.base.http.wire import JsonObject
from app.base.store.database import Database
from app.base.store.statements import insert_new
from app.base.store.typed import col, row
from app.record.diary.door import take_in
from app.record.facts.kinds import Fact, FactIn
from app.record.facts.service import fact
from app.record.facts.tables import FactRow
from app.record.patients import service as patients
from app.record.patients.names import names_changed
from app.record.patients.service import Person, is_numbered, patient
from app.record.patients.tables import Patient
from app.record.revisions.service import revision
from app.record.revisions.tables import Revision
from app.record.whole.checked import CheckedRecord, RowState, checked, inside
from app.record.whole.kinds import KINDS
from app.record.whole.schemas import ImportedOut, RecordIn


async def bring_in(
    database: Database,
    caller: Caller,
    *,
    new: RecordIn,
    once: IdempotentCall,
    now: datetime,
    first: Callable[[AsyncConnection], Awaitable[None]] | None = None,
    why: str | None = None,
) -> Answer:
    """Imports the record that another clinic exported, with its times, under new ids.

    `first` is done in the same transaction, `why` stands in the log. What contradicts itself is noted in the answer and
    kept: an honest record may have become so by a change.

    Raises:
        Problem: 403 for what the caller may not write by the other calls; 409 where the clinic has the patient; 422 with
            a pointer to what is not valid.
    """
    _require_all(caller, new)
    record = await HEAVY.run(partial(checked, new, clinic_id=caller.clinic_id, now=now), clinic_id=caller.clinic_id)

    async def work(connection: AsyncConnection) -> Answer:
        if first is not None:
            await first(connection)
        person = await _person(connection, record, old_id=new.patient_id)
        await connection.execute(insert(revision), [_revision_row(person, one) for one in record.states])
        facts, notes = await _facts(connection, person, states=record.states, now=now)
        done = await take_in(connection, caller, author=None, person=person, entries=record.entries, now=now)
        await patients.touch(connection, person.clinic_id, person.id, now=now)
        for kind in (*sorted({one.told.kind for one in record.states}), "record"):
            await audit.record(
                connection, caller, action="create", resource=kind, patient_id=person.id, now=now, why=why
            )
        await names_changed(connection, person.clinic_id)  # last: others of the clinic wait for it
        body = ImportedOut(
            patient_id=person.id,
            facts=facts,
            days=len({told.date for told in new.diary}),
            revisions=len(new.revisions) + len(new.diary),
            flags=done.flags,
            notes=[*record.notes, *notes],
        )
        return Answer(body.model_dump(mode="json"), 201, {"Location": f"/v1/patients/{person.id}"}, person.id)

    return await audit.once(database, caller, once, now=now, work=work)


def _require_all(caller: Caller, new: RecordIn) -> None:
    """Every right that its parts would need one by one."""
    needed: set[Action] = {KINDS[one.kind].action for one in new.revisions if one.kind != "patient"}
    if new.diary:
        needed.add("write_diary")
    for action in ("create_patient", *sorted(needed)):
        require(caller, action)


async def _person(connection: AsyncConnection, record: CheckedRecord, *, old_id: UUID) -> Person:
    person = record.person
    ids = [old_id, record.origin]
    held = select(col(Patient.id)).where(col(Patient.clinic_id) == person.clinic_id, col(Patient.id).in_(ids))
    if person.mrn is not None and await is_numbered(connection, person.clinic_id, person.mrn, but=person.id):
        person = replace(person, mrn=None)  # it is somebody else's here
    values = row(Patient, **vars(person), origin=record.origin)
    made = await connection.execute(insert_new(connection, patient, "clinic_id", "origin"), values)
    if made.rowcount == 0 or (await connection.execute(held)).first() is not None:
        raise Problem(409, "This clinic has the patient already.")
    return person


def _revision_row(person: Person, one: RowState) -> dict[str, object]:
    return row(
        Revision,
        clinic_id=person.clinic_id,
        row_id=one.id,
        number=one.told.number,
        kind=one.told.kind,
        patient_id=person.id,
        account_id=None,
        recorded_at=one.told.recorded_at,
        received_at=one.told.received_at,
        reason=one.told.reason,
        content=_content(one),
        origin=one.told.origin or one.told.row_id,
    )


def _content(one: RowState) -> JsonObject | None:
    if one.body is None or isinstance(one.body, FactIn):
        return None if one.body is None else one.body.content()
    return one.body.model_dump(mode="json")


async def _facts(
    connection: AsyncConnection, person: Person, *, states: list[RowState], now: datetime
) -> tuple[int, list[FieldProblem]]:
    """The current state of each row, from its last revision; procedures first, for others may name them."""
    by_row: dict[UUID, list[RowState]] = {}
    for one in states:
        if one.told.kind != "patient":
            by_row.setdefault(one.id, []).append(one)
    kept = [own for own in by_row.values() if own[-1].body is not None]
    notes: list[FieldProblem] = []
    for own in sorted(kept, key=lambda s: s[0].told.kind != "procedure"):
        notes += await _fact(connection, person, own=own, now=now)
    return len(kept), notes


async def _fact(
    connection: AsyncConnection, person: Person, *, own: list[RowState], now: datetime
) -> list[FieldProblem]:
    """Stores one fact; answers what of it contradicts the rest of the record."""
    last, kind = own[-1], KINDS[own[-1].told.kind]
    assert isinstance(last.body, FactIn)
    notes: list[FieldProblem] = []
    try:
        with inside(f"/revisions/{last.place}/content"):
            await kind.check(connection, person, new=last.body, now=now)
    except Problem as problem:
        notes = problem.errors
    content, created_at = last.body.content(), own[0].told.received_at
    values = row(
        FactRow,
        clinic_id=person.clinic_id,
        id=last.id,
        kind=last.told.kind,
        patient_id=person.id,
        on_date=kind.day_of(last.body),
        number=last.told.number,
        content=content,
        recorded_at=last.told.recorded_at,
        created_at=created_at,
    )
    await connection.execute(insert(fact).values(values))
    stated = Fact(person.clinic_id, last.id, person.id, last.told.number, last.body, content, created_at)
    await kind.project(connection, stated, False)
    return notes
