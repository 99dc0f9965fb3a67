from typing import Any

import pytest

from app.rules.blocks import compare, shown_by
from tests.support import Service

pytestmark = pytest.mark.anyio
BLOCK: dict[str, Any] = {
    "performed_on": "2025-06-01",
    "side": "left",
    "joints": ["L4-5", "L5-S1"],
    "agent": "bupivacaine",
    "pain_before": 8,
    "pain_after": [{"minutes": 30, "pain": 1}, {"minutes": 240, "pain": 1}, {"minutes": 480, "pain": 6}],
}


def blocks(service: Service) -> str:
    return f"/v1/patients/{service.ada_id}/blocks"


async def test_a_block_shows_how_much_and_how_long(service: Service) -> None:
    made = (await service("cleo", "POST", blocks(service), json=BLOCK)).json()
    assert made["best_relief_percent"] == 87.5
    # held from 30 to 240 minutes, half of the half hour before and of the four hours after
    assert made["hours_at_80"] == made["hours_at_50"] == 0.25 + 3.5 + 2.0
    assert (made["region"], made["nerves"], made["concordant"]) == ("lumbar", ["L3", "L4", "L5 dorsal ramus"], True)


async def test_two_blocks_with_a_shorter_and_a_longer_agent_are_compared(service: Service) -> None:
    short = {
        **BLOCK,
        "performed_on": "2025-05-01",
        "agent": "lidocaine",
        "pain_after": [{"minutes": 15, "pain": 1}, {"minutes": 90, "pain": 1}, {"minutes": 150, "pain": 7}],
    }
    await service("cleo", "POST", blocks(service), json=short)
    long = (await service("cleo", "POST", blocks(service), json=BLOCK)).json()
    assert [c["result"] for c in long["compared"]] == ["longer_lasted_longer"]
    other_side = (await service("cleo", "POST", blocks(service), json={**BLOCK, "side": "right"})).json()
    assert other_side["compared"] == []


async def test_a_block_without_readings_shows_nothing_and_nothing_is_guessed(service: Service) -> None:
    made = (await service("cleo", "POST", blocks(service), json={**BLOCK, "pain_after": []})).json()
    assert (made["best_relief_percent"], made["hours_at_50"], made["concordant"]) == (None, None, None)


async def test_the_day_of_a_block_leaves_the_baseline(service: Service) -> None:
    procedure = await service.new_procedure()
    for day, pain in (("01", 7), ("02", 7), ("05", 0), ("06", 0), ("08", 7), ("09", 7)):
        await service.put(f"2025-07-{day}", pain)
    path = f"/v1/procedures/{procedure}/relief"
    assert (await service("cleo", "GET", path)).json()["baseline"]["pain"] == pytest.approx(28 / 6, abs=0.01)
    made = await service("cleo", "POST", blocks(service), json={**BLOCK, "performed_on": "2025-07-05"})
    assert (await service("cleo", "GET", path)).json()["baseline"]["pain"] == 7
    await service("cleo", "DELETE", made.headers["location"])
    assert (await service("cleo", "GET", path)).json()["baseline"]["days"] == 6


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"joints": ["L4-6"]}, "/joints/0"),
        ({"joints": ["L4-5", "C5-6"]}, "/joints"),
        ({"joints": ["L4-5", "L4-L5"]}, "/joints"),
        ({"joints": []}, "/joints"),
        ({"nerves": ["L1"]}, "/nerves/0"),
        ({"nerves": ["C9"]}, "/nerves/0"),
        ({"agent": "water"}, "/agent"),
        ({"pain_after": [{"minutes": 60, "pain": 1}, {"minutes": 30, "pain": 1}]}, "/pain_after/1/minutes"),
        ({"pain_after": [{"minutes": 0, "pain": 1}]}, "/pain_after/0/minutes"),
        ({"relief_stated": 101}, "/relief_stated"),
        ({"procedure_id": "0199a3c4-7d00-7a00-8000-000000000001"}, "/procedure_id"),
    ],
)
async def test_a_bad_block_is_refused_with_its_place(service: Service, change: dict[str, Any], pointer: str) -> None:
    answer = await service("cleo", "POST", blocks(service), json={**BLOCK, **change})
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == [pointer]


async def test_a_block_after_the_procedure_that_it_led_to_is_refused(service: Service) -> None:
    procedure = await service.new_procedure()
    late = {**BLOCK, "performed_on": "2025-07-11", "procedure_id": procedure}
    answer = await service("cleo", "POST", blocks(service), json=late)
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/performed_on"]
    assert (
        await service("cleo", "POST", blocks(service), json={**late, "performed_on": "2025-07-10"})
    ).status_code == 201


def test_relief_that_outlasts_its_agent_by_far_is_not_concordant() -> None:
    assert shown_by("lidocaine", 8, [(30, 0), (600, 0), (1200, 8)]).concordant is False
    assert shown_by("lidocaine", 8, [(30, 0), (120, 0), (180, 8)]).concordant is True
    assert shown_by("lidocaine", 8, [(30, 5), (120, 8)]).concordant is False
    assert shown_by("lidocaine", 8, [(30, 0), (60, 0)]).concordant is None  # nobody read on
    assert shown_by("other", 8, [(30, 0), (60, 8)]).concordant is None
    assert shown_by("lidocaine", 0, [(30, 0)]).best_percent is None


def test_only_a_pair_of_agents_is_compared() -> None:
    assert compare(("lidocaine", 2.0), ("bupivacaine", 1.0)) == "longer_did_not"
    assert compare(("lidocaine", 2.0), ("mepivacaine", 1.0)) is None
    assert compare(("lidocaine", None), ("bupivacaine", 1.0)) is None
    assert compare(("other", 2.0), ("bupivacaine", 1.0)) is None
