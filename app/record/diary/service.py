"""The diary: rules and queries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, Relation, limit_names, limits, relation_of, within
from app.access.accounts.service import proxies_among
from app.access.audit import service as audit
from app.base.http.conditional import etag, require_match
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.pools import HEAVY, QUICK
from app.base.http.problems import Problem, bad_field, not_found
from app.base.store.database import Database
from app.base.store.long_results import AT_A_TIME, in_turns, wholes_in_turns
from app.base.store.prepared import Connection, Prepared, first_of, prepared_select, rows_of
from app.base.store.typed import col, col_of
from app.record.diary.batch import answered, read_batch
from app.record.diary.content import EntryContent
from app.record.diary.door import Incoming, check_entry, incoming, take_in
from app.record.diary.entry_json import entry_text
from app.record.diary.schemas import BatchItem, BatchOut, DatedEntryIn, EntryIn
from app.record.diary.tables import DiaryDay, DiaryRevision
from app.record.diary.writings import Recorded, Writing, day, revision
from app.record.patients import service as patients
from app.record.patients.service import Person, patient
from app.record.patients.tables import Patient

SHORT = 16 * 1024  # bytes of a batch that is read as quickly as anything: some weeks of entries
AT_ONCE = 400  # characters of a note that are read on the loop, in about a millisecond
USUAL = 400  # days of a range that are read on the loop; more are read aside


@dataclass(frozen=True)
class RecordedEntry:
    """The result of recording one entry, and the advice for the patient about a red flag."""

    date: date
    outcome: Recorded
    advice: str | None
    zone: str


CURRENT = prepared_select(
    select(col(DiaryDay.revision)).where(
        col(DiaryDay.clinic_id) == bindparam("clinic"),
        col(DiaryDay.patient_id) == bindparam("patient"),
        col(DiaryDay.date) == bindparam("on"),
        col(DiaryDay.content).is_not(None),
    ),
    "clinic",
    "patient",
    "on",
)


def entry_tag(clinic_id: UUID, patient_id: UUID, on: date, *, number: int) -> str:
    """The ETag of a day's current entry."""
    return etag(clinic_id, "entry", patient_id, on, number)


async def _check_match(connection: Connection, person: Person, on: date, *, if_match: str | None) -> None:
    """Refuses (412) a writing by somebody who has read another entry of the day than the current one, or none."""
    if if_match is None:
        return
    held = await first_of(connection, CURRENT, {"clinic": person.clinic_id, "patient": person.id, "on": on})
    if held is None:
        raise Problem(412, "The day has no entry; it was deleted since you read it.")
    require_match(if_match, entry_tag(person.clinic_id, person.id, on, number=held[0]))


async def put(
    database: Database,
    caller: Caller,
    *,
    patient_id: UUID,
    on: date,
    entry: EntryIn,
    if_match: str | None = None,
    now: datetime,
) -> RecordedEntry:
    """Records one entry. Its red flags are raised even where the entry changes nothing.

    Raises:
        Problem: 403, 404, 412 on a lost update, 422.
    """
    long = len(entry.notes() or "") > AT_ONCE
    came = await QUICK.run(lambda: incoming(on, entry), clinic_id=caller.clinic_id) if long else incoming(on, entry)

    async def work(connection: Connection) -> RecordedEntry:
        person = await patients.find(connection, caller, patient_id=patient_id, action="write_diary", lock=True)
        check_entry(on, entry, person=person, now=now)
        await _check_match(connection, person, on, if_match=if_match)
        done = await take_in(connection, caller, author=caller.account_id, person=person, entries=[came], now=now)
        return RecordedEntry(on, done.outcomes[0], done.advice[0], person.time_zone)

    return await database.write_prepared(work)


async def put_many(
    database: Database, caller: Caller, *, patient_id: UUID, raw: bytes, once: IdempotentCall, now: datetime
) -> BatchOut:
    """Records the valid entries of a batch (`BatchIn`) in one transaction; every entry gets its result.

    Raises:
        Problem: 400 or 422 for what is no batch; 413 for an entry that is longer than any may be.
    """
    parsed, read = await (QUICK if len(raw) <= SHORT else HEAVY).run(
        partial(read_batch, raw), clinic_id=caller.clinic_id
    )

    async def work(connection: Connection) -> BatchOut:
        person = await patients.find(connection, caller, patient_id=patient_id, action="write_diary", lock=True)
        items: list[BatchItem | DatedEntryIn] = []
        for entry in parsed:
            if isinstance(entry, DatedEntryIn):
                try:
                    check_entry(entry.date, entry, person=person, now=now, where="body")
                except Problem as problem:
                    items.append(BatchItem(date=entry.date.isoformat(), status="rejected", problem=problem.body()))
                    continue
            items.append(entry)
        good = [e for e in items if isinstance(e, DatedEntryIn)]
        entries = [read[id(e)] for e in good]
        done = await take_in(connection, caller, author=caller.account_id, person=person, entries=entries, now=now)
        told = zip(done.outcomes, done.advice, strict=True)
        return BatchOut(items=[item if isinstance(item, BatchItem) else answered(item, *next(told)) for item in items])

    async def keyed(connection: AsyncConnection) -> Answer:
        return Answer((await work(connection)).model_dump(mode="json"), 200, None, patient_id)

    if once.key is None:
        return await database.write_prepared(work)
    return BatchOut.model_validate((await audit.once(database, caller, once, now=now, work=keyed)).body)


async def delete(
    database: Database,
    caller: Caller,
    *,
    patient_id: UUID,
    on: date,
    if_match: str | None = None,
    reason: str | None = None,
    now: datetime,
) -> None:
    """Deletes the entry of a day by a revision without content; earlier revisions stay.

    Raises:
        Problem: 404 where the day has none, 412 on a lost update.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="write_diary", lock=True)
        query = select(col(DiaryDay.revision)).where(*_is_current(person, on))
        if (await connection.execute(query)).first() is None:
            raise not_found("entry")
        await _check_match(connection, person, on, if_match=if_match)
        gone, author = [Incoming(None, Writing(on, None, None, None))], caller.account_id
        await take_in(
            connection, caller, author=author, person=person, entries=gone, now=now, action="delete", why=reason
        )

    await database.write(work)


class DayEntry(NamedTuple):
    """The current entry of a day."""

    date: date
    revision: int
    recorded_at: datetime
    received_at: datetime
    content: EntryContent
    opioid_mme: float | None


async def read_day(database: Database, caller: Caller, *, patient_id: UUID, on: date, now: datetime) -> tuple[str, int]:
    """The current entry of a day as JSON text, and its revision."""
    query = select(col(DiaryDay.shown), col(DiaryDay.revision))
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        found = (await connection.execute(query.where(*_is_current(person, on)))).first()
        older = (
            []
            if found is None or found[0]
            else await entries(connection, person.clinic_id, person.id, first=on, last=on)
        )
    await audit.record_read(database, caller, resource="diary", patient_id=patient_id, now=now)
    if found is None:
        raise not_found("entry")
    shown, number = found
    return shown or entry_text(on, older[0], person.time_zone), number


async def read_shown(
    database: Database, caller: Caller, *, patient_id: UUID, first: date, last: date, limit: int, now: datetime
) -> tuple[list[str], date | None]:
    """Entries of a range of days as JSON text, in their order, in one round trip; and the day at which the rest begins."""
    if first > last:
        raise bad_field("/from", "lies after `to`", where="query")
    relation = relation_of(caller, "read")
    named = {"patient": patient_id, "first": first, "last": last, "most": limit + 1, **limits(caller, relation)}
    if limit > USUAL:
        async with database.read(aside=True) as connection:
            found = await rows_of(connection, shown_of(relation), named)
    else:
        found = await database.read_many(shown_of(relation), named)
    if not found:
        raise not_found("patient")
    days = [(on, shown) for on, shown in found if on is not None]
    if any(shown is None for _, shown in days):  # kept by an older version
        older, zone = await read_range(
            database, caller, patient_id=patient_id, first=first, last=last, limit=limit, as_known_on=None, now=now
        )
        days = [(one.date, entry_text(one.date, one, zone)) for one in older]
    else:
        await audit.record_read(database, caller, resource="diary", patient_id=patient_id, now=now)
    texts = [shown for _, shown in days[:limit] if shown is not None]
    return texts, days[limit][0] if len(days) > limit else None


@cache
def shown_of(relation: Relation) -> "Prepared[date | None, str | None]":
    """A query for the entries of a patient within reach; one row with nulls where the patient has none."""
    theirs = and_(
        col(DiaryDay.clinic_id) == col(Patient.clinic_id),
        col(DiaryDay.patient_id) == col(Patient.id),
        col(DiaryDay.content).is_not(None),
        col(DiaryDay.date).between(bindparam("first"), bindparam("last")),
    )
    query = (
        select(cast("Column[date | None]", col(DiaryDay.date)), col(DiaryDay.shown))
        .select_from(patient.outerjoin(day, theirs))
        .where(col(Patient.id) == bindparam("patient"), within(relation, col(Patient.clinic_id), col(Patient.id)))
        .order_by(col(DiaryDay.date))
        .limit(bindparam("most"))
    )
    return prepared_select(query, "patient", "first", "last", "most", *limit_names(relation))


async def read_range(
    database: Database,
    caller: Caller,
    *,
    patient_id: UUID,
    first: date,
    last: date,
    limit: int,
    as_known_on: datetime | None,
    now: datetime,
) -> tuple[list[DayEntry], str]:
    """Current entries of a range of days in their order, at most `limit` + 1 of them; and the patient's time zone."""
    if first > last:
        raise bad_field("/from", "lies after `to`", where="query")
    async with database.read(aside=limit > USUAL) as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        found = await entries(
            connection, person.clinic_id, person.id, first=first, last=last, known_on=as_known_on, limit=limit + 1
        )
    await audit.record_read(database, caller, resource="diary", patient_id=patient_id, now=now)
    return found, person.time_zone


async def read_revisions(
    database: Database, caller: Caller, *, patient_id: UUID, on: date, now: datetime
) -> tuple[list[DiaryRevision], set[UUID]]:
    """All revisions of a day, in the order in which they were received; and which accounts among theirs are proxies'."""
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        query = select(revision).where(
            col(DiaryRevision.clinic_id) == person.clinic_id,
            col(DiaryRevision.patient_id) == person.id,
            col(DiaryRevision.date) == on,
        )
        found = await wholes_in_turns(
            DiaryRevision, await connection.execute(query.order_by(col(DiaryRevision.revision)))
        )
        writers = [one.account_id for one in found]
        proxies = await proxies_among(connection, person.clinic_id, patient_id=person.id, accounts=writers)
    await audit.record_read(database, caller, resource="diary revisions", patient_id=patient_id, now=now)
    if not found:
        raise not_found("entry")
    return found, proxies


async def entries(
    connection: AsyncConnection,
    clinic_id: UUID,
    patient_id: UUID,
    *,
    first: date = date.min,
    last: date = date.max,
    known_on: datetime | None = None,
    limit: int | None = None,
) -> list[DayEntry]:
    """Current entries of a range of days in their order, as they stand now or as they were known at an instant."""
    query = _entries(clinic_id, patient_id, known_on).limit(limit)
    on = query.selected_columns.date
    found = await connection.execute(query.where(on.between(first, last)).order_by(on))
    return await in_turns(found, lambda one: DayEntry(*one))


async def stream(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> AsyncIterator[DayEntry]:
    """All current entries of a patient in the order of their days, a few at a time."""
    query = _entries(clinic_id, patient_id, None)
    async with connection.stream(query.order_by(query.selected_columns.date)) as found:
        async for some in found.partitions(AT_A_TIME):
            for one in some:
                yield DayEntry(*one)


Selected = Select[date, int, datetime, datetime, EntryContent, float | None]


def _entries(clinic_id: UUID, patient_id: UUID, known_on: datetime | None) -> Selected:
    if known_on is None:
        content = cast("Column[EntryContent]", col(DiaryDay.content))  # where it is null the day has no entry
        return select(
            col(DiaryDay.date),
            col(DiaryDay.revision),
            col(DiaryDay.recorded_at),
            col(DiaryDay.received_at),
            content,
            col(DiaryDay.opioid_mme),
        ).where(col(DiaryDay.clinic_id) == clinic_id, col(DiaryDay.patient_id) == patient_id, content.is_not(None))
    newest_first = (col(DiaryRevision.ranks_at).desc(), col(DiaryRevision.revision).desc())
    place = func.row_number().over(partition_by=col(DiaryRevision.date), order_by=newest_first).label("place")
    known = (
        select(revision, place)
        .where(
            col(DiaryRevision.clinic_id) == clinic_id,
            col(DiaryRevision.patient_id) == patient_id,
            col(DiaryRevision.received_at) <= known_on,
        )
        .subquery()
    )
    then = cast("ColumnElement[EntryContent]", col_of(known, DiaryRevision.content))
    return select(
        col_of(known, DiaryRevision.date),
        col_of(known, DiaryRevision.revision),
        col_of(known, DiaryRevision.recorded_at),
        col_of(known, DiaryRevision.received_at),
        then,
        col_of(known, DiaryRevision.opioid_mme),
    ).where(known.c.place == 1, then.is_not(None))


def _is_current(person: Person, on: date) -> tuple[ColumnElement[bool], ...]:
    return (
        col(DiaryDay.clinic_id) == person.clinic_id,
        col(DiaryDay.patient_id) == person.id,
        col(DiaryDay.date) == on,
        col(DiaryDay.content).is_not(None),
    )
