"""Brings every stale verdict up to date in batches, each stored on its own: the next run continues a killed one.

Reading and writing stay in this process; the engine runs in as many others as there are cores, or on the workers of a
cluster. The verdict is the same whichever process made it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, count
from uuid import UUID

import structlog
from sqlalchemy import CompoundSelect, and_, func, or_, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make_all
from app.answers.verdicts.claims import DEFINITION, Whose, claim, give_back, moved_on, same_procedure
from app.answers.verdicts.keep import keep
from app.answers.verdicts.own_cohort import clinic_relief, same_clinic
from app.answers.verdicts.service import JUDGED, JudgedProcedure, Question, material_of, outcome, same_patient
from app.answers.verdicts.tables import OutcomeRow
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col
from app.record.patients.service import patient, today_of
from app.record.patients.tables import Patient
from app.record.procedures.service import procedure
from app.record.procedures.tables import ProcedureRow
from app.relief import Definition

log = structlog.get_logger()
# one: the engine's steps are small and hold the interpreter, so that a second thread makes each of them three times as dear
ENGINE = ThreadPoolExecutor(1, thread_name_prefix="engine")
AT_ONCE = 16  # verdicts that the engine makes side by side: two processes share a batch
BATCH = 32  # patients whose verdicts are kept in one transaction


@dataclass(frozen=True)
class SweptBatch:
    """A stored batch: the number of procedures looked at so far in all batches, and the verdicts made in this one."""

    done: int
    made: list[tuple[VerdictMaterial, AssembledVerdict]]


def stale(now: datetime, clinic_id: UUID | None = None, definition: Definition = DEFINITION) -> RowQuery:
    """A query for procedures whose outcome is missing, or was made from an older record, engine, day or cohort.

    Those of the default definition are looked for where a patient is marked or an outcome's day has ended, so that the
    search costs what there is to do, however many procedures there are; others among all of the clinic's.
    """
    query = _outdated(now, definition)
    if definition == DEFINITION:
        due = _due(now).subquery()
        query = query.join(due, and_(due.c.clinic_id == col(ProcedureRow.clinic_id), due.c.id == col(ProcedureRow.id)))
    return query if clinic_id is None else query.where(col(ProcedureRow.clinic_id) == clinic_id)


def _outdated(now: datetime, definition: Definition) -> RowQuery:
    return (
        select(*JUDGED)
        .select_from(procedure)
        .join(patient, same_patient())
        .outerjoin(clinic_relief, same_clinic())
        .outerjoin(outcome, same_procedure(definition))
        .where(or_(moved_on(), col(OutcomeRow.holds_until) <= now))
    )


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
    """Makes stale verdicts anew, at most `most` and what their patients have beside; yields after each stored batch.

    Several sweeps of the default definition may run at once: each takes patients whom no other has.

    Args:
        executor: where the engine runs; one thread of this process where none is given.
        at_once: of how many patients a batch is (of how many procedures for other definitions); `BATCH` if not given.
    """
    made_by = _by_claims if definition == DEFINITION else partial(_by_place, definition=definition)
    done = spent = 0
    batches = made_by(database, now, executor, clinic_id=clinic_id, at_once=at_once or BATCH)
    async with aclosing(batches):
        while most is None or spent < most:
            batch = await anext(batches, None)
            if batch is None:
                return
            done, spent = done + batch.done, spent + max(batch.done, 1)  # who has no procedure is work as well
            yield SweptBatch(done, batch.made)


async def _by_claims(
    database: Database, now: Callable[[], datetime], executor: Executor | None, *, clinic_id: UUID | None, at_once: int
) -> AsyncGenerator[SweptBatch]:
    """Batches of patients who are claimed, until none is left whom nobody has.

    Who could not be judged stays claimed until then, so as not to be tried again at once.
    """
    failed = set[Whose]()
    try:
        for turn in count():
            claimed = await claim(database, now(), most=at_once, turn=turn, clinic_id=clinic_id)
            if not claimed:
                return
            place = col(ProcedureRow.clinic_id), col(ProcedureRow.patient_id), col(ProcedureRow.id)
            query = _outdated(now(), DEFINITION).where(tuple_(*place[:2]).in_(claimed)).order_by(*place)
            found = await _found(database, query, definition=DEFINITION, now=now())
            made = await _made(found, executor)
            done = {material.procedure_id for material, _ in made}
            failed |= {Whose(one.clinic_id, one.patient_id) for one in found if one.procedure_id not in done}
            await database.write(partial(_keep, made=made, whose=set(claimed) - failed, now=now()))
            yield SweptBatch(len(found), made)
    finally:
        if failed:
            await database.write(partial(give_back, whose=failed, now=now()))


async def _keep(
    connection: AsyncConnection,
    made: list[tuple[VerdictMaterial, AssembledVerdict]],
    *,
    whose: set[Whose],
    now: datetime,
) -> None:
    await keep(connection, made=made, now=now)
    await give_back(connection, whose, now=now)


async def _by_place(
    database: Database,
    now: Callable[[], datetime],
    executor: Executor | None,
    *,
    clinic_id: UUID | None,
    at_once: int,
    definition: Definition,
) -> AsyncGenerator[SweptBatch]:
    """Batches in the order of the procedures' ids, each procedure once."""
    place = col(ProcedureRow.id), col(ProcedureRow.clinic_id)
    after = UUID(int=0), UUID(int=0)
    while True:
        query = stale(now(), clinic_id, definition).where(tuple_(*place) > tuple_(*after)).order_by(*place)
        found = await _found(database, query.limit(at_once), definition=definition, now=now())
        if not found:
            return
        made = await _made(found, executor)
        await database.write(partial(keep, made=made, now=now()))
        after = found[-1].procedure_id, found[-1].clinic_id
        yield SweptBatch(len(found), made)


async def _found(
    database: Database, query: RowQuery, *, definition: Definition, now: datetime
) -> list[VerdictMaterial]:
    """What the verdicts of the procedures of a query are made from, of one state of the data."""
    async with database.read(aside=True) as connection:
        rows = (await connection.execute(query)).all()
        return [
            await material_of(
                connection, one, as_of=today_of(one.time_zone, now), question=Question(None, None, definition)
            )
            for one in (JudgedProcedure(*each) for each in rows)
        ]


async def judged(materials: Sequence[VerdictMaterial], executor: Executor | None) -> list[AssembledVerdict | Exception]:
    """The verdict of each material, all of one definition; what was raised where one can't be judged."""
    loop, of = asyncio.get_running_loop(), executor or ENGINE
    batches = [materials[i : i + AT_ONCE] for i in range(0, len(materials), AT_ONCE)]
    tried = await asyncio.gather(*(loop.run_in_executor(of, make_all, batch) for batch in batches))
    return list(chain.from_iterable(tried))


async def _made(
    materials: list[VerdictMaterial], executor: Executor | None
) -> list[tuple[VerdictMaterial, AssembledVerdict]]:
    """The verdicts; one record that can't be judged is told in the log and left out, and must not hold up all the others."""
    made = []
    for material, one in zip(materials, await judged(materials, executor), strict=True):
        if isinstance(one, AssembledVerdict):
            made.append((material, one))
        else:
            log.error("verdict", error=type(one).__name__, exc_info=one)
    return made
