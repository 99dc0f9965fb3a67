"""The patient list: every patient's most urgent need, ranked; a page of it with its curves."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from app.accounts.access import Caller, reach
from app.audit import service as audit
from app.flags.service import flag
from app.flags.standing import STANDING
from app.pages.urgency import Need, of_flags, of_outcome
from app.patients.service import patient, today_of
from app.rules.levels import spoken
from app.store.database import Database
from app.verdicts.service import kept, outcome, same_verdict

PAGE = 50
RANKED = ("patient_id", "procedure_id", "performed_on", "phase", "ended", "returned_on", "relief_days", "relief_percent",
          "probability", "masked", "lasting", "last_logged_on", "contacts", "region", "laterality")  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One patient in the list."""

    patient_id: UUID
    name: str
    born_on: date
    need: Need
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
    """The most urgent first; `q` is part of a name, `need` and `region` filter."""
    people = select(patient.c.id, patient.c.name, patient.c.born_on, patient.c.time_zone).where(
        reach(caller, "read", patient.c.clinic_id, patient.c.id)
    )
    if q:
        people = people.where(patient.c.name.icontains(q, autoescape=True))
    mine = and_(outcome.c.clinic_id == caller.clinic_id, outcome.c.definition == "half")
    outcomes = select(*(outcome.c[name] for name in RANKED)).where(mine)
    flags = select(flag.c.patient_id, flag.c.severity, flag.c.says, flag.c.first_on).where(
        flag.c.clinic_id == caller.clinic_id,
        flag.c.state.in_(("open", "acknowledged")),
        flag.c.kind.not_in(STANDING),  # what a verdict says, its outcome says here by itself
    )
    async with database.read() as connection:
        persons = (await connection.execute(people)).all()
        rows = (await connection.execute(outcomes.order_by(outcome.c.performed_on))).all()
        raised = (await connection.execute(flags)).all()
        ranked, by_need = _rank(persons, rows, raised, need, region, now)
        shown = ranked[PAGE * (page - 1) : PAGE * page]
        wanted = [n.procedure_id for _, n, _ in shown if n.procedure_id is not None]
        drawn = select(kept.c.procedure_id, kept.c.spark, outcome.c.joints).join(kept, same_verdict())
        curves = (await connection.execute(drawn.where(mine, outcome.c.procedure_id.in_(wanted)))).all()
    await audit.record_read(database, caller, "patients", None, now)
    curve = {row.procedure_id: row for row in curves}
    lines = [_line(person, n, row, curve) for person, n, row in shown]
    return Listing(lines, by_need, len(ranked))


def _rank(
    persons: Any, rows: Any, raised: Any, need: str | None, region: str | None, now: datetime
) -> tuple[list[tuple[Any, Need, Any]], dict[str, int]]:
    of_patient: dict[UUID, list[Any]] = {}
    for row in rows:
        of_patient.setdefault(row.patient_id, []).append(row)
    flags: dict[UUID, list[Any]] = {}
    for one in raised:
        flags.setdefault(one.patient_id, []).append(one)
    todays: dict[str, date] = {}
    found: list[tuple[Any, Need, Any]] = []
    by_need: dict[str, int] = {}
    for person in persons:
        today = todays.setdefault(person.time_zone, today_of(person.time_zone, now))
        procedures = [r for r in of_patient.get(person.id, ()) if region is None or r.region == region]
        if region is not None and not procedures:
            continue
        most, row = _most_urgent(procedures, today)
        flagged = of_flags(flags.get(person.id, ()), today)
        if flagged is not None and flagged.order < most.order:
            most = Need(flagged.need, flagged.why, flagged.days, most.procedure_id)
        by_need[most.need] = by_need.get(most.need, 0) + 1
        if need is None or most.need == need:
            found.append((person, most, row))
    found.sort(key=lambda line: (*line[1].order, line[0].name))
    return found, by_need


def _most_urgent(procedures: list[Any], today: date) -> tuple[Need, Any]:
    if not procedures:
        return Need("open", "no procedure recorded", 0), None
    needs = [(of_outcome(row, today), row) for row in reversed(procedures)]  # of equals the newest procedure
    return min(needs, key=lambda pair: pair[0].order[0])


def _line(person: Any, need: Need, row: Any, curve: dict[UUID, Any]) -> Line:
    drawn = curve.get(need.procedure_id) if need.procedure_id else None
    where = (
        ""
        if row is None
        else f"{row.laterality} {spoken(drawn.joints.split()) if drawn and drawn.joints else row.region}"
    )
    return Line(person.id, person.name, person.born_on, need, where, drawn.spark if drawn else [])
