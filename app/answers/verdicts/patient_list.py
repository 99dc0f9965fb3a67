"""The patient list: every patient's most urgent need, the most urgent first; a page of it with its curves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, null, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach
from app.access.audit import service as audit
from app.alerts.flags.conditions import KINDS
from app.alerts.flags.service import flag
from app.alerts.flags.tables import Flag
from app.answers.verdicts.service import kept, outcome, same_verdict
from app.answers.verdicts.tables import KeptVerdict, OutcomeRow
from app.answers.verdicts.triage import ANSWERED_BY, NEEDS, PLACE
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col, table
from app.record.patients.names import Named, called, names_of_clinic
from app.record.patients.service import today_of
from app.record.patients.tables import Patient
from app.record.procedures.service import procedure
from app.record.procedures.tables import ProcedureRow
from app.rules.levels import spoken
from app.rules.words import Laterality, Region

PAGE = 50
FEW = 2_000  # patients of a search that are named one by one to the database; more of them are told from all
NAMES = list(NEEDS)


@dataclass(frozen=True)
class ListedPatient:
    """One patient in the list: the need, its reason, and for how many days already."""

    patient_id: UUID
    procedure_id: UUID | None
    name: str
    born_on: date
    need: str
    why: str
    days: int
    site: str
    spark: list[float | None]


@dataclass(frozen=True)
class Listing:
    """A page of the list, how many there are by need, and how many after the filters."""

    lines: list[ListedPatient]
    by_need: dict[str, int]
    found: int


@dataclass(frozen=True)
class _Read:
    """A patient with the most urgent need; the columns of the union in their order."""

    id: UUID
    born_on: date
    time_zone: str
    place: int
    why: str | None
    since_on: date | None
    newest: date | None
    procedure_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class _Ranked(_Read):
    """The same with the patient's name."""

    name: str


@dataclass(frozen=True)
class SaidOfProcedure:
    """A procedure and the sentence of its kept verdict, where there is one."""

    procedure_id: UUID
    performed_on: date
    region: Region
    laterality: Laterality
    joints: list[str] | None
    says: str | None


def said_query(clinic_id: UUID, patient_id: UUID) -> RowQuery:
    """A patient's procedures, the newest first, with what was said of each: the columns of `SaidOfProcedure`."""
    held = and_(
        col(KeptVerdict.clinic_id) == col(ProcedureRow.clinic_id),
        col(KeptVerdict.procedure_id) == col(ProcedureRow.id),
        col(KeptVerdict.definition) == "half",
    )
    return (
        select(
            col(ProcedureRow.id),
            col(ProcedureRow.performed_on),
            col(ProcedureRow.region),
            col(ProcedureRow.laterality),
            col(ProcedureRow.joints),
            col(KeptVerdict.says),
        )
        .select_from(procedure)
        .outerjoin(kept, held)
        .where(col(ProcedureRow.clinic_id) == clinic_id, col(ProcedureRow.patient_id) == patient_id)
        .order_by(col(ProcedureRow.performed_on).desc(), col(ProcedureRow.id).desc())
    )


async def read(
    database: Database, caller: Caller, q: str, *, need: str | None, region: Region | None, page: int, now: datetime
) -> Listing:
    """The most urgent first, and the longest waiting first among equals; `q` is part of a name, the others filter."""
    async with database.read(aside=True) as connection:
        names = await names_of_clinic(connection, caller.clinic_id)
        places = await _places(
            connection, caller, await called(connection, caller.clinic_id, q) if q else None, region=region
        )
        by_need = Counter(NAMES[one.place] for one in places.values())
        asked = [one for one in names.people if one.id in places and need in (None, NAMES[places[one.id].place])]
        asked.sort(key=lambda one: places[one.id].urgency)  # among equals they stay sorted by name
        people = await _shown(connection, caller, asked[PAGE * (page - 1) : PAGE * page], region=region)
        own = await _procedures(connection, caller, people)
        signs = await _red_flags(connection, caller, people)
    await audit.record_list(database, caller, resource="patients", patients=[one.id for one in people], now=now)
    lines = [_line(one, own.get(one.id), red_flags=signs.get(one.id, 0), now=now) for one in people]
    return Listing(lines, dict(by_need), len(asked))


@dataclass(frozen=True)
class _Place:
    """Where a patient stands in the list."""

    place: int
    since_on: date | None

    @property
    def urgency(self) -> tuple[int, date]:
        return self.place, self.since_on or date.max


async def _places(
    connection: AsyncConnection, caller: Caller, ids: list[UUID] | None, *, region: Region | None
) -> dict[UUID, _Place]:
    few = ids if ids is not None and len(ids) <= FEW else None
    asked = _ranked(caller, few, region).subquery()
    query = select(asked.c.id, asked.c.place, asked.c.since_on)
    found = {patient_id: _Place(*rest) for patient_id, *rest in (await connection.execute(query)).all()}
    return found if ids is None else {one: found[one] for one in ids if one in found}


async def _shown(
    connection: AsyncConnection, caller: Caller, people: Sequence[Named], *, region: Region | None
) -> list[_Ranked]:
    """What a page says of each of its patients, in their order."""
    query = _ranked(caller, [one.id for one in people], region)
    by_id = {one.id: one for one in (_Read(*line) for line in (await connection.execute(query)).all())}
    return [_Ranked(name=one.name, **vars(by_id[one.id])) for one in people]


def _ranked(caller: Caller, ids: list[UUID] | None, region: Region | None) -> RowQuery:
    """Each patient once, by the most urgent of their procedures and open flags; the columns of `_Read`."""
    asks = union_all(_by_procedure(caller, ids, region), _by_flag(caller, ids, region)).subquery()
    waits = case((asks.c.due.is_(None), 1), else_=0)  # of several signs the one that is due first
    order = func.row_number().over(
        partition_by=asks.c.id, order_by=(asks.c.place, waits, asks.c.due, asks.c.newest.desc())
    )
    numbered = select(asks, order.label("nth")).subquery()
    return select(*(numbered.c[name] for name in _Read.__dataclass_fields__)).where(numbered.c.nth == 1)


def _persons(
    caller: Caller,
    ids: list[UUID] | None,
    *columns: ColumnElement[Any],  # beside the patient, of any type
) -> RowQuery:
    own = col(Patient.id), col(Patient.born_on), col(Patient.time_zone)
    query: RowQuery = select(*own, *columns)
    query = query.where(reach(caller, "read", clinic_id=col(Patient.clinic_id), patient_id=col(Patient.id)))
    return query if ids is None else query.where(col(Patient.id).in_(ids))


def _of_patient(region: Region | None) -> ColumnElement[bool]:
    theirs = and_(
        col(OutcomeRow.clinic_id) == col(Patient.clinic_id),
        col(OutcomeRow.patient_id) == col(Patient.id),
        col(OutcomeRow.definition) == "half",
    )
    return theirs if region is None else and_(theirs, col(OutcomeRow.region) == region)


def _by_procedure(caller: Caller, ids: list[UUID] | None, region: Region | None) -> RowQuery:
    """The need of each procedure; a patient without one gets the place `open`."""
    query = _persons(
        caller,
        ids,
        case((_is_answered(), PLACE["answered"]), else_=func.coalesce(col(OutcomeRow.place), PLACE["open"])).label(
            "place"
        ),
        col(OutcomeRow.why),
        col(OutcomeRow.since_on),
        col(OutcomeRow.performed_on).label("newest"),
        col(OutcomeRow.procedure_id),
        null().label("due"),
    )
    return query.join(outcome, _of_patient(region), isouter=region is None)


def _is_answered() -> ColumnElement[bool]:
    """That a person has resolved the flag of what a procedure needs: no second look at that is asked."""
    kind = case({PLACE[need]: kind for need, kind in ANSWERED_BY.items()}, value=col(OutcomeRow.place))
    its = table(Flag).alias("answered")
    resolved = exists().where(
        its.c.clinic_id == col(OutcomeRow.clinic_id),
        its.c.patient_id == col(OutcomeRow.patient_id),
        its.c.procedure_id == col(OutcomeRow.procedure_id),
        its.c.kind == kind,
        its.c.state == "resolved",
        its.c.ceased_on.is_(None),
    )
    return and_(col(OutcomeRow.place).in_([PLACE[need] for need in ANSWERED_BY]), resolved)


def _by_flag(caller: Caller, ids: list[UUID] | None, region: Region | None) -> RowQuery:
    """The need of each open flag that a write has raised, and of those of a procedure whose own need is answered.

    Other flags that a verdict raises are in the procedure's need.
    """
    place = case((col(Flag.severity) == "now", PLACE["red_flag"]), else_=PLACE["look_soon"])
    due = case((col(Flag.severity) == "now", col(Flag.due_at)))
    query = _persons(caller, ids, place, col(Flag.says), col(Flag.first_on), col(Flag.first_on), null(), due)
    theirs = and_(col(Flag.clinic_id) == col(Patient.clinic_id), col(Flag.patient_id) == col(Patient.id))
    answered = exists().where(
        col(OutcomeRow.clinic_id) == col(Flag.clinic_id),
        col(OutcomeRow.procedure_id) == col(Flag.procedure_id),
        col(OutcomeRow.definition) == "half",
        _is_answered(),
    )
    by_write = or_(col(Flag.kind).not_in(KINDS), answered)
    open_ones = col(Flag.state).in_(("open", "acknowledged")), by_write
    query = query.join(flag, theirs).where(*open_ones)
    return query if region is None else query.where(exists().where(_of_patient(region)))


@dataclass(frozen=True)
class _Treated:
    patient_id: UUID
    procedure_id: UUID
    region: Region
    laterality: Laterality
    joints: str
    spark: list[float | None]


async def _procedures(connection: AsyncConnection, caller: Caller, people: Sequence[_Ranked]) -> dict[UUID, _Treated]:
    """For each patient on the page the procedure that the patient's line links to, with its site and its curve."""
    query = (
        select(
            col(OutcomeRow.patient_id),
            col(OutcomeRow.procedure_id),
            col(OutcomeRow.region),
            col(OutcomeRow.laterality),
            col(OutcomeRow.joints),
            col(KeptVerdict.spark),
        )
        .select_from(outcome)
        .join(kept, same_verdict())
        .where(
            col(OutcomeRow.clinic_id) == caller.clinic_id,
            col(OutcomeRow.definition) == "half",
            col(OutcomeRow.patient_id).in_([one.id for one in people]),
        )
        .order_by(col(OutcomeRow.place).desc(), col(OutcomeRow.performed_on))
    )
    found = [_Treated(*one) for one in (await connection.execute(query)).all()]
    named = {one.id: one.procedure_id for one in people}
    return {one.patient_id: one for one in found if named[one.patient_id] in (None, one.procedure_id)}


async def _red_flags(connection: AsyncConnection, caller: Caller, people: Sequence[_Ranked]) -> dict[UUID, int]:
    """How many flags that are due now each patient has whose line tells of one."""
    asked = [one.id for one in people if one.place == PLACE["red_flag"]]
    if not asked:
        return {}
    open_ones = col(Flag.state).in_(("open", "acknowledged")), col(Flag.kind).not_in(KINDS), col(Flag.severity) == "now"
    query = select(col(Flag.patient_id), func.count()).where(
        col(Flag.clinic_id) == caller.clinic_id, col(Flag.patient_id).in_(asked), *open_ones
    )
    found = (await connection.execute(query.group_by(col(Flag.patient_id)))).all()
    return {patient_id: count for patient_id, count in found}  # noqa: C416  # rows are typed tuples


def _line(one: _Ranked, own: _Treated | None, *, red_flags: int, now: datetime) -> ListedPatient:
    days = 0 if one.since_on is None else max(0, (today_of(one.time_zone, now) - one.since_on).days)
    need, why = NAMES[one.place], one.why or "no procedure recorded, or none judged yet"
    if red_flags > 1:
        why += f", and {red_flags - 1} more"
    if own is None:
        return ListedPatient(one.id, None, one.name, one.born_on, need, why, days, "", [])
    site = f"{own.laterality} {spoken(own.joints.split()) or own.region}"
    return ListedPatient(one.id, own.procedure_id, one.name, one.born_on, need, why, days, site, own.spark)
