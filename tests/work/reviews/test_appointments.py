"""Reviews and appointments are one thing: what happens to one is seen in the other."""

from typing import Any

import pytest

from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.support import Service
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
EARLIER, LATER = "2026-06-02T09:00:00+02:00", "2026-06-09T23:30:00+02:00"


async def booked(service: Service) -> tuple[dict[str, Any], dict[str, Any]]:
    """A booked review, and its appointment."""
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}"
    await service("sam", "POST", f"{where}/book", json={"slot_id": await slot(service, EARLIER)})
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    return (await service("sam", "GET", where)).json(), mine


async def read(service: Service, review: dict[str, Any]) -> dict[str, Any]:
    return dict((await service("sam", "GET", f"/v1/reviews/{review['id']}")).json())


async def free(service: Service) -> set[str]:
    slots = (await service("sam", "GET", "/v1/slots?free=true")).json()["items"]
    return {one["id"] for one in slots}


async def test_moving_an_appointment_moves_it_everywhere(service: Service) -> None:
    review, mine = await booked(service)
    assert (review["state"], review["proposed_on"]) == ("booked", "2026-06-02")
    later = await slot(service, LATER)
    moved = await service(
        "sam", "POST", f"/v1/appointments/{mine['id']}/move", json={"slot_id": later, "reason": "she asked"}
    )
    assert moved.status_code == 200, moved.text
    now = await read(service, review)
    assert (now["state"], now["appointment_id"], now["proposed_on"]) == ("booked", moved.json()["id"], "2026-06-09")
    assert (now["steps"][-1]["what"], now["steps"][-1]["note"]) == ("move", "she asked")
    assert await free(service) == {mine["slot_id"]}


@pytest.mark.parametrize("who", ["ada", "sam"])
async def test_a_cancelled_appointment_puts_its_review_back_to_be_booked(service: Service, who: str) -> None:
    review, mine = await booked(service)
    await service(who, "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    now = await read(service, review)
    assert (now["state"], now["appointment_id"], now["steps"][-1]["note"]) == ("proposed", None, "ill")
    assert await free(service) == {mine["slot_id"]}
    again = await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": mine["slot_id"]})
    assert again.json()["state"] == "booked"
    await service(who, "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (await read(service, review))["state"] == "booked", "the old one is cancelled already: nothing happens"


async def test_a_moved_appointment_can_be_cancelled_and_its_review_follows(service: Service) -> None:
    review, mine = await booked(service)
    where = f"/v1/appointments/{mine['id']}/move"
    moved = await service("sam", "POST", where, json={"slot_id": await slot(service, LATER), "reason": "she asked"})
    await service("sam", "POST", f"/v1/appointments/{moved.json()['id']}/cancel", json={"reason": "ill"})
    assert (await read(service, review))["state"] == "proposed"
    assert (await service("sam", "POST", where, json={"slot_id": mine["slot_id"], "reason": "x"})).status_code == 409


async def test_ending_a_review_frees_its_slot(service: Service) -> None:
    review, mine = await booked(service)
    decided = {"decision": "none", "reason": "better by itself"}
    await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=decided)
    assert await free(service) == {mine["slot_id"]}


@pytest.mark.parametrize("kind", ["death", "moved_away", "surgery"])
async def test_what_ends_the_watch_ends_the_review_and_gives_its_slot_back(service: Service, kind: str) -> None:
    review, mine = await booked(service)
    event = {"kind": kind, "happened_on": "2026-04-30", **({"region": "lumbar"} if kind == "surgery" else {})}
    made = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=event)
    assert made.status_code == 201, made.text
    await work(service)
    now = await read(service, review)
    assert (now["state"], now["decision"]) == ("cancelled", None)
    assert now["reason"] == f"followed until 2026-04-30: {kind.replace('_', ' ')}"
    assert await free(service) == {mine["slot_id"]}


async def test_a_repeat_decides_the_review_and_keeps_its_appointment(service: Service) -> None:
    review, mine = await booked(service)
    await service.new_procedure(performed_on="2026-04-30", joints=["L4-5"])
    await work(service)
    now = await read(service, review)
    assert (now["state"], now["decision"], now["reason"]) == ("decided", "repeat", "the procedure has been repeated")
    assert mine["slot_id"] not in await free(service)


async def test_what_a_repeat_answers_is_closed_everywhere(service: Service) -> None:
    """Pain had returned: its flag lapses, its review is decided, the list asks about the new procedure alone."""
    old = await returned(service)
    assert [one["kind"] for one in await flags(service, "state=open") if one["procedure_id"] == old] == ["pain_return"]
    await service.new_procedure(performed_on="2026-04-30", joints=["L4-5", "L5-S1"])
    await work(service)
    assert [one for one in await flags(service, "state=open") if one["procedure_id"] == old] == []
    (lapsed,) = [one for one in await flags(service, "state=lapsed") if one["kind"] == "pain_return"]
    assert lapsed["steps"][-1]["note"] == "followed until 2026-04-30: repeated"
    verdict = (await service("cleo", "GET", f"/v1/procedures/{old}/relief")).json()
    assert (verdict["closed_by"], verdict["phase"], verdict["forecast"]) == ("repeat", "returned", None)
    assert "Followed until 30 April 2026: repeated" in verdict["says"]


async def test_other_levels_of_the_side_answer_no_review(service: Service) -> None:
    review, _ = await booked(service)
    await service.new_procedure(performed_on="2026-04-30", joints=["L2-3"])
    await work(service)
    assert (await read(service, review))["state"] == "booked"


async def test_one_procedure_is_not_recorded_twice(service: Service) -> None:
    first = await service.new_procedure(joints=["L4-5"])
    where = f"/v1/patients/{service.ada_id}/procedures"
    same = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left"}
    for joints in (["L4-5"], None):
        again = await service("cleo", "POST", where, json={**same, "joints": joints, "operator": "Dr. Muster"})
        assert (again.status_code, first in again.json()["detail"]) == (409, True)
    other = await service("cleo", "POST", where, json={**same, "laterality": "right", "joints": ["L4-5"]})
    assert other.status_code == 201
    gone = await service("cleo", "DELETE", f"/v1/procedures/{first}?reason=entered+twice")
    assert gone.status_code == 204
    assert (await service("cleo", "POST", where, json={**same, "joints": ["L4-5"]})).status_code == 201
