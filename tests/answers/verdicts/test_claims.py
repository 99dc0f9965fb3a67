"""Many workers at once: none judges what another has in hand, and what a dead one had in hand is judged by the next."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.answers.verdicts import assemble
from app.answers.verdicts import sweep as sweeping
from app.answers.verdicts.assemble import ReadyMaterial, VerdictMaterial, prepare
from app.answers.verdicts.claims import LASTS, PAUSE, QUEUES, claim, day_ended, give_back, is_anything_left
from app.answers.verdicts.sweep import count_stale, sweep
from app.base.store.database import Database
from app.base.store.typed import col, to
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.work.worker import work_once
from tests.conftest import Clock
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
MANY = 12


async def many_treated(service: Service) -> list[str]:
    """Patients with a procedure each, nothing judged yet; the first was written about first."""
    ids = []
    for number in range(MANY):
        new = {"name": f"Person {number}", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
        ids.append((await service("cleo", "POST", "/v1/patients", json=new)).json()["id"])
        treated = {"performed_on": "2026-04-01", "region": "lumbar", "laterality": "left", "joints": ["L4-5"]}
        answer = await service("cleo", "POST", f"/v1/patients/{ids[-1]}/procedures", json=treated)
        assert answer.status_code == 201, answer.text
    state = service.app.state
    for number, one in enumerate(ids):
        at = state.clock() - timedelta(minutes=MANY - number)
        marked = update(patient).where(col(Patient.id) == UUID(one)).ordered_values(to(col(Patient.stale_since), at))
        await state.database.write(lambda connection, marked=marked: connection.execute(marked))
    return ids


async def written(service: Service, patient_id: str) -> None:
    answer = await service("cleo", "PUT", f"/v1/patients/{patient_id}/diary/2026-04-20", json=entry(4))
    assert answer.status_code in (200, 201), answer.text


async def judged_by(database: Database, clock: Clock, **more: Any) -> list[str]:
    """The patients whose verdicts a sweep makes, in its order."""
    return [str(m.patient_id) async for batch in sweep(database, clock, **more) for m, _ in batch.made]


async def left(service: Service) -> int:
    async with service.app.state.database.read() as connection:
        return await count_stale(connection, service.app.state.clock())


async def test_workers_at_once_judge_each_procedure_once(
    service: Service, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many_treated(service)
    began = asyncio.Barrier(3)
    keep = sweeping.__dict__["keep"]

    async def keep_slowly(connection: AsyncConnection, **more: Any) -> None:
        await asyncio.sleep(0.01)
        await keep(connection, **more)

    monkeypatch.setattr(sweeping, "keep", keep_slowly)

    async def worker() -> list[str]:
        database = Database(database_url, pool_size=2)
        try:
            await began.wait()
            return await judged_by(database, service.app.state.clock, at_once=1)
        finally:
            await database.close()

    shares = await asyncio.gather(*(worker() for _ in range(3)))
    assert Counter(one for share in shares for one in share).most_common(1)[0][1] == 1, "none twice"
    assert sum(map(len, shares)) == MANY and await left(service) == 0
    assert all(shares), "each did a part"


async def test_what_was_written_last_is_judged_first_and_who_waits_longest_next(service: Service) -> None:
    ids = await many_treated(service)
    state = service.app.state
    found = await judged_by(state.database, state.clock, at_once=1)
    assert found[:2] == [ids[-1], ids[0]]
    assert sorted(found) == sorted(ids)


async def test_an_entry_in_a_long_queue_is_judged_in_the_next_batch(service: Service) -> None:
    ids = await many_treated(service)
    state, found = service.app.state, list[str]()
    async for batch in sweep(state.database, state.clock, at_once=1):
        found += [str(m.patient_id) for m, _ in batch.made]
        if len(found) == 3:
            await written(service, ids[5])
    assert found.index(ids[5]) <= 3 + len(QUEUES)


async def test_what_a_dead_worker_had_in_hand_is_judged_when_its_claim_has_run_out(
    service: Service, clock: Clock
) -> None:
    ids = await many_treated(service)
    database = service.app.state.database
    dead = await claim(database, clock.now, most=5)
    assert [str(one.patient_id) for one in dead] == sorted(ids[-5:])
    assert sorted(await judged_by(database, clock)) == sorted(ids[:-5])
    async with database.read() as connection:
        assert await is_anything_left(connection, clock.now), "no worker says that all is up to date"
    clock.now += LASTS - timedelta(seconds=1)
    assert await judged_by(database, clock) == []
    clock.now += timedelta(seconds=1)
    assert sorted(await judged_by(database, clock)) == sorted(ids[-5:])
    async with database.read() as connection:
        assert not await is_anything_left(connection, clock.now)


async def test_two_claims_at_once_share_nobody(service: Service, database_url: str) -> None:
    await many_treated(service)
    databases = [Database(database_url, pool_size=2) for _ in range(4)]
    clock = service.app.state.clock
    taken = await asyncio.gather(*(claim(one, clock(), most=3, turn=n) for n, one in enumerate(databases)))
    for one in databases:
        await one.close()
    assert max(Counter(whose for part in taken for whose in part).values()) == 1
    assert sum(map(len, taken)) >= 3


async def test_a_claim_heeds_the_clinic(service: Service) -> None:
    await many_treated(service)
    state = service.app.state
    assert await claim(state.database, state.clock(), most=5, clinic_id=uuid4()) == []
    own = service.accounts["cleo"][0]
    assert len(await claim(state.database, state.clock(), most=5, clinic_id=own)) == 5


async def test_who_was_written_about_meanwhile_keeps_the_mark(service: Service, clock: Clock) -> None:
    await many_treated(service)
    state = service.app.state
    claimed = await claim(state.database, state.clock(), most=2)
    await state.database.write(lambda connection: give_back(connection, claimed, now=clock.now))
    assert await left(service) == MANY, "nothing of theirs was judged"
    assert not set(await claim(state.database, clock.now, most=2)) & set(claimed), "others first"
    clock.now += PAUSE
    assert set(await claim(state.database, clock.now, most=2)) == set(claimed)


async def test_who_cannot_be_judged_is_tried_once_a_round(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await many_treated(service)
    tried = Counter[str]()

    def prepare_or_fail(material: VerdictMaterial) -> ReadyMaterial:
        tried[str(material.patient_id)] += 1
        if str(material.patient_id) == ids[3]:
            raise ValueError("a record that nobody foresaw")
        return prepare(material)

    monkeypatch.setattr(assemble, "prepare", prepare_or_fail)
    state = service.app.state
    with ThreadPoolExecutor(1) as pool:
        for rounds in (1, 2):
            await judged_by(state.database, state.clock, executor=pool, at_once=2)
            assert tried[ids[3]] == 2 * rounds, "with those beside it, and by itself"
            assert await left(service) == 1
            clock.now += PAUSE
    monkeypatch.undo()
    assert await judged_by(state.database, state.clock) == [ids[3]]


async def test_one_procedure_that_cannot_be_judged_is_not_tried_over_and_over_for_another_of_the_patient(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing is marked and a day has ended, for both."""
    bad = await service.new_procedure(performed_on="2026-04-01")
    good = await service.new_procedure(performed_on="2026-04-10", region="cervical")
    await work_once(service.app.state.database, clock)
    clock.now += timedelta(days=1)
    tried = Counter[str]()

    def prepare_or_fail(material: VerdictMaterial) -> ReadyMaterial:
        tried[str(material.procedure_id)] += 1
        if str(material.procedure_id) == bad:
            raise ValueError("a record that nobody foresaw")
        return prepare(material)

    monkeypatch.setattr(assemble, "prepare", prepare_or_fail)
    assert await judged_by(service.app.state.database, clock) == [service.ada_id]
    assert tried[bad] <= 2 and tried[good] == 1, "beside the other, and by itself"
    assert await left(service) == 1


async def test_an_entry_of_a_patient_in_hand_waits_for_nobody(service: Service) -> None:
    """No lock is held while an engine runs."""
    ids = await many_treated(service)
    state = service.app.state
    await claim(state.database, state.clock(), most=MANY)
    await asyncio.wait_for(written(service, ids[0]), 5)


async def test_each_queue_goes_by_index(service: Service) -> None:
    await many_treated(service)
    await work_once(service.app.state.database, service.app.state.clock)
    database = service.app.state.database
    for queue in QUEUES:
        query = queue(service.app.state.clock()).limit(32)
        async with database.read() as connection:
            words = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
            if database.is_sqlite:
                plan = " | ".join(str(r[3]) for r in await connection.execute(text(f"EXPLAIN QUERY PLAN {words}")))
            else:  # of so few rows PostgreSQL reads all, unless it is told not to
                for way in ("seqscan", "sort"):
                    await connection.execute(text(f"SET LOCAL enable_{way} = off"))
                plan = " | ".join(str(r[0]) for r in await connection.execute(text(f"EXPLAIN {words}")))
        assert ("ix_outcome_holds_until" if queue is day_ended else "ix_patient_stale_since") in plan, plan
        assert "TEMP B-TREE" not in plan and "Sort" not in plan, plan


async def test_who_writes_without_end_does_not_keep_a_worker(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """One verdict serves the entries of a while: each batch is written into again, and the sweep ends all the same."""
    ids = await many_treated(service)
    keep = sweeping.__dict__["keep"]

    async def keep_amid_writing(connection: AsyncConnection, **more: Any) -> None:
        await keep(connection, **more)
        moved = to(col(Patient.record_version), col(Patient.record_version) + 1)
        await connection.execute(update(patient).ordered_values(moved))

    monkeypatch.setattr(sweeping, "keep", keep_amid_writing)
    state = service.app.state
    assert sorted(await judged_by(state.database, state.clock, at_once=3)) == sorted(ids), "each once"
    assert await left(service) == MANY


async def test_nobody_is_in_hand_after_a_round(service: Service) -> None:
    await many_treated(service)
    await work_once(service.app.state.database, service.app.state.clock)
    query = select(col(Patient.id)).where(col(Patient.claimed_until).is_not(None))
    async with service.app.state.database.read() as connection:
        assert (await connection.execute(query)).all() == []
