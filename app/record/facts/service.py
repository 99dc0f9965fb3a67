"""Recording, changing, deleting and reading facts of any kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import and_, delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Action, Caller, reach, require
from app.access.audit import service as audit
from app.access.audit.schemas import AuditAction
from app.base.http.conditional import etag, require_match
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.paging import from_dated_cursor, page, to_dated_cursor
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.long_results import wholes_in_turns
from app.base.store.metadata import new_id
from app.base.store.typed import col, for_row, row, table, to, whole
from app.record.facts.death import check_before_death
from app.record.facts.kinds import AnyKind, B, Fact, FactIn, Kind
from app.record.facts.tables import FactRow
from app.record.patients import service as patients
from app.record.patients.service import Person
from app.record.revisions import service as revisions
from app.record.revisions.schemas import RevisionOut
from app.record.revisions.service import NewRevision
from app.record.revisions.tables import Revision

fact = table(FactRow)


def tag_of(kind: AnyKind, one: Fact[B]) -> str:
    """The ETag of a fact."""
    return etag(one.clinic_id, kind.name, one.id, one.number)


def _fact(kind: Kind[B], one: FactRow) -> Fact[B]:
    return Fact(one.clinic_id, one.id, one.patient_id, one.number, kind.parse(one.content), one.content, one.created_at)


async def find(
    connection: AsyncConnection, caller: Caller, *, kind: Kind[B], fact_id: UUID, action: Action = "read"
) -> Fact[B]:
    """A fact within the caller's reach.

    Raises:
        Problem: 404 where there is none that the caller may know of, 403 where the role has no such rule.
    """
    within = reach(caller, action, clinic_id=col(FactRow.clinic_id), patient_id=col(FactRow.patient_id))
    query = select(fact).where(col(FactRow.id) == fact_id, col(FactRow.kind) == kind.name, within)
    found = (await connection.execute(query)).first()
    if found is None:
        raise not_found(kind.name.replace("_", " "))
    return _fact(kind, whole(FactRow, found))


class Facts:
    """A patient's facts of some kinds, from one read; by the order of their days."""

    def __init__(self, rows: list[FactRow]) -> None:
        self._rows = rows

    def of(self, kind: Kind[B]) -> list[Fact[B]]:
        """Those of one kind."""
        return [_fact(kind, one) for one in self._rows if one.kind == kind.name]


async def of_patient(
    connection: AsyncConnection,
    clinic_id: UUID,
    *,
    patient_id: UUID,
    kinds: Sequence[AnyKind],
    known_on: datetime | None = None,
) -> Facts:
    """A patient's facts of some kinds, as they stand now or as they were known at an instant."""
    names = [kind.name for kind in kinds]
    if known_on is None:
        query = select(fact).where(
            col(FactRow.clinic_id) == clinic_id, col(FactRow.patient_id) == patient_id, col(FactRow.kind).in_(names)
        )
        ordered = query.order_by(col(FactRow.on_date), col(FactRow.id))
        return Facts(await wholes_in_turns(FactRow, await connection.execute(ordered)))
    by_name = {kind.name: kind for kind in kinds}
    then = [
        _as_written(one, by_name[one.kind])
        for one in await revisions.known_on(connection, clinic_id, patient_id=patient_id, kinds=names, at=known_on)
    ]
    return Facts(sorted(then, key=lambda one: (one.on_date, one.id)))


def _as_written(one: Revision, kind: AnyKind) -> FactRow:
    """A fact as a revision of it says, which must not be its deletion."""
    content = one.content or {}
    return FactRow.model_construct(
        clinic_id=one.clinic_id,
        id=one.row_id,
        kind=one.kind,
        patient_id=one.patient_id,
        number=one.number,
        on_date=kind.day_of(kind.parse(content)),
        content=content,
        recorded_at=one.recorded_at,
        created_at=one.received_at,
    )


@dataclass(frozen=True)
class Deleted(Generic[B]):
    """A fact as it stood before it was deleted; when, by whom and why it was."""

    kind: Kind[B]
    fact: Fact[B]
    at: datetime
    account_id: UUID | None
    reason: str | None


async def deleted_of_patient(
    connection: AsyncConnection, clinic_id: UUID, *, patient_id: UUID, kinds: Sequence[AnyKind]
) -> list[Deleted[FactIn]]:
    """A patient's facts of some kinds that were deleted, the latest deletion first."""
    by_name = {kind.name: kind for kind in kinds}
    ends = await revisions.deletions(connection, clinic_id, patient_id=patient_id, kinds=list(by_name))
    return [
        Deleted(
            kind=by_name[end.kind],
            fact=_fact(by_name[end.kind], _as_written(last, by_name[end.kind])),
            at=end.received_at,
            account_id=end.account_id,
            reason=end.reason,
        )
        for last, end in ends
    ]


async def create(
    database: Database, caller: Caller, *, kind: Kind[B], patient_id: UUID, new: B, once: IdempotentCall, now: datetime
) -> Answer:
    """Records a fact."""
    require(caller, kind.action)

    async def work(connection: AsyncConnection) -> Answer:
        person = await patients.find(connection, caller, patient_id=patient_id, action=kind.action, lock=True)
        await _refuse_twin(connection, person, kind=kind, new=new)
        made = await add(connection, caller, kind=kind, person=person, new=new, now=now)
        (body,) = await kind.wire(connection, [made])
        headers = {"ETag": tag_of(kind, made), "Location": f"/v1/{kind.plural}/{made.id}"}
        return Answer(to_wire(kind.out, body), 201, headers, patient_id)

    return await audit.once(database, caller, once, now=now, work=work)


async def _refuse_twin(
    connection: AsyncConnection, person: Person, *, kind: Kind[B], new: B, was: Fact[B] | None = None
) -> None:
    """409 for what has been recorded already: who means another says what tells the two apart.

    A change of `was` is refused where it makes two equal; those that were equal before can be changed.
    """
    held = (await of_patient(connection, person.clinic_id, patient_id=person.id, kinds=[kind])).of(kind)

    def is_twin(one: B, other: B) -> bool:
        return kind.day_of(one) == kind.day_of(other) and kind.twin(one, other)

    others = [one for one in held if was is None or (one.id != was.id and not is_twin(was.body, one.body))]
    twin = next((one for one in others if is_twin(new, one.body)), None)
    if twin is not None:
        what = kind.name.replace("_", " ")
        raise Problem(409, f"This {what} is recorded already ({twin.id}). Change that one, or say what differs.")


async def _check(connection: AsyncConnection, person: Person, *, kind: Kind[B], new: B, now: datetime) -> None:
    await kind.check(connection, person, new=new, now=now)
    if kind.of_the_living:
        on = kind.day_of(new)
        await check_before_death(connection, person.clinic_id, person.id, field=kind.day, on=on)


async def add(
    connection: AsyncConnection, caller: Caller, *, kind: Kind[B], person: Person, new: B, now: datetime
) -> Fact[B]:
    """Adds a fact in a transaction that holds the patient's row; 409 for one too many."""
    theirs = and_(
        col(FactRow.clinic_id) == person.clinic_id, col(FactRow.patient_id) == person.id, col(FactRow.kind) == kind.name
    )
    if (await connection.execute(select(func.count()).select_from(fact).where(theirs))).scalar_one() >= kind.most:
        raise Problem(409, f"The patient has {kind.most} {kind.plural.replace('_', ' ')} already.")
    await _check(connection, person, kind=kind, new=new, now=now)
    content, fact_id = new.content(), new_id()
    values = row(
        FactRow,
        clinic_id=person.clinic_id,
        id=fact_id,
        kind=kind.name,
        patient_id=person.id,
        on_date=kind.day_of(new),
        number=1,
        content=content,
        recorded_at=new.recorded_at or now,
        created_at=now,
    )
    await connection.execute(insert(fact).values(values))
    first = NewRevision(kind.name, fact_id, 1, content, new.recorded_at, new.reason)
    return await _kept(connection, caller, kind=kind, person=person, new=first, now=now, action="create")


async def change(
    database: Database,
    caller: Caller,
    *,
    kind: Kind[B],
    fact_id: UUID,
    changes: FactIn,
    if_match: str | None,
    now: datetime,
) -> tuple[BaseModel, str]:
    """Changes the given fields; a change without effect adds no revision. Returns the wire form and its ETag."""

    async def work(connection: AsyncConnection) -> tuple[BaseModel, str]:
        one, person = await _locked(connection, caller, kind=kind, fact_id=fact_id, if_match=if_match)
        after = kind.changed(one.content, changes)
        content = after.content()
        if content != one.content:
            await _check(connection, person, kind=kind, new=after, now=now)
            await _refuse_twin(connection, person, kind=kind, new=after, was=one)
            changed = (
                to(col(FactRow.number), one.number + 1),
                to(col(FactRow.content), content),
                to(col(FactRow.on_date), kind.day_of(after)),
                to(col(FactRow.recorded_at), changes.recorded_at or now),
            )
            await connection.execute(
                update(fact)
                .where(col(FactRow.clinic_id) == one.clinic_id, col(FactRow.id) == fact_id)
                .ordered_values(*for_row(changed, one.clinic_id, fact_id))
            )
            new = NewRevision(kind.name, fact_id, one.number + 1, content, changes.recorded_at, changes.reason)
            one = await _kept(connection, caller, kind=kind, person=person, new=new, now=now, action="change")
        else:  # the answer shows it all the same
            await audit.record(connection, caller, action="read", resource=kind.name, patient_id=person.id, now=now)
        (body,) = await kind.wire(connection, [one])
        return body, tag_of(kind, one)

    return await database.write(work)


async def remove(
    database: Database,
    caller: Caller,
    *,
    kind: Kind[B],
    fact_id: UUID,
    if_match: str | None,
    reason: str | None,
    now: datetime,
) -> None:
    """Deletes a fact; its revisions stay, and the deletion is the last of them."""

    async def work(connection: AsyncConnection) -> None:
        one, person = await _locked(connection, caller, kind=kind, fact_id=fact_id, if_match=if_match)
        await kind.project(connection, one, True)
        await kind.end(connection, person, fact_id=fact_id, now=now)
        await connection.execute(
            delete(fact).where(col(FactRow.clinic_id) == one.clinic_id, col(FactRow.id) == fact_id)
        )
        new = NewRevision(kind.name, fact_id, one.number + 1, None, None, reason)
        await revisions.keep(connection, caller, patient_id=person.id, new=new, now=now)
        await patients.touch(connection, person.clinic_id, person.id, now=now)
        await audit.record(connection, caller, action="delete", resource=kind.name, patient_id=person.id, now=now)

    await database.write(work)


async def read_one(
    database: Database, caller: Caller, *, kind: Kind[B], fact_id: UUID, action: Action = "read", now: datetime
) -> Fact[B]:
    """One fact as it is stored, for somebody who may do `action` with it."""
    async with database.read() as connection:
        one = await find(connection, caller, kind=kind, fact_id=fact_id, action=action)
    await audit.record_read(database, caller, resource=kind.name, patient_id=one.patient_id, now=now)
    return one


async def read(
    database: Database, caller: Caller, *, kind: Kind[B], fact_id: UUID, now: datetime
) -> tuple[BaseModel, str]:
    """One fact in its wire form, and its ETag."""
    async with database.read() as connection:
        one = await find(connection, caller, kind=kind, fact_id=fact_id)
        (body,) = await kind.wire(connection, [one])
    await audit.record_read(database, caller, resource=kind.name, patient_id=one.patient_id, now=now)
    return body, tag_of(kind, one)


async def list_facts(
    database: Database,
    caller: Caller,
    *,
    kind: Kind[B],
    patient_id: UUID,
    limit: int,
    cursor: str | None,
    between: tuple[date, date],
    newest_first: bool,
    now: datetime,
) -> tuple[Sequence[BaseModel], str | None]:
    """A patient's facts in the order of their days, and the cursor of the rest."""
    if between[0] > between[1]:
        raise bad_field("/from", "lies after `to`", where="query")
    async with database.read(aside=True) as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        query = select(fact).where(
            col(FactRow.clinic_id) == person.clinic_id,
            col(FactRow.patient_id) == person.id,
            col(FactRow.kind) == kind.name,
            col(FactRow.on_date).between(*between),
        )
        after = from_dated_cursor(cursor)
        if after is not None:
            place, here = tuple_(col(FactRow.on_date), col(FactRow.id)), tuple_(*after)
            query = query.where(place < here if newest_first else place > here)
        oldest = (col(FactRow.on_date), col(FactRow.id))
        ordered = query.order_by(*(one.desc() for one in oldest)) if newest_first else query.order_by(*oldest)
        found = await wholes_in_turns(FactRow, await connection.execute(ordered.limit(limit + 1)))
        shown, following = page(found, limit, lambda one: to_dated_cursor(one.on_date, one.id))
        bodies = await kind.wire(connection, [_fact(kind, one) for one in shown])
    await audit.record_read(database, caller, resource=kind.plural, patient_id=patient_id, now=now)
    return bodies, following


async def history(
    database: Database, caller: Caller, *, kind: AnyKind, fact_id: UUID, now: datetime
) -> list[RevisionOut]:
    """All revisions of a fact, also of a deleted one.

    Raises:
        Problem: 404 where there never was one that the caller may know of.
    """
    require(caller, "read")
    async with database.read(aside=True) as connection:
        found = await revisions.of_row(connection, caller.clinic_id, kind=kind.name, row_id=fact_id)
        if not found:
            raise not_found(kind.name.replace("_", " "))
        person = await patients.find(connection, caller, patient_id=found[0].patient_id)
        told = await revisions.told(connection, found)
    await audit.record_read(database, caller, resource=f"{kind.name} history", patient_id=person.id, now=now)
    return told


async def _locked(
    connection: AsyncConnection, caller: Caller, *, kind: Kind[B], fact_id: UUID, if_match: str | None
) -> tuple[Fact[B], Person]:
    """A fact and its patient, whose row is held to the end of the transaction."""
    one = await find(connection, caller, kind=kind, fact_id=fact_id, action=kind.action)
    person = await patients.find(connection, caller, patient_id=one.patient_id, action=kind.action, lock=True)
    one = await find(connection, caller, kind=kind, fact_id=fact_id, action=kind.action)
    require_match(if_match, tag_of(kind, one))
    return one, person


async def _kept(
    connection: AsyncConnection,
    caller: Caller,
    *,
    kind: Kind[B],
    person: Person,
    new: NewRevision,
    now: datetime,
    action: AuditAction,
) -> Fact[B]:
    """Does everything that goes with a new state of a fact, and returns it."""
    await revisions.keep(connection, caller, patient_id=person.id, new=new, now=now)
    query = select(fact).where(col(FactRow.clinic_id) == person.clinic_id, col(FactRow.id) == new.row_id)
    one = _fact(kind, whole(FactRow, (await connection.execute(query)).one()))
    await kind.project(connection, one, False)
    await patients.touch(connection, person.clinic_id, person.id, now=now)
    await audit.record(connection, caller, action=action, resource=kind.name, patient_id=person.id, now=now)
    return one
