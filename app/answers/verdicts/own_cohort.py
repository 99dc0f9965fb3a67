"""What a clinic's own outcomes teach of how long relief lasts there; its forecasts heed it, beside the literature.

Learnt anew once a day, and told to the verdicts only where it has moved by more than chance moves it from day to day: each
change makes every verdict of the clinic anew.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from math import log
from typing import Final, Literal
from uuid import UUID

import numpy as np
import structlog
from anyio import to_thread
from sqlalchemy import ColumnElement, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Clinic
from app.answers.verdicts.tables import ClinicRelief, OutcomeRow
from app.base.store.database import Database
from app.base.store.statements import upsert
from app.base.store.typed import col, row, table, to, whole
from app.record.patients.tables import Patient
from app.record.procedures.tables import ProcedureRow
from app.relief import LEARNED_FROM, DurationPrior, SeenReliefs, learn

clinic_relief, clinic, patient = table(ClinicRelief), table(Clinic), table(Patient)
EVERY = timedelta(days=1)
MOVED = log(1.1)  # of the median and of the spread, below which verdicts are not made anew
GROWN = 1.25  # of the returns, from which on they are
AT_ONCE = 50  # clinics looked at in a round
LOST_BELOW = 3  # returns by which a cohort may fall short again before it is lost: one that is taken back is no change
Untold = Literal["untold"]
UNTOLD: Final[Untold] = "untold"  # what was seen could not be read: what is known stays
logger = structlog.get_logger()


async def learn_from_outcomes(database: Database, now: Callable[[], datetime]) -> int:
    """Looks at the outcomes of the clinics that have not been looked at for a day; returns how many have taught anew."""
    overdue = or_(col(ClinicRelief.looked_at).is_(None), col(ClinicRelief.looked_at) <= now() - EVERY)
    due = (
        select(col(Clinic.id), col(ClinicRelief.returns))
        .outerjoin(clinic_relief, col(ClinicRelief.clinic_id) == col(Clinic.id))
        .where(overdue)
        .order_by(col(Clinic.id))
        .limit(AT_ONCE)
    )
    async with database.read(aside=True) as connection:
        clinics = (await connection.execute(due)).all()
    moved = 0
    for clinic_id, returns in clinics:
        async with database.read(aside=True) as connection:
            seen = await _seen(connection, clinic_id)
        least = LEARNED_FROM if returns is None else LEARNED_FROM - LOST_BELOW
        found: DurationPrior | Untold | None
        try:
            found = await to_thread.run_sync(partial(learn, seen, least=least))
        except Exception as error:  # what one clinic has seen must not hold up all others
            logger.error("cohort", error=type(error).__name__, exc_info=error)
            found = UNTOLD
        moved += await database.write(partial(_keep, clinic_id=clinic_id, found=found, now=now()))
    return moved


async def _seen(connection: AsyncConnection, clinic_id: UUID) -> SeenReliefs:
    """The reliefs of a clinic by definition `half`, those that are alike counted together.

    Of whom the diary speaks late, the onset is not known; relief they had where they are judged at all.
    """
    returned = case((col(OutcomeRow.ended) == "return", 1), else_=0)
    alike = col(OutcomeRow.relief_days), returned, col(OutcomeRow.entered_days)
    had_relief = and_(
        col(OutcomeRow.clinic_id) == clinic_id,
        col(OutcomeRow.definition) == "half",
        or_(col(OutcomeRow.onset_on).is_not(None), col(OutcomeRow.entered_days) > 0),
        col(OutcomeRow.relief_days) > col(OutcomeRow.entered_days),
    )
    query = select(*alike, func.count()).where(had_relief).group_by(*alike).order_by(*alike)
    rows = [(days, end, entered, n) for days, end, entered, n in (await connection.execute(query)).all()]
    days, ends, entered, count = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return SeenReliefs(days, ends, entered, count)


async def _keep(
    connection: AsyncConnection, *, clinic_id: UUID, found: DurationPrior | Untold | None, now: datetime
) -> bool:
    """Whether what was found moves the clinic's forecasts."""
    this = select(clinic_relief).where(col(ClinicRelief.clinic_id) == clinic_id).with_for_update()
    there = (await connection.execute(this)).first()
    before = None if there is None else whole(ClinicRelief, there)
    kept = None if before is None else cohort_of(before.median_days, before.log_sd, before.returns)
    moves = found != UNTOLD and _moves(kept, found)
    if found != UNTOLD and moves:
        kept = found
    values = row(
        ClinicRelief,
        clinic_id=clinic_id,
        learned=(0 if before is None else before.learned) + moves,
        median_days=None if kept is None else kept.median_days,
        log_sd=None if kept is None else kept.log_sd,
        returns=None if kept is None else kept.n,
        looked_at=now,
    )
    await connection.execute(upsert(connection, clinic_relief, "clinic_id"), values)
    if moves:
        theirs = update(patient).where(col(Patient.clinic_id) == clinic_id, col(Patient.stale_since).is_(None))
        await connection.execute(theirs.ordered_values(to(col(Patient.stale_since), now)))
    return moves


def _moves(before: DurationPrior | None, found: DurationPrior | None) -> bool:
    if before is None or found is None:
        return before is not found
    apart = max(abs(log(found.median_days / before.median_days)), abs(log(found.log_sd / before.log_sd)))
    return apart > MOVED or abs(log(found.n / before.n)) > log(GROWN)


def cohort_of(median_days: float | None, log_sd: float | None, returns: int | None) -> DurationPrior | None:
    """The cohort that a row's numbers tell of; None where they tell of none yet."""
    if median_days is None or log_sd is None or returns is None:
        return None
    return DurationPrior(median_days, log_sd, returns)


def same_clinic() -> ColumnElement[bool]:
    """Ties a procedure to what its clinic has learnt."""
    return col(ClinicRelief.clinic_id) == col(ProcedureRow.clinic_id)


def learned() -> ColumnElement[int]:
    """How often what the clinic has learnt has changed; 0 where it was never looked at."""
    return func.coalesce(col(ClinicRelief.learned), 0)
