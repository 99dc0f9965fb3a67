"""The patient list: every patient's most urgent need, ordered by the database; a page of it with its curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, reach
from app.access.audit import service as audit
from app.alerts.flags.conditions import STANDING
from app.alerts.flags.service import flag
from app.answers.verdicts.service import kept, outcome, same_verdict
from app.answers.verdicts.triage import NEEDS, PLACE
from app.base.store.database import Database
from app.record.patients.service import patient, today_of
from app.rules.levels import spoken

PAGE = 50
NAMES = list(NEEDS)
SITE = ("patient_id", "procedure_id", "region", "laterality", "joints")


@dataclass(frozen=True)
class Line:
    """One patient in the list: what she needs, why, and for how many days already."""

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

    lines: list[Line]
    by_need: dict[str, int]
    found: int


async def read(
    database: Database, caller: Caller, q: str, need: str | None, region: str | None, page: int, now: datetime
) -> Listing:
    """The most urgent first, and the longest waiting first among equals; `q` is part of a name, the others filter."""
    everybody = _ranked(caller, q, region).subquery()
    counts = select(everybody.c.place, func.count()).group_by(everybody.c.place)
    shown = select(everybody)
    if need is not None:
        shown = shown.where(everybody.c.place == PLACE[need])
    ordered = shown.order_by(everybody.c.place, everybody.c.since_on, everybody.c.name, everybody.c.id)
    async with database.read() as connection:
        by_need = {NAMES[place]: many for place, many in (await connection.execute(counts)).all()}
        rows = (await connection.execute(ordered.limit(PAGE).offset(PAGE * (page - 1)))).all()
        own = await _procedures(connection, caller, rows)
    await audit.record_read(database, caller, "patients", None, now)
    found = sum(by_need.values()) if need is None else by_need.get(need, 0)
    return Listing([_line(row, own.get(row.id), now) for row in rows], by_need, found)


def _ranked(caller: Caller, q: str, region: str | None) -> Select[Any]:
    """Each patient once, by the most urgent of her procedures and of her open flags."""
    asks = union_all(_by_procedure(caller, q, region), _by_flag(caller, q, region)).subquery()
    order = func.row_number().over(partition_by=asks.c.id, order_by=(asks.c.place, asks.c.newest.desc()))
    numbered = select(asks, order.label("nth")).subquery()
    return select(numbered).where(numbered.c.nth == 1)


def _persons(caller: Caller, q: str, *columns: Any) -> Select[Any]:
    query = select(patient.c.id, patient.c.name, patient.c.born_on, patient.c.time_zone, *columns).where(
        reach(caller, "read", patient.c.clinic_id, patient.c.id)
    )
    return query.where(patient.c.name.icontains(q, autoescape=True)) if q else query


def _of_patient(region: str | None) -> ColumnElement[bool]:
    hers = and_(
        outcome.c.clinic_id == patient.c.clinic_id,
        outcome.c.patient_id == patient.c.id,
        outcome.c.definition == "half",
    )
    return hers if region is None else and_(hers, outcome.c.region == region)


def _by_procedure(caller: Caller, q: str, region: str | None) -> Select[Any]:
    """What each procedure asks for; a patient without one asks for nothing."""
    o = outcome.c
    place = func.coalesce(o.place, PLACE["open"]).label("place")
    query = _persons(caller, q, place, o.why, o.since_on, o.performed_on.label("newest"), o.procedure_id)
    return query.join(outcome, _of_patient(region), isouter=region is None)


def _by_flag(caller: Caller, q: str, region: str | None) -> Select[Any]:
    """What each open flag asks for, of those that a write has raised: a verdict's stand in its procedure's line."""
    place = case((flag.c.severity == "now", PLACE["red_flag"]), else_=PLACE["look_soon"])
    query = _persons(caller, q, place, flag.c.says, flag.c.first_on, flag.c.first_on, null())
    hers = and_(flag.c.clinic_id == patient.c.clinic_id, flag.c.patient_id == patient.c.id)
    query = query.join(flag, hers).where(flag.c.state.in_(("open", "acknowledged")), flag.c.kind.not_in(STANDING))
    return query if region is None else query.where(exists().where(_of_patient(region)))


async def _procedures(connection: AsyncConnection, caller: Caller, rows: Sequence[Row[Any]]) -> dict[UUID, Row[Any]]:
    """Of each patient on the page the procedure that her line leads to, with its site and its curve."""
    query: Select[Any] = (
        select(*(outcome.c[name] for name in SITE), kept.c.spark)
        .join(kept, same_verdict())
        .where(
            outcome.c.clinic_id == caller.clinic_id,
            outcome.c.definition == "half",
            outcome.c.patient_id.in_([row.id for row in rows]),
        )
        .order_by(outcome.c.place.desc(), outcome.c.performed_on)
    )
    found: Any = (await connection.execute(query)).all()
    named = {row.id: row.procedure_id for row in rows}
    return {row.patient_id: row for row in found if named[row.patient_id] in (None, row.procedure_id)}


def _line(row: Row[Any], own: Row[Any] | None, now: datetime) -> Line:
    days = 0 if row.since_on is None else max(0, (today_of(row.time_zone, now) - row.since_on).days)
    need, why = NAMES[row.place], row.why or "no procedure recorded, or none judged yet"
    if own is None:
        return Line(row.id, None, row.name, row.born_on, need, why, days, "", [])
    site = f"{own.laterality} {spoken(own.joints.split()) or own.region}"
    return Line(row.id, own.procedure_id, row.name, row.born_on, need, why, days, site, own.spark)
