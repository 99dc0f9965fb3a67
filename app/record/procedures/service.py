"""Procedures: their rules, and what they are to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.reconcile import keep_flags
from app.base.store.prepared import Connection, prepared_select, rows_of
from app.base.store.statements import upsert
from app.base.store.typed import col, row, table
from app.record.facts.kinds import Fact, Kind, shown
from app.record.patients.service import Person, check_past, today_of
from app.record.procedures.schemas import ProcedureIn, ProcedureOut
from app.record.procedures.tables import ProcedureRow
from app.rules.levels import codes_of, nerves_of_all
from app.rules.parameters import STAGED_WITHIN
from app.rules.words import Laterality, Region

procedure = table(ProcedureRow)
DELETED = "the procedure was deleted"  # why what rested on it has ended


@dataclass(frozen=True)
class Performed:
    """A procedure's id, day, site and joints (None: not recorded): what tells a repeat from a staged procedure."""

    id: UUID
    performed_on: date
    region: Region
    laterality: Laterality
    joints: frozenset[str] | None = None


async def of_patient(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> list[Performed]:
    """All procedures of one patient, in the order in which they were performed."""
    query = (
        select(
            col(ProcedureRow.id),
            col(ProcedureRow.performed_on),
            col(ProcedureRow.region),
            col(ProcedureRow.laterality),
            col(ProcedureRow.joints),
        )
        .where(col(ProcedureRow.clinic_id) == clinic_id, col(ProcedureRow.patient_id) == patient_id)
        .order_by(col(ProcedureRow.performed_on), col(ProcedureRow.id))
    )
    found = (await connection.execute(query)).all()
    return [
        Performed(one, on, region, side, frozenset(joints) if joints else None)
        for one, on, region, side, joints in found
    ]


PERFORMED = prepared_select(
    select(col(ProcedureRow.performed_on), col(ProcedureRow.region))
    .where(col(ProcedureRow.clinic_id) == bindparam("clinic"), col(ProcedureRow.patient_id) == bindparam("patient"))
    .order_by(col(ProcedureRow.performed_on), col(ProcedureRow.id)),
    "clinic",
    "patient",
)


async def performed_of(connection: Connection, person: Person) -> list[tuple[date, Region]]:
    """The day and the region of each of a patient's procedures, in the order in which they were performed."""
    found = await rows_of(connection, PERFORMED, {"clinic": person.clinic_id, "patient": person.id})
    return [(on, region) for on, region in found]


def performed(one: Fact[ProcedureIn]) -> Performed:
    """A procedure's id, day, site and joints."""
    body = one.body
    joints = frozenset(body.joints) if body.joints else None
    return Performed(one.id, body.performed_on, body.region, body.laterality, joints)


def same_side(one: Laterality, other: Laterality) -> bool:
    """Whether two lateralities of one region have a side in common."""
    return one == other or "bilateral" in (one, other)


def same_place(one: Performed, other: Performed) -> bool:
    """Whether two procedures treat a level of a side in common; levels that are not recorded may be any."""
    if one.region != other.region or not same_side(one.laterality, other.laterality):
        return False
    return one.joints is None or other.joints is None or bool(one.joints & other.joints)


def at_place(own: Performed, everything: Sequence[Performed]) -> list[Performed]:
    """Those that treat a level of a side in common with a procedure, itself left out."""
    return [p for p in everything if p.id != own.id and same_place(p, own)]


def repeat_of(own: Performed, everything: Sequence[Performed]) -> UUID | None:
    """The newest procedure before this one at a level and side in common."""
    before = [p for p in at_place(own, everything) if _before(p, own)]
    return before[-1].id if before else None


def stages(own: Performed, everything: Sequence[Performed]) -> list[Performed]:
    """All dates of the treatment that a procedure belongs to, itself among them, in their order.

    A treatment goes on for 180 days from its first date, and treats no place twice: what does begins another.
    """
    groups: list[list[Performed]] = []
    for one in sorted((p for p in everything if p.region == own.region), key=lambda p: (p.performed_on, p.id)):
        group = groups[-1] if groups else []
        near = group and one.performed_on - group[0].performed_on <= STAGED_WITHIN
        if near and not any(same_place(one, other) for other in group):
            group.append(one)
        else:
            groups.append([one])
    return next((group for group in groups if own in group), [own])


def first_stage(own: Performed, everything: Sequence[Performed]) -> Performed:
    """The first date of the treatment that a procedure belongs to: its own, where it is staged with none before it."""
    return stages(own, everything)[0]


def staged_with(own: Performed, everything: Sequence[Performed]) -> UUID | None:
    """The newest earlier date of the same treatment: at the region's other side or levels; None where there is none."""
    before = [p for p in stages(own, everything) if _before(p, own)]
    return before[-1].id if before else None


def _before(one: Performed, own: Performed) -> bool:
    return (one.performed_on, one.id) < (own.performed_on, own.id)


def _is_twin(new: ProcedureIn, other: ProcedureIn) -> bool:
    """One session on one day at one place is one procedure: a level and a side are treated once a day."""
    if new.region != other.region or not same_side(new.laterality, other.laterality):
        return False
    return not new.joints or not other.joints or bool(set(new.joints) & set(other.joints))


async def _check(_connection: AsyncConnection, person: Person, *, new: ProcedureIn, now: datetime) -> None:
    check_past("performed_on", new.performed_on, person=person, now=now)


async def _show(connection: AsyncConnection, facts: list[Fact[ProcedureIn]]) -> Sequence[BaseModel]:
    if not facts:
        return []
    everything = await of_patient(connection, facts[0].clinic_id, facts[0].patient_id)
    out = []
    for one in facts:
        body, own = one.body, performed(one)
        computed = {
            "nerves": body.nerves or (nerves_of_all(body.joints) if body.joints else None),
            "cpt": [
                vars(code)
                for code in codes_of(body.region, body.joints or [], body.technique, temperature_c=body.temperature_c)
            ],
            "staged_with": staged_with(own, everything),
            "repeat_of": repeat_of(own, everything),
        }
        out.append(ProcedureOut.model_validate({**shown(one), **computed}))
    return out


async def _project(connection: AsyncConnection, one: Fact[ProcedureIn], gone: bool) -> None:
    """Keeps the table that verdicts and cohorts query in step with the fact."""
    if gone:
        this = (col(ProcedureRow.clinic_id) == one.clinic_id) & (col(ProcedureRow.id) == one.id)
        await connection.execute(delete(procedure).where(this))
        return
    body = one.body
    values = row(
        ProcedureRow,
        clinic_id=one.clinic_id,
        id=one.id,
        patient_id=one.patient_id,
        performed_on=body.performed_on,
        region=body.region,
        laterality=body.laterality,
        baseline_pain=body.baseline_pain,
        joints=body.joints,
        technique=body.technique,
        guidance=body.guidance,
        sedation=body.sedation,
        operator=body.operator,
        version=one.number,
        created_at=one.created_at,
    )
    await connection.execute(upsert(connection, procedure, "clinic_id", "id"), values)


async def _end(connection: AsyncConnection, person: Person, *, fact_id: UUID, now: datetime) -> None:
    """No verdict will take the procedure's flags back: there is none any more."""
    await keep_flags(
        connection,
        person.clinic_id,
        patient_id=person.id,
        procedure_id=fact_id,
        wanted=[],
        untold=(),
        closed=DELETED,
        today=today_of(person.time_zone, now),
        now=now,
    )


PROCEDURE = Kind(
    "procedure",
    "procedures",
    ProcedureIn,
    ProcedureOut,
    "performed_on",
    "change_procedure",
    most=100,
    check=_check,
    show=_show,
    end=_end,
    project=_project,
    twin=_is_twin,
    of_the_living=True,
)
