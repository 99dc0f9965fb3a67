"""Flags go by `half` alone: whoever asks by another definition sees another verdict and changes no flag."""

from typing import Any

import pytest

from app.answers.verdicts.sweep import sweep
from app.relief import Definition
from tests.alerts.flags.test_conclusions import BEFORE, flags, log, work
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
HALFWAY = [
    *BEFORE,
    *([7.0] * 8 + [2.0] * 180),
    *[4.5] * 105,
]  # back over half of 7, not to what it was; relief never was a fifth
A_LITTLE = [*BEFORE, *([7.0] * 8 + [0.5] * 180), *[2.5] * 105]  # back over a fifth, and not to half
ALL = ("half", "eighty", "full")


async def followed(service: Service, scores: list[float]) -> str:
    procedure = await service.new_procedure(joints=["L4-5"])
    await log(service, "2025-06-26", scores)
    await work(service)
    return procedure


async def phase(service: Service, procedure: str, definition: str) -> str:
    answer = await service("cleo", "GET", f"/v1/procedures/{procedure}/relief?definition={definition}")
    assert (answer.status_code, answer.json()["definition"]) == (200, definition)
    return str(answer.json()["phase"])


async def everything(service: Service) -> list[dict[str, Any]]:
    """Every flag in every state, in all that is kept of it and shown."""
    states = ("open", "acknowledged", "resolved", "lapsed")
    return [one for state in states for one in await flags(service, f"state={state}&limit=200")]


async def test_reading_by_full_or_eighty_lapses_no_return(service: Service) -> None:
    procedure = await followed(service, HALFWAY)
    before = await everything(service)
    assert [(f["kind"], f["state"]) for f in before] == [("pain_return", "open")]
    assert [await phase(service, procedure, one) for one in ALL] == ["returned", "no_relief", "relief"]
    assert await everything(service) == before
    assert await work(service) == 0, "the verdict by half is as fresh as it was"


async def test_reading_by_eighty_raises_no_return(service: Service) -> None:
    procedure = await followed(service, A_LITTLE)
    assert [await phase(service, procedure, one) for one in ALL] == ["relief", "returned", "relief"]
    assert await everything(service) == []
    assert (await service("sam", "GET", "/v1/reviews")).json()["items"] == [], "and opens no review"


async def test_whoever_asks_by_another_definition_first_raises_nothing(service: Service) -> None:
    procedure = await service.new_procedure(joints=["L4-5"])
    await log(service, "2025-06-26", HALFWAY)
    for definition in ("full", "eighty"):
        await phase(service, procedure, definition)
    assert await everything(service) == []
    await phase(service, procedure, "half")
    assert [f["kind"] for f in await everything(service)] == ["pain_return"]


@pytest.mark.parametrize("definition", ["eighty", "full"])
@pytest.mark.parametrize(("scores", "kinds"), [(HALFWAY, ["pain_return"]), (A_LITTLE, [])], ids=["halfway", "a little"])
async def test_a_cohort_by_another_definition_changes_no_flag(
    service: Service, clock: Clock, scores: list[float], kinds: list[str], definition: Definition
) -> None:
    await followed(service, scores)
    before = await everything(service)
    swept = [one.done async for one in sweep(service.app.state.database, clock, definition=definition)]
    assert (swept, [f["kind"] for f in before]) == ([1], kinds)
    assert await everything(service) == before


async def test_a_return_that_was_resolved_stays_so_whatever_is_asked(service: Service) -> None:
    procedure = await followed(service, HALFWAY)
    (found,) = await flags(service, "kind=pain_return")
    await service("cleo", "POST", f"/v1/flags/{found['id']}/resolve", json={"note": "seen"})
    for definition in ("full", "half", "eighty", "half"):
        await phase(service, procedure, definition)
        await work(service)
    (after,) = await everything(service)
    assert (after["id"], after["state"], [s["what"] for s in after["steps"]]) == (
        found["id"],
        "resolved",
        ["raised", "resolved"],
    )
