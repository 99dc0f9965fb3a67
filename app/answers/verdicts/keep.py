"""Keeps verdicts of today with their outcomes and flags."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.conditions import conditions, untold
from app.alerts.flags.reconcile import keep_flags, lock_flags
from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial
from app.answers.verdicts.tables import KeptVerdict, OutcomeRow
from app.answers.verdicts.triage import PLACE, need_of
from app.answers.verdicts.verdict_json import MADE_BY
from app.base.store.statements import upsert
from app.base.store.typed import col, row, table, to, wholes
from app.record.procedures.tables import ProcedureRow
from app.relief import Definition

kept, outcome = table(KeptVerdict), table(OutcomeRow)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # what changes by what is written alone


async def keep(
    connection: AsyncConnection, made: list[tuple[VerdictMaterial, AssembledVerdict]], now: datetime
) -> None:
    """Keeps verdicts of today, their outcomes and flags; a procedure that is gone meanwhile is left out.

    Rows are locked in one order, whatever the order in which the verdicts come, so that two at once do not stop each other.
    """
    keys = tuple_(col(ProcedureRow.clinic_id), col(ProcedureRow.id))
    there = select(col(ProcedureRow.clinic_id), col(ProcedureRow.id)).where(
        keys.in_([(m.clinic_id, m.procedure_id) for m, _ in made])
    )
    found = {(clinic_id, procedure_id) for clinic_id, procedure_id in (await connection.execute(there)).all()}
    there_still = ((m, one) for m, one in made if (m.clinic_id, m.procedure_id) in found)
    made = sorted(there_still, key=lambda one: (one[0].clinic_id, one[0].procedure_id, one[0].definition))
    if not made:
        return
    bodies = [_kept_row(m, one, now) for m, one in made]
    before = await _outcomes_before(connection, [(m.clinic_id, m.procedure_id, m.definition) for m, _ in made])
    rows = [_outcome_row(m, one, before=before, now=now) for m, one in made]
    await connection.execute(upsert(connection, kept, "clinic_id", "procedure_id", "definition"), bodies)
    await connection.execute(upsert(connection, outcome, "clinic_id", "procedure_id", "definition"), rows)
    flagged = [(m, one) for m, one in made if m.definition == "half"]  # flags go by the default definition alone
    if len(flagged) > 1:
        await lock_flags(connection, {(m.clinic_id, m.procedure_id) for m, _ in flagged})
    for m, one in flagged:
        wanted = conditions(one.outcome, m.procedure_id, one.why)
        free = await keep_flags(
            connection,
            m.clinic_id,
            patient_id=m.patient_id,
            procedure_id=m.procedure_id,
            wanted=wanted,
            untold=untold(one.outcome),
            closed=one.outcome.closed_because,
            today=m.as_of,
            now=now,
        )
        if free:
            await _look_again(connection, m, now)


async def _look_again(connection: AsyncConnection, m: VerdictMaterial, now: datetime) -> None:
    """What else of the patient is watched is judged once more: a flag that they have once may now be due there."""
    others = and_(
        col(OutcomeRow.clinic_id) == m.clinic_id,
        col(OutcomeRow.patient_id) == m.patient_id,
        col(OutcomeRow.procedure_id) != m.procedure_id,
        col(OutcomeRow.definition) == "half",
        col(OutcomeRow.closed).is_(None),
    )
    await connection.execute(update(outcome).where(others).ordered_values(to(col(OutcomeRow.holds_until), now)))


Before = dict[tuple[UUID, UUID, Definition], OutcomeRow]


async def _outcomes_before(connection: AsyncConnection, keys: list[tuple[UUID, UUID, Definition]]) -> Before:
    """The outcomes that stand so far."""
    place = tuple_(col(OutcomeRow.clinic_id), col(OutcomeRow.procedure_id), col(OutcomeRow.definition))
    found = wholes(OutcomeRow, (await connection.execute(select(outcome).where(place.in_(keys)))).all())
    return {(one.clinic_id, one.procedure_id, one.definition): one for one in found}


def _closed_at(one: AssembledVerdict, before: OutcomeRow | None, now: datetime) -> datetime | None:
    """When it was first seen that the watch is closed.

    An outcome that an older version made did not say so: then it is as old as the record.
    """
    if one.outcome.closed is None:
        return None
    if before is not None and (before.closed, before.closed_on) == (one.outcome.closed, one.outcome.closed_on):
        return before.closed_at
    return now if before is None or before.engine == MADE_BY else one.end_recorded_at


def _kept_row(m: VerdictMaterial, one: AssembledVerdict, now: datetime) -> dict[str, object]:
    return row(
        KeptVerdict,
        clinic_id=m.clinic_id,
        procedure_id=m.procedure_id,
        definition=m.definition,
        engine=MADE_BY,
        as_of=m.as_of,
        record_version=m.record_version,
        learned=m.learned,
        made_at=now,
        body=one.body,
        says=one.says,
        spark=one.spark,
    )


def _outcome_row(
    m: VerdictMaterial,
    one: AssembledVerdict,
    *,
    before: Before,
    now: datetime,
) -> dict[str, object]:
    need = need_of(one.outcome)
    return row(
        OutcomeRow,
        clinic_id=m.clinic_id,
        procedure_id=m.procedure_id,
        patient_id=m.patient_id,
        record_version=m.record_version,
        learned=m.learned,
        holds_until=NEVER if one.holds_to is None else midnight_after(one.holds_to, m.time_zone),
        place=PLACE[need.need],
        why=need.why,
        since_on=need.since,
        closed_at=_closed_at(one, before.get((m.clinic_id, m.procedure_id, m.definition)), now),
        **{**vars(one.outcome), "engine": MADE_BY},
    )


def midnight_after(on: date, time_zone: str) -> datetime:
    """The instant at which a day ends in a time zone."""
    return datetime.combine(on + timedelta(days=1), time(0), ZoneInfo(time_zone)).astimezone(UTC)
