"""The diary: rules and queries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, Relation, limits, relation_of, within
from app.access.audit import service as audit
from app.alerts.flags.service import Cause, raise_flags, rules_of
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, bad_field, field_problems, not_found
from app.base.store.database import Database
from app.base.store.prepared import Connection
from app.record.diary.entry_json import date_of, entry_text
from app.record.diary.schemas import BatchItem, BatchOut, DatedEntryIn, EntryIn
from app.record.diary.writings import Outcome, Writing, day, keep, revision
from app.record.patients import service as patients
from app.rules.danger_words import danger_words
from app.rules.medications import Taken, opioid_mme
from app.rules.red_flags import Rule, red_flags


@dataclass(frozen=True)
class Recorded:
    """What became of one entry, and what the patient must be told."""

    date: date
    outcome: Outcome
    advice: str | None
    zone: str


async def put(
    database: Database, caller: Caller, patient_id: UUID, on: date, entry: EntryIn, now: datetime
) -> Recorded:
    """Records one entry. Red flags are told whatever becomes of it."""

    async def work(connection: Connection) -> Recorded:
        person = await patients.find(connection, caller, patient_id, "write_diary", lock=True)
        check_day(on, entry.recorded_at, person, now)
        (outcome,) = await _record(connection, caller, person, [writing(on, entry)], now)
        added = await rules_of(connection, person.clinic_id) if entry.side_effects else []
        await raise_flags(connection, person.clinic_id, person.id, causes(on, entry, added), now)
        return Recorded(on, outcome, advice(entry, added), person.time_zone)

    return await database.write_quick(work)


async def put_many(
    database: Database, caller: Caller, patient_id: UUID, raw: list[Any], once: Once, now: datetime
) -> BatchOut:
    """Records the good entries of a batch in one transaction; each gets its answer."""
    parsed = [_parse(item) for item in raw]

    async def work(connection: Connection) -> BatchOut:
        person = await patients.find(connection, caller, patient_id, "write_diary", lock=True)
        items: list[BatchItem | DatedEntryIn] = []
        for entry in parsed:
            if isinstance(entry, DatedEntryIn):
                try:
                    check_day(entry.date, entry.recorded_at, person, now, where="body")
                except Problem as problem:
                    items.append(BatchItem(date=entry.date.isoformat(), status="rejected", problem=problem.body()))
                    continue
            items.append(entry)
        good = [e for e in items if isinstance(e, DatedEntryIn)]
        outcomes = iter(
            await _record(connection, caller, person, [writing(e.date, e) for e in good], now) if good else []
        )
        added = await rules_of(connection, person.clinic_id) if any(e.side_effects for e in good) else []
        found = [cause for e in good for cause in causes(e.date, e, added)]
        await raise_flags(connection, person.clinic_id, person.id, found, now)
        return BatchOut(
            items=[item if isinstance(item, BatchItem) else _item(item, next(outcomes), added) for item in items]
        )

    async def keyed(connection: AsyncConnection) -> Answer:
        return Answer((await work(connection)).model_dump(mode="json"), 200, None, patient_id)

    if once.key is None:
        return await database.write_quick(work)
    return BatchOut.model_validate((await once.run(database, caller.account_id, now, keyed)).body)


async def delete(database: Database, caller: Caller, patient_id: UUID, on: date, now: datetime) -> None:
    """Says that a day has no entry; what was written stays among the revisions.

    Raises:
        Problem: 404 where the day has none.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id, "write_diary", lock=True)
        if await _current(connection, person, on) is None:
            raise not_found("entry")
        await _record(connection, caller, person, [Writing(on, None, None, None)], now, "delete")

    await database.write(work)


async def read_day(database: Database, caller: Caller, patient_id: UUID, on: date, now: datetime) -> tuple[str, int]:
    """The current entry of a day as text, and its revision."""
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id)
        row = await _current(connection, person, on)
    await audit.record_read(database, caller, "diary", patient_id, now)
    if row is None:
        raise not_found("entry")
    return row.shown or entry_text(on, row, person.time_zone), row.revision


async def read_shown(
    database: Database, caller: Caller, patient_id: UUID, first: date, last: date, limit: int, now: datetime
) -> tuple[list[str], date | None]:
    """Entries of a range of days as text, in their order, in one round trip; and the day at which the rest begins."""
    if first > last:
        raise bad_field("/from", "lies after `to`", where="query")
    relation = relation_of(caller, "read")
    named = {"patient": patient_id, "first": first, "last": last, "most": limit + 1, **limits(caller, relation)}
    rows = await database.read_many(shown_of(relation), named)
    if not rows:
        raise not_found("patient")
    texts = [row.shown for row in rows if row.revision is not None]
    if None in texts:  # kept by an older version
        older, zone = await read_range(database, caller, patient_id, first, last, limit, None, now)
        texts = [entry_text(row.date, row, zone) for row in older]
    else:
        await audit.record_read(database, caller, "diary", patient_id, now)
    return texts[:limit], date_of(texts[limit]) if len(texts) > limit else None


@cache
def shown_of(relation: Relation) -> Select[Any]:
    """The entries of a patient within reach; one row without a day where she has none."""
    person = patients.patient
    hers = (day.c.clinic_id == person.c.clinic_id) & (day.c.patient_id == person.c.id) & day.c.content.is_not(None)
    within_range = day.c.date.between(bindparam("first"), bindparam("last"))
    return (
        select(day.c.shown, day.c.revision)
        .select_from(person.outerjoin(day, hers & within_range))
        .where(person.c.id == bindparam("patient"), within(relation, person.c.clinic_id, person.c.id))
        .order_by(day.c.date)
        .limit(bindparam("most"))
    )


async def read_range(
    database: Database,
    caller: Caller,
    patient_id: UUID,
    first: date,
    last: date,
    limit: int,
    as_known_on: datetime | None,
    now: datetime,
) -> tuple[list[Row[Any]], str]:
    """Current entries of a range of days in their order, at most `limit` + 1 of them; and the patient's time zone."""
    if first > last:
        raise bad_field("/from", "lies after `to`", where="query")
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id)
        query = entries_of(person.clinic_id, person.id, as_known_on)
        source = query.selected_columns
        rows = (
            await connection.execute(
                query.where(source.date.between(first, last)).order_by(source.date).limit(limit + 1)
            )
        ).all()
    await audit.record_read(database, caller, "diary", patient_id, now)
    return list(rows), person.time_zone


async def read_revisions(
    database: Database, caller: Caller, patient_id: UUID, on: date, now: datetime
) -> list[Row[Any]]:
    """Everything that was ever written about a day, in the order in which it was received."""
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id)
        rows = (
            await connection.execute(
                select(revision)
                .where(
                    revision.c.clinic_id == person.clinic_id, revision.c.patient_id == person.id, revision.c.date == on
                )
                .order_by(revision.c.revision)
            )
        ).all()
    await audit.record_read(database, caller, "diary revisions", patient_id, now)
    if not rows:
        raise not_found("entry")
    return list(rows)


def entries_of(clinic_id: UUID, patient_id: UUID, as_known_on: datetime | None = None) -> Select[Any]:
    """Current entries of a patient, or those that were current when everything received up to an instant was known."""
    if as_known_on is None:
        return select(*(c for c in day.c if c.name != "shown")).where(
            day.c.clinic_id == clinic_id, day.c.patient_id == patient_id, day.c.content.is_not(None)
        )
    newest = (
        func.row_number()
        .over(partition_by=revision.c.date, order_by=(revision.c.ranks_at.desc(), revision.c.revision.desc()))
        .label("place")
    )
    known = (
        select(revision, newest)
        .where(
            revision.c.clinic_id == clinic_id,
            revision.c.patient_id == patient_id,
            revision.c.received_at <= as_known_on,
        )
        .subquery()
    )
    return select(known).where(known.c.place == 1, known.c.content.is_not(None))


async def stream(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> AsyncIterator[Row[Any]]:
    """All current entries of a patient in the order of their days, a few at a time."""
    query = entries_of(clinic_id, patient_id)
    async with connection.stream(query.order_by(query.selected_columns.date)) as rows:
        async for row in rows:
            yield row


def check_day(on: date, recorded_at: datetime | None, person: Row[Any], now: datetime, where: str = "path") -> None:
    """Refuses a day that has not begun for the patient, and one written down before it began."""
    if on > patients.today_of(person.time_zone, now):
        raise bad_field("/date", "lies in the patient's future", where=where)
    if on < person.born_on:
        raise bad_field("/date", "lies before the patient's birth", where=where)
    if recorded_at is not None and recorded_at.astimezone(ZoneInfo(person.time_zone)).date() < on:
        raise bad_field("/recorded_at", "lies before the day that the entry is about")


def advice(entry: EntryIn, added: list[Rule]) -> str | None:
    """What to tell the patient at once, where a side effect is a red flag; `added` are the clinic's own."""
    met = red_flags(((effect.kind, effect.severity) for effect in entry.side_effects or []), added)
    return " ".join(rule.advice for rule in met) or None


def causes(on: date, entry: EntryIn, added: list[Rule]) -> list[Cause]:
    """Flags that an entry gives cause for: red flags, and a softer one for each danger sign that its note mentions."""
    met = red_flags(((effect.kind, effect.severity) for effect in entry.side_effects or []), added)
    found = [Cause("red_flag", rule.name, "now", f"{_said(rule)} reported", on) for rule in met]
    said = danger_words(entry.note)
    return found + [
        Cause("red_flag", f"note {name}", "soon", f"the note may mention: {name.replace('_', ' ')}; read it", on)
        for name in said
    ]


async def _record(
    connection: Connection,
    caller: Caller,
    person: Row[Any],
    writings: list[Writing],
    now: datetime,
    action: audit.AuditAction = "change",
) -> list[Outcome]:
    outcomes = await keep(connection, person, caller.account_id, writings, now)
    if any(o.status in ("created", "changed") for o in outcomes):
        await patients.touch(connection, person.clinic_id, person.id)
    await audit.record(connection, caller, action, "diary", person.id, now)
    return outcomes


async def _current(connection: AsyncConnection, person: Row[Any], on: date) -> Row[Any] | None:
    query = select(day).where(
        day.c.clinic_id == person.clinic_id,
        day.c.patient_id == person.id,
        day.c.date == on,
        day.c.content.is_not(None),
    )
    found: Row[Any] | None = (await connection.execute(query)).first()
    return found


def writing(on: date, entry: EntryIn) -> Writing:
    """An entry as it is recorded, with its MME."""
    taken = (
        None
        if entry.medications is None
        else [Taken(m.code, m.dose, m.unit, m.times, m.name) for m in entry.medications]
    )
    return Writing(on, entry.content(), opioid_mme(taken), entry.recorded_at, entry.sent_at)


def _parse(raw: Any) -> DatedEntryIn | BatchItem:
    try:
        return DatedEntryIn.model_validate(raw)
    except ValidationError as e:
        found = field_problems(e.errors(include_input=False, include_url=False), "body")
        named = raw.get("date") if isinstance(raw, dict) else None
        date_ok = isinstance(named, str) and len(named) <= 10
        return BatchItem(
            date=named if date_ok else None,
            status="rejected",
            problem=Problem(422, f"{len(found)} at fault in this entry.", found).body(),
        )


def _said(rule: Rule) -> str:
    return (rule.kind if rule.name.startswith("clinic rule") else rule.name).replace("_", " ")


def _item(entry: DatedEntryIn, outcome: Outcome, added: list[Rule]) -> BatchItem:
    return BatchItem(
        date=entry.date.isoformat(), status=outcome.status, revision=outcome.revision, advice=advice(entry, added)
    )
