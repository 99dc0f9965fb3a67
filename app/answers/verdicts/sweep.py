"""Brings every stale verdict up to date in batches, each stored on its own: the next run continues a killed one.

Reading and writing stay in this process; the engine runs in as many others as there are cores, or on the workers of a
cluster. The verdict is the same whichever process made it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make
from app.answers.verdicts.keep import keep
from app.answers.verdicts.own_cohort import clinic_relief, learned, same_clinic
from app.answers.verdicts.service import JUDGED, JudgedProcedure, Question, material_of, outcome, same_patient
from app.answers.verdicts.tables import OutcomeRow
from app.answers.verdicts.verdict_json import MADE_BY
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col
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
    """A query for procedures whose outcome is missing, or was made from an older record, engine, day or cohort."""
    same_procedure = and_(
        col(OutcomeRow.clinic_id) == col(ProcedureRow.clinic_id),
        col(OutcomeRow.procedure_id) == col(ProcedureRow.id),
        col(OutcomeRow.definition) == definition,
    )
    moved_on = or_(
        col(OutcomeRow.procedure_id).is_(None),
        col(OutcomeRow.record_version) != col(Patient.record_version),
        and_(col(OutcomeRow.definition) == "half", col(OutcomeRow.learned) != learned()),
        col(OutcomeRow.engine) != MADE_BY,
        col(OutcomeRow.holds_until) <= now,
    )
    query: RowQuery = (
        select(*JUDGED)
        .select_from(procedure)
        .join(patient, same_patient())
        .outerjoin(clinic_relief, same_clinic())
        .outerjoin(outcome, same_procedure)
        .where(moved_on)
    )
    return query if clinic_id is None else query.where(col(ProcedureRow.clinic_id) == clinic_id)


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
        if not found:
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
        done, after = done + len(found), (found[-1].id, found[-1].clinic_id)
        yield SweptBatch(done, batch)


async def _material(
    connection: AsyncConnection, one: JudgedProcedure, *, definition: Definition, now: datetime
) -> VerdictMaterial:
    return await material_of(
        connection, one, as_of=today_of(one.time_zone, now), question=Question(None, None, definition)
    )
