"""The day of a patient's death, after which nothing more is done with them: every kind of fact and of work asks for it."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.http.problems import Problem, bad_field
from app.base.store.typed import col, table
from app.record.facts.tables import FactRow
from app.rules.days import spoken_day

fact = table(FactRow)
EVENT, DEATH = "event", "death"  # the kind of fact that tells of it, and the word for it there
HAS_DIED = "the patient has died"  # why what was still to come is given up


async def died_on(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> date | None:
    """The day of death on record; None where there is none."""
    events = select(col(FactRow.content), col(FactRow.on_date)).where(
        col(FactRow.clinic_id) == clinic_id, col(FactRow.patient_id) == patient_id, col(FactRow.kind) == EVENT
    )
    days = [on for content, on in (await connection.execute(events)).all() if content["kind"] == DEATH]
    return min(days, default=None)


async def refuse_after_death(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> None:
    """Refuses (409) what would be done with a patient who has died."""
    on = await died_on(connection, clinic_id, patient_id)
    if on is not None:
        raise Problem(409, f"The patient died on {spoken_day(on)}. Delete that event if it is a mistake.")


async def check_before_death(
    connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, *, field: str, on: date
) -> None:
    """Refuses (422) a fact about a day after the patient's death."""
    died = await died_on(connection, clinic_id, patient_id)
    if died is not None and on > died:
        raise bad_field(f"/{field}", f"lies after the patient's death on {spoken_day(died)}")
