"""Verdicts are kept in one order of locks, whatever the order in which they come: two at once never stop each other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from anyio import to_thread
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.tables import Flag
from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make
from app.answers.verdicts.keep import keep
from app.answers.verdicts.service import Question, look_up, material_of
from app.answers.verdicts.tables import KeptVerdict, OutcomeRow
from app.base.settings import Settings
from app.base.store.typed import col, table
from tests.alerts.flags.test_conclusions import BEFORE, RELIEF
from tests.conftest import Clock, empty
from tests.support import Service, app_with, beside, course, open_service

pytestmark = pytest.mark.anyio
PEOPLE = 3


@pytest.fixture
async def service(migrated_postgresql: str, clock: Clock) -> AsyncIterator[Service]:
    """On PostgreSQL, where several write at once."""
    settings = Settings.model_validate({"database_url": migrated_postgresql, "pool_size": 4, "worker_seconds": 0})
    async with open_service(app_with(settings, clock), clock) as running:
        yield running
    await to_thread.run_sync(empty, migrated_postgresql)


async def returned(service: Service) -> list[UUID]:
    """A procedure of each of some people whose relief has ended, flagged, in the order of their ids."""
    made = []
    for i in range(PEOPLE):
        new = {"name": f"P{i}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
        service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
        made.append(UUID(await service.new_procedure()))
        entries = course("2025-06-26", [*BEFORE, *RELIEF, *[6.5] * 90])
        await service("cleo", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    for one in reversed(made):  # so that the flags come in another order than the procedures
        assert (await service("cleo", "GET", f"/v1/procedures/{one}/relief")).status_code == 200
    return sorted(made)


async def made_of(service: Service, procedures: list[UUID]) -> list[tuple[VerdictMaterial, AssembledVerdict]]:
    state, asked = service.app.state, Question(None, None, "half")
    caller = await state.sign_ins.who(service.tokens["cleo"], state.clock())
    out = []
    async with state.database.read() as connection:
        for one in procedures:
            found = await look_up(connection, caller, procedure_id=one, definition="half")
            material = await material_of(connection, found, as_of=state.clock().date(), question=asked)
            out.append((material, make(material)))
    return out


@asynccontextmanager
async def keeping(
    service: Service, made: list[tuple[VerdictMaterial, AssembledVerdict]]
) -> AsyncIterator[asyncio.Task[None]]:
    """What keeps verdicts in a transaction that is tried once."""

    async def once() -> None:
        async with service.app.state.database.engine.begin() as connection:
            await keep(connection, made, service.app.state.clock())

    task = asyncio.create_task(once())
    try:
        yield task
    finally:
        await asyncio.gather(task, return_exceptions=True)


async def waits(service: Service) -> None:
    """Returns when a transaction waits for another's lock."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with beside(service) as connection:
        for _ in range(200):
            if (await connection.execute(asked)).scalar_one():
                return
            await asyncio.sleep(0.02)
    raise AssertionError("nothing ever waited")


async def test_flags_are_locked_as_every_writer_of_several_locks_them(service: Service) -> None:
    """Somebody holds the first flag; the one who keeps verdicts waits for it and holds no flag that comes after it."""
    procedures = await returned(service)
    async with service.app.state.database.engine.connect() as holder:
        of = select(col(Flag.id)).where(col(Flag.kind) == "pain_return").order_by(col(Flag.clinic_id), col(Flag.id))
        first, *rest = list((await holder.execute(of)).scalars())
        owner = await _owner(holder, first)
        assert len(rest) == PEOPLE - 1 and owner == procedures[-1], "the first flag is of the last procedure"
        await holder.execute(select(col(Flag.id)).where(col(Flag.id) == first).with_for_update())
        async with keeping(service, await made_of(service, procedures)) as task:
            await waits(service)
            later = select(col(Flag.id)).where(col(Flag.id).in_(rest)).with_for_update(nowait=True)
            assert len((await holder.execute(later)).all()) == PEOPLE - 1
            await holder.rollback()
            await task


async def test_verdicts_and_outcomes_are_locked_in_the_order_of_their_procedures(service: Service) -> None:
    procedures = await returned(service)
    made = await made_of(service, procedures)
    for model in (KeptVerdict, OutcomeRow):
        rows, key = table(model), table(model).c.procedure_id
        async with service.app.state.database.engine.connect() as holder:
            await holder.execute(select(key).where(key == procedures[0]).with_for_update())
            async with keeping(service, made[::-1]) as task:
                await waits(service)
                later = select(key).select_from(rows).where(key.in_(procedures[1:])).with_for_update(nowait=True)
                assert len((await holder.execute(later)).all()) == PEOPLE - 1, model
                await holder.rollback()
                await task


async def _owner(connection: AsyncConnection, flag_id: UUID) -> UUID | None:
    return (await connection.execute(select(col(Flag.procedure_id)).where(col(Flag.id) == flag_id))).scalar_one()
