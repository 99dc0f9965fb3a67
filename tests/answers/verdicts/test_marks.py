"""What is to be judged anew: what was written about, and what a day has ended for; of what has ended, nothing."""

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.alerts.flags.conditions import conditions, untold
from app.answers.verdicts import sweep as sweeping
from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial
from app.answers.verdicts.claims import PAUSE, mark_of_older_engine
from app.answers.verdicts.keep import NEVER
from app.answers.verdicts.sweep import count_stale, stale, sweep
from app.answers.verdicts.tables import OutcomeRow
from app.answers.verdicts.triage import need_of
from app.base.store.typed import col, table, to
from app.record.diary.content import EntryContent
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.relief import DEFINITIONS
from app.rules.parameters import KNOWN_FOR
from tests.alerts.flags.test_conclusions import work
from tests.answers.verdicts.test_courses import START, all_made, material
from tests.answers.verdicts.test_no_contradictions import RECORDS, a_record
from tests.conftest import Clock
from tests.support import Service, beside

anyio = pytest.mark.anyio


async def marked(service: Service) -> set[str]:
    query = select(col(Patient.id)).where(col(Patient.stale_since).is_not(None))
    async with service.app.state.database.read() as connection:
        return {str(one) for one in (await connection.execute(query)).scalars()}


async def waiting(service: Service) -> int:
    async with service.app.state.database.read() as connection:
        return await count_stale(connection, service.app.state.clock())


async def treated_twice(service: Service) -> tuple[str, str]:
    """A procedure whose watch a repeat has ended, and the repeat."""
    first = await service.new_procedure(performed_on="2025-07-10", joints=["L4-5"])
    second = await service.new_procedure(performed_on="2026-04-01", joints=["L4-5"])
    await work(service)
    return first, second


@anyio
async def test_an_entry_marks_its_patient_and_the_worker_takes_the_mark_off(service: Service) -> None:
    await treated_twice(service)
    assert (await marked(service), await waiting(service)) == (set(), 0)
    await service.put("2026-04-20", 4)
    assert (await marked(service), await waiting(service)) == ({service.ada_id}, 2)
    await work(service)
    assert (await marked(service), await waiting(service)) == (set(), 0)


@anyio
async def test_a_day_that_ends_is_of_what_goes_on_alone(service: Service, clock: Clock) -> None:
    first, second = await treated_twice(service)
    clock.now += timedelta(days=1)
    async with service.app.state.database.read() as connection:
        due = [str(one[1]) for one in (await connection.execute(stale(clock.now))).all()]
    assert due == [second]
    assert await work(service) > 0
    query = select(col(OutcomeRow.procedure_id), col(OutcomeRow.holds_until)).where(
        col(OutcomeRow.definition) == "half"
    )
    async with service.app.state.database.read() as connection:
        until = {str(one): at for one, at in (await connection.execute(query)).all()}
    assert until[first] == NEVER and until[second] < NEVER
    issued = await service.app.state.sign_ins.issue(*service.accounts["cleo"], clock.now)
    service.tokens["cleo"] = issued.token
    verdict = (await service("cleo", "GET", f"/v1/procedures/{first}/relief")).json()
    assert verdict["as_of"] == "2026-05-02", "who asks gets the verdict of the day"


@anyio
async def test_what_is_written_about_an_ended_treatment_is_judged(service: Service) -> None:
    first, second = await treated_twice(service)
    await service("root", "DELETE", f"/v1/procedures/{second}", params={"reason": "another patient's"})
    await work(service)
    assert (await service("cleo", "GET", f"/v1/procedures/{first}/relief")).json()["closed_by"] is None
    assert await waiting(service) == 0 and await marked(service) == set()


@anyio
async def test_who_has_no_procedure_is_not_looked_at_for_ever(service: Service) -> None:
    await service.put("2026-04-20", 4)
    assert await marked(service) == {service.ada_id}
    await work(service)
    assert await marked(service) == set()


@anyio
async def test_another_engines_verdicts_are_made_anew(service: Service) -> None:
    await treated_twice(service)
    database = service.app.state.database
    older = update(table(OutcomeRow)).ordered_values(to(col(OutcomeRow.engine), "older"))
    await database.write(lambda connection: connection.execute(older))
    assert await waiting(service) == 0, "a process looks for them when it begins"
    await database.write(lambda connection: mark_of_older_engine(connection, service.app.state.clock()))
    assert (await marked(service), await waiting(service)) == ({service.ada_id}, 2)
    await work(service)
    assert (await marked(service), await waiting(service)) == (set(), 0)


@anyio
async def test_a_mark_that_comes_while_a_verdict_is_made_stays(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.new_procedure(performed_on="2026-04-01", joints=["L4-5"])
    keep, kept = sweeping.__dict__["keep"], list[int]()

    async def keep_late(connection: AsyncConnection, **more: Any) -> None:
        await keep(connection, **more)
        kept.append(more["made"][0][0].record_version)
        if len(kept) == 1:  # written between the reading of the record and the taking off of the mark
            moved = to(col(Patient.record_version), col(Patient.record_version) + 1)
            await connection.execute(update(patient).ordered_values(moved))

    monkeypatch.setattr(sweeping, "keep", keep_late)
    await work(service)
    assert (await marked(service), await waiting(service)) == ({service.ada_id}, 1)
    clock.now += PAUSE
    await work(service)
    assert (await marked(service), await waiting(service)) == (set(), 0)
    assert len(kept) == 2 and kept[1] == kept[0] + 1, "as the record stands"


async def many_at_rest(service: Service) -> None:
    """So many patients about whom nothing is to be done that PostgreSQL reads no whole table for a few."""
    own = {"id": "gen_random_uuid()", "stale_since": "NULL", "claimed_until": "NULL", "mrn": "NULL"}
    names = [column.name for column in patient.columns]
    values = ", ".join(own.get(name, f'"{name}"') for name in names)
    many = f"INSERT INTO patient ({', '.join(names)}) SELECT {values} FROM patient, generate_series(1, 5000) WHERE id = :id"
    async with beside(service) as connection:
        await connection.execute(text(many), {"id": service.ada_id})
        await connection.execute(text("ANALYZE patient, procedure, outcome"))


@anyio
async def test_the_search_for_work_goes_by_index(service: Service) -> None:
    await treated_twice(service)
    database = service.app.state.database
    query = stale(service.app.state.clock())
    async with database.read() as connection:
        words = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        if database.is_sqlite:
            found = (await connection.execute(text(f"EXPLAIN QUERY PLAN {words}"))).all()
            plan = " | ".join(str(one[3]) for one in found)
            assert not re.search(r"SCAN (?:procedure|patient|outcome)\b(?! USING INDEX ix_patient_stale)", plan), plan
        else:  # of so few rows PostgreSQL reads all, unless it is told not to
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            plan = " | ".join(str(one[0]) for one in (await connection.execute(text(f"EXPLAIN {words}"))).all())
    if database.is_sqlite:
        assert "ix_patient_stale_since" in plan and "ix_outcome_holds_until" in plan, plan
    assert "Seq Scan" not in plan, plan  # of so few rows PostgreSQL takes any index, as its statistics happen to be


@anyio
async def test_a_round_with_nothing_to_do_writes_nothing(service: Service) -> None:
    await treated_twice(service)
    database, written = service.app.state.database, list[str]()

    async def tell(*_: object) -> None:
        written.append("written")

    original = database.write
    database.write = tell
    try:
        found = [one async for one in sweep(database, service.app.state.clock)]
    finally:
        database.write = original
    assert (found, written) == ([], [])


@pytest.mark.unmeasured
def test_what_has_ended_changes_by_no_day_that_goes_by() -> None:
    """Of every made life that has an end: outcome, sentence and flags are the same on each later day."""
    lives = list[tuple[int, partial[VerdictMaterial]]]()
    for seed in range(RECORDS):
        whole, diary, ends, asked, _ = a_record(seed)
        for number in range(1, len(whole) + 1):
            on = max(asked, (whole[number - 1].performed_on - START).days + 1)
            today = START + timedelta(days=on)
            treated = [one for one in whole if one.performed_on <= today]  # what lies ahead can't be recorded
            events = [one for one in ends if one.happened_on <= today]
            lives.append((on, partial(material, number, treated, diary, events=events)))
    firsts = all_made([life(day=on) for on, life in lives])
    over = [one for one, then in zip(lives, firsts, strict=True) if then.outcome.closed is not None]
    assert len(over) > 10
    stood = {named: all_made([life(day=on, definition=named) for on, life in over]) for named in DEFINITIONS}
    for later, definition in product((1, 2, 8, 30, 365), DEFINITIONS):
        before = stood[definition]
        after = all_made([life(day=on + later, definition=definition) for on, life in over])
        for then, now in zip(before, after, strict=True):
            assert then.outcome.closed is not None, "what ends a watch is no question of the definition"
            assert replace(now.outcome, as_of=then.outcome.as_of) == then.outcome, later
            assert (now.says, now.why) == (then.says, then.why), later
            flagged = [[one.kind for one in conditions(m.outcome, UUID(int=1), m.why)] for m in (then, now)]
            assert flagged[0] == flagged[1], later


FULL: list[EntryContent] = [
    {"interference": 8, "flare_up": True, "side_effects": [{"kind": "numbness"}], "work": "off_sick"},
    {"interference": 1, "side_effects": [], "medications": [{"code": "10689", "dose": 50, "unit": "mg", "times": 2}]},
]


def silent_lives() -> list[tuple[int, partial[VerdictMaterial]]]:
    """Each made life on a day on which its diary is silent, and on one on which it can tell nothing any more.

    Every other one goes on with entries that tell of no pain.
    """
    out = list[tuple[int, partial[VerdictMaterial]]]()
    for seed in range(RECORDS):
        whole, diary, ends, _, _ = a_record(seed)
        if not diary:
            continue
        newest = max(one.date for one in diary)
        more = [one._replace(content=one.content | FULL[seed % 2]) for one in diary[-20:]]
        after = [newest + timedelta(days=n) for n in (range(1, 30) if seed % 4 == 0 else ())]
        more += [diary[-1]._replace(date=on, content=FULL[seed % 8 // 4]) for on in after]
        diary = [*diary[:-20], *more]
        ends_on = (max(one.date for one in diary) - START).days
        for silent in (1 + seed % KNOWN_FOR, KNOWN_FOR + 1 + seed % 11):
            today = START + timedelta(days=ends_on + silent)
            treated = [one for one in whole if one.performed_on <= today]
            events = [one for one in ends if one.happened_on <= today]
            for number in range(1, len(treated) + 1):
                since = (treated[number - 1].performed_on - START).days + silent
                out.append((max(ends_on + silent, since), partial(material, number, treated, diary, events=events)))
    return out


@pytest.mark.unmeasured
def test_a_silent_diary_is_judged_anew_only_when_the_plan_asks_for_something() -> None:
    """Of every made life that has fallen silent: outcome, sentence and flags are the same on each day that they hold for."""
    lives = silent_lives()
    firsts = all_made([life(day=on) for on, life in lives])
    going_on = [
        (on, life, then)
        for (on, life), then in zip(lives, firsts, strict=True)
        if then.outcome.closed is None and then.outcome.phase != "settling"
    ]
    phases = {then.outcome.phase for _, _, then in going_on}
    assert len(going_on) > 60 and {"returned", "unknown"} <= phases
    assert {then.outcome.ended for _, _, then in going_on} >= {"return", "no_relief", "open"}
    for share in (0.3, 1.0):
        asked = []
        for on, life, then in going_on:
            last = 3000 if then.holds_to is None else (then.holds_to - START).days
            assert last >= on, "it holds today"
            asked.append(life(day=on + round(share * (last - on))))
        for (on, _, then), now in zip(going_on, all_made(asked), strict=True):
            same = replace(now.outcome, as_of=then.outcome.as_of, expected=then.outcome.expected)
            assert same == then.outcome, on
            assert (now.says, now.why, need_of(now.outcome)) == (then.says, then.why, need_of(then.outcome)), on
            assert causes_of(now) == causes_of(then) and untold(now.outcome) == untold(then.outcome), on
    held = [(life, then) for _, life, then in going_on if then.holds_to is not None]
    beyond = all_made([life(day=(then.holds_to - START).days + 1) for life, then in held if then.holds_to is not None])
    changed = sum(causes_of(then) != causes_of(now) for (_, then), now in zip(held, beyond, strict=True))
    assert changed > 10, "a contact that is missed is seen on its day"


def causes_of(made: AssembledVerdict) -> list[tuple[str, str]]:
    return [(one.kind, one.says) for one in conditions(made.outcome, UUID(int=1), made.why)]
