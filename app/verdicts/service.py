"""Verdicts: made by the engine from what is recorded, and kept while that is unchanged."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Row, Select, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts.access import Caller, Relation, limits, relation_of, within
from app.audit import service as audit
from app.conditional import etag, matches
from app.diary import service as diaries
from app.patients.service import patient, today_of
from app.problems import bad_field, not_found
from app.procedures.service import procedure
from app.relief import BASELINE_DAYS, ENGINE, Definition, judge
from app.store.base import columns
from app.store.database import Database
from app.store.statements import upsert
from app.verdicts.around import around, confounders, own_of, to_procedure
from app.verdicts.diaries import first_day, to_diary
from app.verdicts.memory import memory
from app.verdicts.side_effects import gather
from app.verdicts.tables import KeptVerdict
from app.verdicts.wire import to_json

kept = columns(KeptVerdict)


@dataclass(frozen=True)
class Question:
    """What is asked about a procedure; no day asks about today in the patient's calendar."""

    as_of: date | None
    as_known_on: datetime | None
    definition: Definition


@dataclass(frozen=True)
class Answer:
    """The body as it goes over the wire, and its ETag; no body where the caller has it already."""

    body: str | None
    tag: str


async def answer(
    database: Database, caller: Caller, procedure_id: UUID, question: Question, if_none_match: str | None, now: datetime
) -> Answer:
    """The verdict, kept or made anew; the same question about the same record has the same answer and ETag."""
    relation = relation_of(caller, "read")
    named = {"procedure": procedure_id, "definition": question.definition, **limits(caller, relation)}
    row = await database.read_one(_look_up(relation), named)
    if row is None:
        raise not_found("procedure")
    as_of = question.as_of or today_of(row.time_zone, now)
    if as_of > today_of(row.time_zone, now):
        raise bad_field("/as_of", "lies in the patient's future", where="query")
    fresh = _still_holds(row, as_of) and question.as_known_on is None
    made = None
    if not fresh:
        async with database.read() as connection:
            # read again: the ETag must name the state that the verdict is made from
            row = (await connection.execute(_look_up(relation), named)).one()
            if not matches(if_none_match, tag_of(row, as_of, question)):
                made = await _make(connection, row, as_of, question)
    tag = tag_of(row, as_of, question)
    body = None if matches(if_none_match, tag) else row.body if fresh else made
    if made is not None and question.as_of is None and question.as_known_on is None:
        await _keep_and_record(database, caller, row, question.definition, as_of, made, now)
    else:
        await audit.record_read(database, caller, "verdict", row.patient_id, now)
    return Answer(body, tag)


def tag_of(row: Row[Any], as_of: date, question: Question) -> str:
    """The ETag of the verdict that a looked-up row leads to."""
    return etag("verdict", row.id, question.definition, as_of, question.as_known_on, row.record_version, ENGINE)


async def look_up(connection: AsyncConnection, caller: Caller, procedure_id: UUID, definition: Definition) -> Row[Any]:
    """The procedure within the caller's reach, with what its verdict's ETag rests on.

    Raises:
        Problem: 404 where there is none that the caller may know of.
    """
    relation = relation_of(caller, "read")
    named = {"procedure": procedure_id, "definition": definition, **limits(caller, relation)}
    row: Row[Any] | None = (await connection.execute(_look_up(relation), named)).first()
    if row is None:
        raise not_found("procedure")
    return row


@cache
def _look_up(relation: Relation) -> Select[Any]:
    """The procedure with the patient's zone and version and the kept verdict, in one query."""
    same_patient = and_(patient.c.clinic_id == procedure.c.clinic_id, patient.c.id == procedure.c.patient_id)
    same_procedure = and_(
        kept.c.clinic_id == procedure.c.clinic_id,
        kept.c.procedure_id == procedure.c.id,
        kept.c.definition == bindparam("definition"),
    )
    return (
        select(
            procedure,
            patient.c.time_zone,
            patient.c.record_version,
            kept.c.body,
            kept.c.as_of,
            kept.c.engine,
            kept.c.record_version.label("kept_version"),
        )
        .join(patient, same_patient)
        .outerjoin(kept, same_procedure)
        .where(
            procedure.c.id == bindparam("procedure"), within(relation, procedure.c.clinic_id, procedure.c.patient_id)
        )
    )


def _still_holds(row: Row[Any], as_of: date) -> bool:
    return bool(row.engine == ENGINE and row.as_of == as_of and row.kept_version == row.record_version)


async def _make(connection: AsyncConnection, row: Row[Any], as_of: date, question: Question) -> str:
    found = await around(connection, row.clinic_id, row.patient_id, question.as_known_on)
    own = own_of(row, found)
    subject = to_procedure(own, found)
    query = diaries.entries_of(row.clinic_id, row.patient_id, question.as_known_on)
    on = query.selected_columns.date
    first = first_day(subject.performed_on, BASELINE_DAYS)
    entries = list((await connection.execute(query.where(on >= first, on <= as_of).order_by(on))).all())

    def work() -> str:
        diary = to_diary(entries, own["region"], own["laterality"], row.time_zone)
        if question.as_of is None and question.as_known_on is None:
            left = memory.take(row.id)
            verdict = judge(diary, subject, as_of, question.definition, left)
            memory.give(row.id, left)
        else:  # the past is asked about now and then, and would push out what is held of today
            verdict = judge(diary, subject, as_of, question.definition)
        effects = gather(entries, subject.performed_on, own["region"], own["laterality"])
        return to_json(verdict, own, question.as_known_on, effects, confounders(own, found, as_of))

    return await to_thread.run_sync(work)


async def _keep_and_record(
    database: Database, caller: Caller, row: Row[Any], definition: Definition, as_of: date, body: str, now: datetime
) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(
            upsert(connection, kept, "clinic_id", "procedure_id", "definition"),
            [
                {
                    "clinic_id": row.clinic_id,
                    "procedure_id": row.id,
                    "definition": definition,
                    "engine": ENGINE,
                    "as_of": as_of,
                    "record_version": row.record_version,
                    "made_at": now,
                    "body": body,
                }
            ],
        )
        await audit.record(connection, caller, "read", "verdict", row.patient_id, now)

    await database.write(work)
