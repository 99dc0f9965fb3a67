"""Who judges whom: a worker claims patients for a while, so that many workers at once judge none twice.

A claim is the instant until which others leave a patient alone. It is given back as the verdicts are kept; that of a worker
which died runs out. Patients are taken in turn from three queues: those written about last, so that an entry is judged
within seconds however many wait; those who have waited longest, so that nobody waits for ever; and those of whom a
verdict's day has ended.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, literal, null, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts.own_cohort import clinic_relief, learned, same_clinic
from app.answers.verdicts.service import outcome, same_patient
from app.answers.verdicts.tables import OutcomeRow
from app.answers.verdicts.verdict_json import MADE_BY
from app.base.store.database import Database
from app.base.store.typed import RowQuery, col, to
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.record.procedures.service import procedure
from app.record.procedures.tables import ProcedureRow
from app.relief import Definition

LASTS = timedelta(seconds=30)  # far longer than a batch takes: chosen
PAUSE = timedelta(
    seconds=2
)  # that who writes on and on is left alone after each verdict, so that one serves many entries
DEFINITION: Final[Definition] = "half"  # the one that lists and flags go by; others are made when they are asked for
WHOSE = tuple_(col(Patient.clinic_id), col(Patient.id))
Queue = Callable[[datetime], RowQuery]


class Whose(NamedTuple):
    """A patient by clinic and id."""

    clinic_id: UUID
    patient_id: UUID


def same_procedure(definition: Definition) -> ColumnElement[bool]:
    """Ties a procedure to its outcome."""
    return and_(
        col(OutcomeRow.clinic_id) == col(ProcedureRow.clinic_id),
        col(OutcomeRow.procedure_id) == col(ProcedureRow.id),
        col(OutcomeRow.definition) == definition,
    )


def moved_on() -> ColumnElement[bool]:
    """That there is no outcome, or that the record, the clinic's cohort or the engine has moved on since it was made."""
    return or_(
        col(OutcomeRow.procedure_id).is_(None),
        col(OutcomeRow.record_version) != col(Patient.record_version),
        and_(col(OutcomeRow.definition) == DEFINITION, col(OutcomeRow.learned) != learned()),
        col(OutcomeRow.engine) != MADE_BY,
    )


def _marked(_now: datetime) -> RowQuery:
    return select(col(Patient.clinic_id), col(Patient.id)).where(col(Patient.stale_since).is_not(None))


def written_last(now: datetime) -> RowQuery:
    """Those who are marked, the last mark first."""
    return _marked(now).order_by(col(Patient.stale_since).desc())


def waiting_longest(now: datetime) -> RowQuery:
    """Those who are marked, the oldest mark first."""
    return _marked(now).order_by(col(Patient.stale_since))


def day_ended(now: datetime) -> RowQuery:
    """Those of whom an outcome holds no longer, the one that ended first at the head; one for each outcome."""
    theirs = and_(col(OutcomeRow.clinic_id) == col(Patient.clinic_id), col(OutcomeRow.patient_id) == col(Patient.id))
    return (
        select(col(Patient.clinic_id), col(Patient.id))
        .select_from(outcome)
        .join(patient, theirs)
        .where(col(OutcomeRow.definition) == DEFINITION, col(OutcomeRow.holds_until) <= now)
        .order_by(col(OutcomeRow.holds_until))
    )


QUEUES: tuple[Queue, ...] = (written_last, waiting_longest, day_ended)


async def claim(
    database: Database, now: datetime, *, most: int, turn: int = 0, clinic_id: UUID | None = None
) -> list[Whose]:
    """Takes patients whom nobody else has, from the first queue that holds any; none where there is nothing to do.

    Nothing is written where there is nothing to do.

    Args:
        turn: which queue is looked at first, by its number; each caller counts on.
    """
    for nth in range(len(QUEUES)):
        query = QUEUES[(turn + nth) % len(QUEUES)](now).where(_free(now))
        if clinic_id is not None:
            query = query.where(col(Patient.clinic_id) == clinic_id)
        async with database.read(aside=True) as connection:
            if (await connection.execute(query.limit(1))).first() is None:
                continue
        if taken := await database.write(partial(_take, query=query.limit(most), now=now)):
            return taken
    return []


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(col(Patient.claimed_until).is_(None), col(Patient.claimed_until) <= now)


async def _take(connection: AsyncConnection, query: RowQuery, now: datetime) -> list[Whose]:
    """Those of a query that no other transaction has in hand; SQLite has one that writes at a time."""
    free = query.with_for_update(of=patient, skip_locked=True, key_share=True).cte("free")
    taken = update(patient).where(WHOSE.in_(select(free.c.clinic_id, free.c.id)))
    claimed = taken.ordered_values(to(col(Patient.claimed_until), now + LASTS))
    found = await connection.execute(claimed.returning(col(Patient.clinic_id), col(Patient.id)))
    return sorted(Whose(*one) for one in found.all())


async def give_back(connection: AsyncConnection, whose: Collection[Whose], *, now: datetime) -> None:
    """Lets claims go, and takes the mark off those of whom every procedure is judged as the record stands.

    One statement: who was written about in between keeps the mark, and is judged again after a pause.
    """
    left = (
        exists()
        .select_from(procedure.outerjoin(clinic_relief, same_clinic()).outerjoin(outcome, same_procedure(DEFINITION)))
        .where(same_patient(), moved_on())
        .correlate(patient)
    )
    kept: ColumnElement[datetime | None] = case((left, col(Patient.stale_since)), else_=null())
    until: ColumnElement[datetime | None] = case(
        (left, literal(now + PAUSE, col(Patient.claimed_until).type)), else_=null()
    )
    done = update(patient).where(WHOSE.in_(sorted(whose)))
    await connection.execute(
        done.ordered_values(to(col(Patient.stale_since), kept), to(col(Patient.claimed_until), until))
    )


async def is_anything_left(connection: AsyncConnection, now: datetime) -> bool:
    """Whether any patient is marked or any verdict's day has ended, claimed or not."""
    for queue in (waiting_longest, day_ended):
        if (await connection.execute(queue(now).limit(1))).first() is not None:
            return True
    return False


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
