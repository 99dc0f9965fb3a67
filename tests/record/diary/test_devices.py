"""Devices that sync in any order, twice, or after a lost answer, end in the same state."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.access.accounts.permissions import Caller
from app.access.accounts.service import add_account, add_clinic
from app.base.store.database import Database
from app.record.diary.content import EntryContent
from app.record.diary.writings import Writing, day, keep
from app.record.patients import service as patients
from app.record.patients.schemas import PatientIn

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAYS = [date(2026, 4, 28), date(2026, 4, 29)]
fresh = count()

writings = st.lists(
    st.tuples(
        st.sampled_from(DAYS),
        st.integers(0, 20) | st.none(),  # a score in halves, or a deletion
        st.integers(-30 * 24 * 60, 20 * 60),  # minutes from noon by the phone's clock, up to 20 hours fast
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda w: w[2],
)


@contextmanager
def clinic(url: str) -> Iterator[tuple[asyncio.Runner, Database, Caller]]:
    with asyncio.Runner() as runner:
        database = Database(url, 2)

        async def begin() -> Caller:
            here = await database.write(lambda c: add_clinic(c, "Here", NOON))
            name = f"cleo {next(fresh)}"
            cleo = await database.write(
                lambda c: add_account(c, here, username=name, password_hash="-", role="clinician", now=NOON)
            )
            return Caller(cleo, here, "clinician", None)

        try:
            yield runner, database, runner.run(begin())
        finally:
            runner.run(database.close())


async def sync(database: Database, caller: Caller, order: list[tuple[date, int | None, int]]) -> list[Any]:
    """A new patient whose devices send these writings in this order, an hour apart; answers her current days."""
    new = PatientIn.model_validate({"name": "Ada", "born_on": "1960-01-01", "time_zone": "UTC"})
    person = await database.write(lambda c: patients.add(c, caller, new=new, now=NOON))
    for i, (on, score, minutes) in enumerate(order):
        content: EntryContent | None = None if score is None else {"interference": score / 2}
        one = Writing(on, content, None, NOON + timedelta(minutes=minutes))
        at = NOON + timedelta(hours=i)
        await database.write(partial(keep, person=person, account_id=None, writings=[one], now=at))
    return await current(database, person.id)


async def current(database: Database, patient_id: UUID) -> list[Any]:
    query = select(day.c.date, day.c.content, day.c.recorded_at).where(day.c.patient_id == patient_id)
    async with database.read() as connection:
        return [tuple(row) for row in (await connection.execute(query.order_by(day.c.date))).all()]


@pytest.mark.unmeasured
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=writings, data=st.data())
def test_any_order_with_repeats_ends_in_the_same_state(
    database_url: str, written: list[tuple[date, int | None, int]], data: st.DataObject
) -> None:
    with clinic(database_url) as (runner, database, caller):
        straight = runner.run(sync(database, caller, written))
        again = data.draw(st.lists(st.sampled_from(written), max_size=6))  # sent twice: the answer was lost
        shuffled = data.draw(st.permutations(written + again))
        assert runner.run(sync(database, caller, shuffled)) == straight
        newest = {on: max((m, s) for d, s, m in written if d == on)[1] for on, _, _ in written}
        assert {row[0]: row[1] and row[1]["interference"] * 2 for row in straight} == newest


def test_a_clock_that_is_fast_by_days_does_not_win_for_ever(database_url: str) -> None:
    with clinic(database_url) as (runner, database, caller):
        fast, later = (DAYS[0], 20, 40 * 24 * 60), (DAYS[0], 4, 30)
        state = runner.run(sync(database, caller, [fast, later]))
        assert state[0][1] == {"interference": 2.0}
