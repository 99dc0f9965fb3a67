"""Brings every stale verdict up to date, in batches that are kept one by one: a run that is killed is gone on with.

Reading and writing stay in this process; the engine runs in as many others as there are cores, or on the workers of a
cluster. Which process made a verdict changes nothing of it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, or_, select

from app.answers.verdicts.assemble import Made, Material, make
from app.answers.verdicts.service import Question, keep, material_of, outcome
from app.base.store.database import Database
from app.record.patients.service import patient, today_of
from app.record.procedures.service import procedure
from app.relief import ENGINE, Definition

BATCH = 32  # procedures whose verdicts are kept in one transaction
DEFINITION: Final[Definition] = "half"  # the one that lists and flags go by; others are made when they are asked for


@dataclass(frozen=True)
class Swept:
    """A batch that is kept: procedures done so far, and what was made in it."""

    done: int
    made: list[tuple[Material, Made]]


def stale(now: datetime, clinic_id: UUID | None = None, definition: Definition = DEFINITION) -> Select[Any]:
    """Procedures whose outcome is missing, or rests on another record, engine or day than those of now."""
    same_patient = and_(patient.c.clinic_id == procedure.c.clinic_id, patient.c.id == procedure.c.patient_id)
    same_procedure = and_(
        outcome.c.clinic_id == procedure.c.clinic_id,
        outcome.c.procedure_id == procedure.c.id,
        outcome.c.definition == definition,
    )
    moved_on = or_(
        outcome.c.procedure_id.is_(None),
        outcome.c.record_version != patient.c.record_version,
        outcome.c.engine != ENGINE,
        outcome.c.holds_until <= now,
    )
    query = (
        select(procedure, patient.c.time_zone, patient.c.record_version, patient.c.born_on)
        .join(patient, same_patient)
        .outerjoin(outcome, same_procedure)
        .where(moved_on)
        .order_by(procedure.c.id)
    )
    return query if clinic_id is None else query.where(procedure.c.clinic_id == clinic_id)


async def sweep(
    database: Database,
    now: Callable[[], datetime],
    executor: Executor | None = None,
    clinic_id: UUID | None = None,
    most: int | None = None,
    definition: Definition = DEFINITION,
) -> AsyncIterator[Swept]:
    """Makes what is stale, at most so many; answers after each batch that is kept.

    Args:
        executor: where the engine runs; a thread of this process where none is given.
    """
    done, after = 0, UUID(int=0)
    while most is None or done < most:
        size = BATCH if most is None else min(BATCH, most - done)
        async with database.read() as connection:
            query = stale(now(), clinic_id, definition).where(procedure.c.id > after).limit(size)
            rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
            materials = [await material_of(connection, row, *_question(row, definition, now())) for row in rows]
        if not rows:
            return
        loop = asyncio.get_running_loop()
        made = await asyncio.gather(*(loop.run_in_executor(executor, make, material) for material in materials))
        batch = list(zip(materials, made, strict=True))
        await database.write(partial(keep, made=batch, now=now()))
        done, after = done + len(rows), rows[-1].id
        yield Swept(done, batch)


def _question(row: Row[Any], definition: Definition, now: datetime) -> tuple[date, Question]:
    return today_of(row.time_zone, now), Question(None, None, definition)
