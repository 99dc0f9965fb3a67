"""Recording, changing, deleting and reading facts of any kind."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach
from app.access.audit import service as audit
from app.base.http.conditional import etag, from_dated_cursor, require_match, to_dated_cursor
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import columns, new_id
from app.record.facts.kinds import FactIn, Kind
from app.record.facts.tables import Fact
from app.record.patients import service as patients
from app.record.revisions import service as history
from app.record.revisions.service import Version

fact = columns(Fact)


def tag_of(row: Row[Any]) -> str:
    """The ETag of a fact's row."""
    return etag(row.kind, row.id, row.number)


async def find(
    connection: AsyncConnection, caller: Caller, kind: Kind, fact_id: UUID, action: Action = "read"
) -> Row[Any]:
    """The row of a fact within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of, 403 where the role has no such rule.
    """
    query = select(fact).where(
        fact.c.id == fact_id, fact.c.kind == kind.name, reach(caller, action, fact.c.clinic_id, fact.c.patient_id)
    )
    row: Row[Any] | None = (await connection.execute(query)).first()
    if row is None:
        raise not_found(kind.name.replace("_", " "))
    return row


async def of_patient(
    connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, kind: str, known_on: datetime | None = None
) -> list[dict[str, Any]]:
    """The content of a patient's facts of one kind, in the order of their days, now or as it was known."""
    if known_on is not None:
        rows = (await connection.execute(history.known_on(clinic_id, patient_id, kind, known_on))).all()
        return [{"id": row.row_id, **row.content} for row in rows]
    query = select(fact.c.id, fact.c.content).where(
        fact.c.clinic_id == clinic_id, fact.c.patient_id == patient_id, fact.c.kind == kind
    )
    rows = (await connection.execute(query.order_by(fact.c.on_date, fact.c.id))).all()
    return [{"id": row.id, **row.content} for row in rows]


async def create(
    database: Database, caller: Caller, kind: Kind, patient_id: UUID, new: FactIn, once: Once, now: datetime
) -> Answer:
    """Records a fact."""
    reach(caller, kind.action, fact.c.clinic_id, fact.c.patient_id)

    async def work(connection: AsyncConnection) -> Answer:
        person = await patients.find(connection, caller, patient_id, kind.action, lock=True)
        row = await add(connection, caller, kind, person, new, now)
        (body,) = await kind.show(connection, [row])
        headers = {"ETag": tag_of(row), "Location": f"/v1/{kind.plural}/{row.id}"}
        return Answer(to_wire(kind.out, body), 201, headers, patient_id)

    return await once.run(database, caller.account_id, now, work)


async def add(
    connection: AsyncConnection,
    caller: Caller,
    kind: Kind,
    person: Row[Any],
    new: FactIn,
    now: datetime,
    fact_id: UUID | None = None,
) -> Row[Any]:
    """Adds a fact in a transaction that holds the patient's row."""
    await kind.check(connection, person, new, now)
    content, fact_id = new.content(), fact_id or new_id()
    values = {
        "clinic_id": person.clinic_id, "id": fact_id, "kind": kind.name, "patient_id": person.id,
        "on_date": kind.day_of(content), "number": 1, "content": content, "recorded_at": new.recorded_at or now,
        "created_at": now}  # fmt: skip
    await connection.execute(insert(fact).values(values))
    version = Version(kind.name, fact_id, 1, content, new.recorded_at, new.reason)
    return await _kept(connection, caller, kind, person, version, now, "create")


async def change(
    database: Database,
    caller: Caller,
    kind: Kind,
    fact_id: UUID,
    changes: FactIn,
    if_match: str | None,
    now: datetime,
) -> tuple[dict[str, Any], str]:
    """Changes what is given; a change that changes nothing leaves no revision. Answers the body and its ETag."""

    async def work(connection: AsyncConnection) -> tuple[dict[str, Any], str]:
        row, person = await _locked(connection, caller, kind, fact_id, if_match)
        whole = kind.changed(row.content, changes)
        content = whole.content()
        if content != row.content:
            await kind.check(connection, person, whole, now)
            version = Version(kind.name, fact_id, row.number + 1, content, changes.recorded_at, changes.reason)
            await connection.execute(
                update(fact)
                .where(fact.c.clinic_id == row.clinic_id, fact.c.id == fact_id)
                .values(
                    number=version.number,
                    content=content,
                    on_date=kind.day_of(content),
                    recorded_at=changes.recorded_at or now,
                )
            )
            row = await _kept(connection, caller, kind, person, version, now, "change")
        (body,) = await kind.show(connection, [row])
        return body, tag_of(row)

    return await database.write(work)


async def remove(
    database: Database,
    caller: Caller,
    kind: Kind,
    fact_id: UUID,
    if_match: str | None,
    reason: str | None,
    now: datetime,
) -> None:
    """Says that a fact is none; its revisions stay."""

    async def work(connection: AsyncConnection) -> None:
        row, person = await _locked(connection, caller, kind, fact_id, if_match)
        await kind.project(connection, row, True)
        await connection.execute(delete(fact).where(fact.c.clinic_id == row.clinic_id, fact.c.id == fact_id))
        version = Version(kind.name, fact_id, row.number + 1, None, None, reason)
        await history.keep(connection, caller, person.id, version, now)
        await patients.touch(connection, person.clinic_id, person.id)
        await audit.record(connection, caller, "delete", kind.name, person.id, now)

    await database.write(work)


async def read(
    database: Database, caller: Caller, kind: Kind, fact_id: UUID, now: datetime
) -> tuple[dict[str, Any], str]:
    """One fact and its ETag."""
    async with database.read() as connection:
        row = await find(connection, caller, kind, fact_id)
        (body,) = await kind.show(connection, [row])
    await audit.record_read(database, caller, kind.name, row.patient_id, now)
    return body, tag_of(row)


async def page(
    database: Database,
    caller: Caller,
    kind: Kind,
    patient_id: UUID,
    limit: int,
    cursor: str | None,
    between: tuple[date, date],
    newest_first: bool,
    now: datetime,
) -> tuple[list[dict[str, Any]], str | None]:
    """A patient's facts in the order of their days, and the cursor of the rest."""
    if between[0] > between[1]:
        raise bad_field("/from", "lies after `to`", where="query")
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id)
        query = select(fact).where(
            fact.c.clinic_id == person.clinic_id,
            fact.c.patient_id == person.id,
            fact.c.kind == kind.name,
            fact.c.on_date.between(*between),
        )
        after = from_dated_cursor(cursor)
        if after is not None:
            place, here = tuple_(fact.c.on_date, fact.c.id), tuple_(*after)
            query = query.where(place < here if newest_first else place > here)
        by = (fact.c.on_date.desc(), fact.c.id.desc()) if newest_first else (fact.c.on_date, fact.c.id)
        ordered = query.order_by(*by).limit(limit + 1)
        rows = list((await connection.execute(ordered)).all())
        bodies = await kind.show(connection, rows[:limit])
    await audit.record_read(database, caller, kind.plural, patient_id, now)
    more = len(rows) > limit
    return bodies, to_dated_cursor(rows[limit - 1].on_date, rows[limit - 1].id) if more else None


async def story(database: Database, caller: Caller, kind: Kind, fact_id: UUID, now: datetime) -> list[Row[Any]]:
    """Every revision of a fact, a deleted one's too.

    Raises:
        Problem: 404 where there never was one that the caller may know of.
    """
    reach(caller, "read", fact.c.clinic_id, fact.c.patient_id)
    async with database.read() as connection:
        rows = await history.of_row(connection, caller.clinic_id, kind.name, fact_id)
        if not rows:
            raise not_found(kind.name.replace("_", " "))
        person = await patients.find(connection, caller, rows[0].patient_id)
    await audit.record_read(database, caller, f"{kind.name} history", person.id, now)
    return rows


async def _locked(
    connection: AsyncConnection, caller: Caller, kind: Kind, fact_id: UUID, if_match: str | None
) -> tuple[Row[Any], Row[Any]]:
    """The rows of a fact and of its patient, the patient's held to the end of the transaction."""
    row = await find(connection, caller, kind, fact_id, kind.action)
    person = await patients.find(connection, caller, row.patient_id, kind.action, lock=True)
    row = await find(connection, caller, kind, fact_id, kind.action)
    require_match(if_match, tag_of(row))
    return row, person


async def _kept(
    connection: AsyncConnection,
    caller: Caller,
    kind: Kind,
    person: Row[Any],
    version: Version,
    now: datetime,
    action: audit.AuditAction,
) -> Row[Any]:
    """Everything that goes with a new state of a fact; answers its row."""
    await history.keep(connection, caller, person.id, version, now)
    row = (
        await connection.execute(select(fact).where(fact.c.clinic_id == person.clinic_id, fact.c.id == version.row_id))
    ).one()
    await kind.project(connection, row, False)
    await patients.touch(connection, person.clinic_id, person.id)
    await audit.record(connection, caller, action, kind.name, person.id, now)
    return row
