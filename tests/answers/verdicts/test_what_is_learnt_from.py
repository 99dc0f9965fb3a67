"""Of whose relief a clinic learns, when it looks again, and what it then takes for news."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts.own_cohort import GROWN, MOVED, _moves, _seen, clinic_relief, learn_from_outcomes
from app.answers.verdicts.tables import ClinicRelief, OutcomeRow
from app.base.store.typed import col, table, to, wholes
from app.relief import DurationPrior
from tests.alerts.flags.test_conclusions import work
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
ONSET = date(2025, 7, 20)
KEPT = DurationPrior(200, 0.6, 20)


async def outcomes(service: Service, *rows: tuple[int, str, date | None, int]) -> None:
    """Treatments whose outcome is written down by hand: days of relief, how they ended, onset, and days entered."""
    made = [await service.new_procedure(performed_on=f"2025-07-{10 + k}") for k in range(len(rows))]
    await work(service)

    async def write(connection: AsyncConnection) -> None:
        for procedure, (days, ended, onset, entered) in zip(made, rows, strict=True):
            this = update(table(OutcomeRow)).where(col(OutcomeRow.procedure_id) == UUID(procedure))
            await connection.execute(
                this.ordered_values(
                    to(col(OutcomeRow.relief_days), days),
                    to(col(OutcomeRow.ended), ended),
                    to(col(OutcomeRow.onset_on), onset),
                    to(col(OutcomeRow.entered_days), entered),
                )
            )

    await service.app.state.database.write(write)


async def seen(service: Service, clinic_id: UUID) -> list[tuple[float, ...]]:
    async with service.app.state.database.read() as connection:
        found = await _seen(connection, clinic_id)
    return list(zip(found.left, found.returned, found.entered, found.count, strict=True))


async def test_it_learns_of_who_had_relief_and_from_when_on_it_was_known(service: Service) -> None:
    await outcomes(
        service,
        (120, "return", ONSET, 0),
        (120, "return", ONSET, 0),
        (150, "censored", ONSET, 0),
        (90, "return", None, 0),  # never had relief: no onset, though the diary speaks from the first day on
        (200, "return", None, 70),  # joined late in relief: no onset, but judged
        (70, "censored", None, 70),  # joined late, and known of for no day since
        (60, "censored", ONSET, 65),
    )
    assert await seen(service, service.clinic_id) == [(120, 1, 0, 2), (150, 0, 0, 1), (200, 1, 70, 1)]
    assert await seen(service, service.accounts["other"][0]) == []


async def test_it_learns_by_the_definition_half_alone(service: Service) -> None:
    await outcomes(service, (120, "return", ONSET, 0))

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(update(table(OutcomeRow)).ordered_values(to(col(OutcomeRow.definition), "eighty")))

    await service.app.state.database.write(write)
    assert await seen(service, service.clinic_id) == []


async def test_a_clinic_is_looked_at_once_a_day(service: Service, clock: Clock) -> None:
    async def looked_at() -> set[datetime]:
        await learn_from_outcomes(service.app.state.database, lambda: clock.now)
        async with service.app.state.database.read() as connection:
            found = wholes(ClinicRelief, (await connection.execute(select(clinic_relief))).all())
        return {one.looked_at for one in found if one.looked_at is not None}

    first = clock.now = datetime(2026, 5, 2, 12, tzinfo=UTC)
    assert await looked_at() == {first}
    clock.now += timedelta(hours=23, minutes=59)
    assert await looked_at() == {first}
    clock.now += timedelta(minutes=1)
    assert await looked_at() == {clock.now}


@pytest.mark.parametrize(
    ("found", "moves"),
    [
        (KEPT, False),
        (None, True),  # lost
        (DurationPrior(200 * np.exp(MOVED * 0.99), 0.6, 20), False),
        (DurationPrior(200 * np.exp(MOVED * 1.01), 0.6, 20), True),
        (DurationPrior(200 / np.exp(MOVED * 1.01), 0.6, 20), True),
        (DurationPrior(200, 0.6 * np.exp(MOVED * 1.01), 20), True),
        (DurationPrior(200, 0.6 / np.exp(MOVED * 0.99), 20), False),
        (DurationPrior(200, 0.6, round(20 * GROWN)), False),
        (DurationPrior(200, 0.6, round(20 * GROWN) + 1), True),
        (DurationPrior(200, 0.6, 15), True),
    ],
)
def test_what_moves_by_a_tenth_or_rests_on_a_quarter_more_is_news(found: DurationPrior | None, moves: bool) -> None:
    assert _moves(KEPT, found) == moves
    assert _moves(None, KEPT) and not _moves(None, None)
