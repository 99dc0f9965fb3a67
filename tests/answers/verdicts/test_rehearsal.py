"""A rehearsal: what another version would say of what is kept, with nothing written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from app.answers.verdicts import sweep as sweeping
from app.answers.verdicts.assemble import AssembledVerdict, VerdictMaterial, make_all
from app.answers.verdicts.rehearsal import Rehearsed, VerdictPlace, rehearse
from app.base.store.metadata import new_id
from tests.alerts.flags.test_conclusions import work
from tests.support import Service, beside, course

pytestmark = pytest.mark.anyio
Change = Callable[[AssembledVerdict], AssembledVerdict]


@pytest.fixture
async def judged(service: Service) -> list[str]:
    """Two procedures, the first ended by the second, with their verdicts kept, two definitions of the first."""
    first = await service.new_procedure(performed_on="2025-10-01", joints=["L4-5"])
    second = await service.new_procedure(performed_on="2026-02-01", joints=["L4-5"])
    entries = course("2025-09-01", [7.0] * 40 + [1.0] * 80)
    sent = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    assert sent.status_code == 200
    await work(service)
    full = await service("ada", "GET", f"/v1/procedures/{first}/relief", params={"definition": "full"})
    assert full.status_code == 200
    return [first, second]


async def all_rows(service: Service) -> dict[str, list[tuple[object, ...]]]:
    async with beside(service) as connection:
        names = [one.name for one in SQLModel.metadata.sorted_tables]
        found = {name: await connection.execute(text(f'SELECT * FROM "{name}"')) for name in names}
        return {name: sorted((tuple(one) for one in rows), key=repr) for name, rows in found.items()}


async def rehearsed(service: Service, *clinics: UUID, after: VerdictPlace | None = None) -> list[Rehearsed]:
    batches = rehearse(service.app.state.database, clinics=clinics, after=after)
    return [one async for batch in batches for one in batch]


def another_version(monkeypatch: pytest.MonkeyPatch, change: Change) -> None:
    """Makes verdicts from now on as a version would that differs by this."""

    def made(materials: list[VerdictMaterial]) -> list[AssembledVerdict | Exception]:
        return [change(one) if isinstance(one, AssembledVerdict) else one for one in make_all(materials)]

    monkeypatch.setattr(sweeping, "make_all", made)


async def test_the_same_version_says_the_same_and_writes_nothing(service: Service, judged: list[str]) -> None:
    before = await all_rows(service)
    found = await rehearsed(service)
    assert [(str(one.place.procedure_id), one.place.definition) for one in found] == [
        (judged[0], "half"),
        (judged[1], "half"),
        (judged[0], "full"),
    ]
    assert [(one.how, one.changed) for one in found] == [("same", {})] * 3
    assert await all_rows(service) == before


async def test_what_another_version_says_is_told_with_what_follows_from_it(
    service: Service, judged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, on = await all_rows(service), date(2026, 4, 3)

    def returned(one: AssembledVerdict) -> AssembledVerdict:
        if one.outcome.closed is not None:
            return one
        return replace(one, says="pain is back", outcome=replace(one.outcome, phase="returned", returned_on=on))

    another_version(monkeypatch, returned)
    first, second, full = await rehearsed(service)
    assert (first.how, second.how, full.how) == ("same", "changed", "same")
    was, becomes = second.changed.pop("says")
    assert becomes == "pain is back" != was
    _, needs = second.changed.pop("need")
    assert needs == "return"
    had, has = second.changed.pop("flags")
    assert "pain_return" in str(has).split() and "pain_return" not in str(had).split()
    assert second.changed["returned_on"] == (None, on)
    assert set(second.changed) == {"phase", "returned_on"}
    assert await all_rows(service) == before


async def test_a_last_bit_of_another_machine_is_no_change(
    service: Service, judged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rounded(one: AssembledVerdict, by: float) -> AssembledVerdict:
        pain = one.outcome.baseline_pain
        return replace(one, outcome=replace(one.outcome, baseline_pain=None if pain is None else pain * by))

    another_version(monkeypatch, lambda one: rounded(one, 1 + 1e-14))
    assert {one.how for one in await rehearsed(service)} == {"same"}
    monkeypatch.undo()
    another_version(monkeypatch, lambda one: rounded(one, 1 + 1e-6))
    changed = [set(one.changed) for one in await rehearsed(service) if one.changed]
    assert changed and changed == [{"baseline_pain"}] * len(changed)


async def test_a_day_later_the_kept_verdicts_are_still_compared_as_of_their_own_day(
    service: Service, judged: list[str]
) -> None:
    service.app.state.clock.now = service.app.state.clock.now.replace(day=28)
    assert {one.how for one in await rehearsed(service)} == {"same"}


async def test_what_was_written_since_is_not_compared(service: Service, judged: list[str]) -> None:
    assert (await service.put("2026-04-30", 9)).status_code == 201
    assert [(one.how, one.changed) for one in await rehearsed(service)] == [("moved_on", {})] * 3


async def test_what_can_not_be_judged_is_told(
    service: Service, judged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "make_all", lambda materials: [ZeroDivisionError("of pain 7") for _ in materials])
    found = await rehearsed(service)
    assert [(one.how, one.changed) for one in found] == [("failed", {"error": (None, "ZeroDivisionError")})] * 3


async def test_it_begins_behind_a_place_and_keeps_to_the_clinics_named(service: Service, judged: list[str]) -> None:
    every = await rehearsed(service)
    for number, one in enumerate(every):
        assert await rehearsed(service, after=one.place) == every[number + 1 :]
    assert await rehearsed(service, every[0].place.clinic_id) == every
    assert await rehearsed(service, new_id()) == []


async def test_batches_meet_without_a_gap(service: Service, judged: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    every = await rehearsed(service)
    monkeypatch.setattr("app.answers.verdicts.rehearsal.BATCH", 1)
    assert await rehearsed(service) == every
