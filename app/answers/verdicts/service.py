"""Verdicts: made by the engine from what is recorded, and kept while that is unchanged."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from anyio import to_thread
from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, Relation, limits, relation_of, within
from app.access.audit import service as audit
from app.alerts.flags.conditions import standing
from app.alerts.flags.reconcile import keep_flags
from app.answers.verdicts.assemble import Made, Material, make
from app.answers.verdicts.engine_input import entry_rows, first_day
from app.answers.verdicts.engine_memory import memory
from app.answers.verdicts.record import around, own_of
from app.answers.verdicts.tables import KeptVerdict, Outcome
from app.base.http.conditional import etag, matches
from app.base.http.problems import bad_field, not_found
from app.base.store.database import Database
from app.base.store.metadata import columns
from app.base.store.statements import upsert
from app.record.diary import service as diaries
from app.record.patients.service import patient, today_of
from app.record.procedures.service import procedure
from app.relief import BASELINE_DAYS, ENGINE, Definition, Kept

kept, outcome = columns(KeptVerdict), columns(Outcome)


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
    made: tuple[Material, Made] | None = None
    if not fresh:
        async with database.read() as connection:
            # read again: the ETag must name the state that the verdict is made from
            row = (await connection.execute(_look_up(relation), named)).one()
            if not matches(if_none_match, tag_of(row, as_of, question)):
                made = await _make(connection, row, as_of, question)
    tag = tag_of(row, as_of, question)
    body = None if matches(if_none_match, tag) else row.body if fresh else made[1].body if made else None
    if made is not None and question.as_of is None and question.as_known_on is None:

        async def work(connection: AsyncConnection) -> None:
            await keep(connection, [made], now)
            await audit.record(connection, caller, "read", "verdict", row.patient_id, now)

        await database.write(work)
    else:
        await audit.record_read(database, caller, "verdict", row.patient_id, now)
    return Answer(body, tag)


def tag_of(row: Row[Any], as_of: date, question: Question) -> str:
    """The ETag of the verdict that a looked-up row leads to."""
    return etag(
        "verdict", row.clinic_id, row.id, question.definition, as_of, question.as_known_on, row.record_version, ENGINE
    )


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
            patient.c.born_on,
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


async def material_of(connection: AsyncConnection, row: Row[Any], as_of: date, question: Question) -> Material:
    """Reads what the verdict of a looked-up procedure is made of."""
    found = await around(connection, row.clinic_id, row.patient_id, question.as_known_on)
    own = own_of(row, found)
    query = diaries.entries_of(row.clinic_id, row.patient_id, question.as_known_on)
    on = query.selected_columns.date
    first = first_day(date.fromisoformat(own["performed_on"]), BASELINE_DAYS)
    entries = (await connection.execute(query.where(on >= first, on <= as_of).order_by(on))).all()
    return Material(
        row.clinic_id, row.patient_id, row.id, row.record_version, row.time_zone, row.born_on, own, found,
        entry_rows(entries), as_of, question.as_known_on, question.definition)  # fmt: skip


async def _make(connection: AsyncConnection, row: Row[Any], as_of: date, question: Question) -> tuple[Material, Made]:
    material = await material_of(connection, row, as_of, question)

    def work() -> tuple[Material, Made]:
        if question.as_of is not None or question.as_known_on is not None:
            # the past is asked about now and then, and would push out what is held of today
            return material, make(material)
        left = memory.take(row.clinic_id, row.id) or Kept()
        made = make(material, left)
        memory.put(row.clinic_id, row.id, left)
        return material, made

    return await to_thread.run_sync(work)


async def keep(connection: AsyncConnection, made: list[tuple[Material, Made]], now: datetime) -> None:
    """Keeps verdicts of today, and their rows among the outcomes; a procedure that is gone meanwhile is left out."""
    keys_of = tuple_(procedure.c.clinic_id, procedure.c.id)
    there = select(procedure.c.clinic_id, procedure.c.id).where(
        keys_of.in_([(m.clinic_id, m.procedure_id) for m, _ in made])
    )
    found = {tuple(row) for row in (await connection.execute(there)).all()}
    made = [(m, one) for m, one in made if (m.clinic_id, m.procedure_id) in found]
    if not made:
        return
    keys = [{"clinic_id": m.clinic_id, "procedure_id": m.procedure_id, "definition": m.definition} for m, _ in made]
    bodies = [
        {
            **key,
            "engine": ENGINE,
            "as_of": m.as_of,
            "record_version": m.record_version,
            "made_at": now,
            "body": one.body,
            "says": one.says,
            "spark": one.spark,
        }
        for key, (m, one) in zip(keys, made, strict=True)
    ]
    rows = [
        {**one.outcome, **key, "patient_id": m.patient_id, "record_version": m.record_version,
         "holds_until": midnight_after(m.as_of, m.time_zone)}
        for key, (m, one) in zip(keys, made, strict=True)
    ]  # fmt: skip
    await connection.execute(upsert(connection, kept, "clinic_id", "procedure_id", "definition"), bodies)
    await connection.execute(upsert(connection, outcome, "clinic_id", "procedure_id", "definition"), rows)
    for m, one in made:
        if m.definition == "half":  # flags go by the default definition alone
            wanted = standing(one.outcome, m.procedure_id, one.why)
            await keep_flags(connection, m.clinic_id, m.patient_id, m.procedure_id, wanted, m.as_of, now)


def same_verdict() -> ColumnElement[bool]:
    """Ties a kept verdict to its row among the outcomes."""
    of_procedure = and_(kept.c.clinic_id == outcome.c.clinic_id, kept.c.procedure_id == outcome.c.procedure_id)
    return and_(of_procedure, kept.c.definition == outcome.c.definition)


def midnight_after(on: date, time_zone: str) -> datetime:
    """The instant at which a day ends for somebody."""
    return datetime.combine(on + timedelta(days=1), time(0), ZoneInfo(time_zone)).astimezone(UTC)
