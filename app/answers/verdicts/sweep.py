"""Brings every stale verdict up to date in batches, each stored on its own: the next run continues a killed one.

Reading and writing stay in this process; the engine runs in as many others as there are cores, or on the workers of a
cluster. The verdict is the same whichever process made it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, CompoundSelect, and_, exists, func, or_, select, tuple_, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make
from app.answers.verdicts.keep import keep
from app.answers.verdicts.own_cohort import clinic_relief, learned, same_clinic
from app.answers.verdicts.service import JUDGED, JudgedProcedure, Question, material_of, outcome, same_patient
from app.answers.verdicts.tables import OutcomeRow
from app.answers.verdicts.verdict_json import MADE_BY
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col, to
from app.record.patients.service import patient, today_of
from app.record.patients.tables import Patient
from app.record.procedures.service import procedure
from app.record.procedures.tables import ProcedureRow
from app.relief import Definition

log = structlog.get_logger()
BATCH = 32  # procedures whose verdicts are kept in one transaction
DEFINITION: Final[Definition] = "half"  # the one that lists and flags go by; others are made when they are asked for


@dataclass(frozen=True)
class SweptBatch:
    """A stored batch: the number of procedures done so far in all batches, and the verdicts made in this one."""

    done: int
    made: list[tuple[VerdictMaterial, AssembledVerdict]]


def stale(now: datetime, clinic_id: UUID | None = None, definition: Definition = DEFINITION) -> RowQuery:
    """A query for procedures whose outcome is missing, or was made from an older record, engine, day or cohort.

    Those of the default definition are looked for where a patient is marked or an outcome's day has ended, so that the
    search costs what there is to do, however many procedures there are; others among all of the clinic's.
    """
    query: RowQuery = (
        select(*JUDGED)
        .select_from(procedure)
        .join(patient, same_patient())
        .outerjoin(clinic_relief, same_clinic())
        .outerjoin(outcome, _same_procedure(definition))
        .where(or_(_moved_on(), col(OutcomeRow.holds_until) <= now))
    )
    if definition == DEFINITION:
        due = _due(now).subquery()
        query = query.join(due, and_(due.c.clinic_id == col(ProcedureRow.clinic_id), due.c.id == col(ProcedureRow.id)))
    return query if clinic_id is None else query.where(col(ProcedureRow.clinic_id) == clinic_id)


def _due(now: datetime) -> CompoundSelect[UUID, UUID]:
    """The procedures of patients who are marked, and those whose outcome holds no longer, each once."""
    whose = select(col(Patient.clinic_id), col(Patient.id)).where(col(Patient.stale_since).is_not(None))
    marked = select(col(ProcedureRow.clinic_id), col(ProcedureRow.id).label("id")).where(
        tuple_(col(ProcedureRow.clinic_id), col(ProcedureRow.patient_id)).in_(whose)
    )
    ended = select(col(OutcomeRow.clinic_id), col(OutcomeRow.procedure_id)).where(
        col(OutcomeRow.definition) == DEFINITION, col(OutcomeRow.holds_until) <= now
    )
    return union(marked, ended)


def _same_procedure(definition: Definition) -> ColumnElement[bool]:
    return and_(
        col(OutcomeRow.clinic_id) == col(ProcedureRow.clinic_id),
        col(OutcomeRow.procedure_id) == col(ProcedureRow.id),
        col(OutcomeRow.definition) == definition,
    )


def _moved_on() -> ColumnElement[bool]:
    """That there is no outcome, or that the record, the clinic's cohort or the engine has moved on since it was made."""
    return or_(
        col(OutcomeRow.procedure_id).is_(None),
        col(OutcomeRow.record_version) != col(Patient.record_version),
        and_(col(OutcomeRow.definition) == DEFINITION, col(OutcomeRow.learned) != learned()),
        col(OutcomeRow.engine) != MADE_BY,
    )


async def _is_anybody_marked(connection: AsyncConnection) -> bool:
    query = select(col(Patient.id)).where(col(Patient.stale_since).is_not(None)).limit(1)
    return (await connection.execute(query)).first() is not None


async def unmark(connection: AsyncConnection, patients: Collection[tuple[UUID, UUID]] | None = None) -> None:
    """Takes the mark off those of whom every procedure is judged as the record stands, in the same statement.

    Args:
        patients: by clinic and id; all who are marked where none are given.
    """
    left = (
        exists()
        .select_from(procedure.outerjoin(clinic_relief, same_clinic()).outerjoin(outcome, _same_procedure(DEFINITION)))
        .where(same_patient(), _moved_on())
        .correlate(patient)
    )
    judged = update(patient).where(col(Patient.stale_since).is_not(None), ~left)
    if patients is not None:
        judged = judged.where(tuple_(col(Patient.clinic_id), col(Patient.id)).in_(sorted(patients)))
    await connection.execute(judged.ordered_values(to(col(Patient.stale_since), None)))


async def mark_of_older_engine(connection: AsyncConnection, now: datetime) -> None:
    """Marks whose verdicts another version of the engine has made."""
    older = exists().where(
        col(OutcomeRow.clinic_id) == col(Patient.clinic_id),
        col(OutcomeRow.patient_id) == col(Patient.id),
        col(OutcomeRow.definition) == DEFINITION,
        col(OutcomeRow.engine) != MADE_BY,
    )
    marked = update(patient).where(col(Patient.stale_since).is_(None), older)
    await connection.execute(marked.ordered_values(to(col(Patient.stale_since), now)))


async def count_stale(
    connection: AsyncConnection, now: datetime, *, clinic_id: UUID | None = None, definition: Definition = DEFINITION
) -> int:
    """How many verdicts are stale, in one clinic or in all."""
    query = select(func.count()).select_from(stale(now, clinic_id, definition).subquery())
    return (await connection.execute(query)).scalar_one()


async def sweep(
    database: Database,
    now: Callable[[], datetime],
    executor: Executor | None = None,
    *,
    clinic_id: UUID | None = None,
    most: int | None = None,
    at_once: int | None = None,
    definition: Definition = DEFINITION,
) -> AsyncGenerator[SweptBatch]:
    """Makes stale verdicts anew, at most `most`; yields after each stored batch.

    Args:
        executor: where the engine runs; a thread of this process where none is given.
        at_once: how many are made in a batch; `BATCH` where none is given.
    """
    place = col(ProcedureRow.id), col(ProcedureRow.clinic_id)
    done, after = 0, (UUID(int=0), UUID(int=0))
    while most is None or done < most:
        batch_size = at_once or BATCH
        size = batch_size if most is None else min(batch_size, most - done)
        query = stale(now(), clinic_id, definition).where(tuple_(*place) > tuple_(*after)).order_by(*place).limit(size)
        async with database.read(aside=True) as connection:
            found = [JudgedProcedure(*one) for one in (await connection.execute(query)).all()]
            materials = [await _material(connection, one, definition=definition, now=now()) for one in found]
            marked = not found and clinic_id is None and await _is_anybody_marked(connection)
        if not found:
            if marked:
                await database.write(unmark)  # who has no procedure
            return
        loop = asyncio.get_running_loop()
        tried = await asyncio.gather(
            *(loop.run_in_executor(executor, make, material) for material in materials), return_exceptions=True
        )
        batch = []
        for material, made in zip(materials, tried, strict=True):
            if isinstance(made, AssembledVerdict):
                batch.append((material, made))
            elif isinstance(made, Exception):  # one record that can't be judged must not hold up all the others
                log.error("verdict", error=type(made).__name__, exc_info=made)
            else:
                raise made
        await database.write(partial(keep, made=batch, now=now()))
        await database.write(partial(unmark, patients={(one.clinic_id, one.patient_id) for one in found}))
        done, after = done + len(found), (found[-1].id, found[-1].clinic_id)
        yield SweptBatch(done, batch)


async def _material(
    connection: AsyncConnection, one: JudgedProcedure, *, definition: Definition, now: datetime
) -> VerdictMaterial:
    return await material_of(
        connection, one, as_of=today_of(one.time_zone, now), question=Question(None, None, definition)
    )
