"""Procedures: their rules, and what they are to each other."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.metadata import columns
from app.base.store.statements import upsert
from app.record.facts.kinds import Kind, shown
from app.record.patients.service import check_past
from app.record.procedures.schemas import ProcedureIn, ProcedureOut
from app.record.procedures.tables import Procedure
from app.rules.levels import codes_of, nerves_of_all

procedure = columns(Procedure)
STAGED_WITHIN = timedelta(days=180)
QUERIED = ("region", "laterality", "baseline_pain", "joints", "technique", "guidance", "sedation", "operator")


async def of_patient(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> list[Row[Any]]:
    """All procedures of one patient, in the order in which they were performed."""
    return list(
        (
            await connection.execute(
                select(procedure)
                .where(procedure.c.clinic_id == clinic_id, procedure.c.patient_id == patient_id)
                .order_by(procedure.c.performed_on, procedure.c.id)
            )
        ).all()
    )


def same_site(one: str, other: str) -> bool:
    """Whether two lateralities of one region have a side in common."""
    return one == other or "bilateral" in (one, other)


def repeat_of(own: Row[Any], everything: list[Row[Any]]) -> UUID | None:
    """The newest procedure before this one at the same region and side."""
    before = [
        p for p in everything if p.region == own.region and _before(p, own) and same_site(p.laterality, own.laterality)
    ]
    return before[-1].id if before else None


def staged_with(own: Row[Any], everything: list[Row[Any]]) -> UUID | None:
    """The newest procedure on the other side of the region within 180 days before; not where this one repeats a side."""
    if repeat_of(own, everything) is not None:
        return None
    near = [
        p
        for p in everything
        if p.region == own.region and _before(p, own) and own.performed_on - p.performed_on <= STAGED_WITHIN
    ]
    return near[-1].id if near else None


def _before(one: Row[Any], own: Row[Any]) -> bool:
    return bool((one.performed_on, one.id) < (own.performed_on, own.id))


async def _check(_connection: AsyncConnection, person: Row[Any], new: ProcedureIn, now: datetime) -> None:
    check_past("performed_on", new.performed_on, person, now)


async def _show(connection: AsyncConnection, rows: list[Row[Any]]) -> list[dict[str, Any]]:
    if not rows:
        return []
    everything = await of_patient(connection, rows[0].clinic_id, rows[0].patient_id)
    by_id = {p.id: p for p in everything}
    out = []
    for row in rows:
        joints = row.content.get("joints")
        codes = codes_of(row.content["region"], joints or [], row.content.get("technique"))
        out.append(
            {
                **shown(row),
                "nerves": row.content.get("nerves") or (nerves_of_all(joints) if joints else None),
                "cpt": [vars(code) for code in codes],
                "staged_with": staged_with(by_id[row.id], everything),
                "repeat_of": repeat_of(by_id[row.id], everything),
            }
        )
    return out


async def _project(connection: AsyncConnection, row: Row[Any], gone: bool) -> None:
    """Keeps the table that verdicts and cohorts query in step with the fact."""
    if gone:
        await connection.execute(
            delete(procedure).where(procedure.c.clinic_id == row.clinic_id, procedure.c.id == row.id)
        )
        return
    values = {name: row.content.get(name) for name in QUERIED}
    values |= {"clinic_id": row.clinic_id, "id": row.id, "patient_id": row.patient_id, "version": row.number,
               "performed_on": date.fromisoformat(row.content["performed_on"]), "created_at": row.created_at}  # fmt: skip
    await connection.execute(upsert(connection, procedure, "clinic_id", "id"), values)


PROCEDURE = Kind(
    "procedure",
    "procedures",
    ProcedureIn,
    ProcedureOut,
    "performed_on",
    "change_procedure",
    check=_check,
    show=_show,
    project=_project,
)
