"""Many reviews at once and back again; the queue's filters; who has how much; reviews that open on their day."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.alerts.flags.test_conclusions import work
from tests.conftest import Clock
from tests.support import Service
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio


async def some(service: Service, count: int = 3) -> list[str]:
    """Reviews of so many patients."""
    out = []
    for i in range(count):
        new = {"name": f"Person {i}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
        service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
        out.append((await opened(service))["id"])
    return out


async def many(service: Service, ids: list[str], step: str, **more: Any) -> dict[str, Any]:
    answer = await service("sam", "POST", "/v1/reviews/bulk", json={"step": step, "review_ids": ids, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def states(service: Service, ids: list[str]) -> list[tuple[str, str | None]]:
    rows = [(await service("sam", "GET", f"/v1/reviews/{one}")).json() for one in ids]
    return [(row["state"], row["owner_id"]) for row in rows]


async def test_many_are_handed_to_somebody_and_back(service: Service) -> None:
    ids, sam = await some(service), str(service.accounts["sam"][1])
    done = await many(service, ids, "assign", owner_id=sam)
    assert [i["status"] for i in done["items"]] == ["done"] * 3
    assert await states(service, ids) == [("in_work", sam)] * 3
    undone = await service("cleo", "POST", f"/v1/reviews/bulk/{done['id']}/undo")
    assert [i["status"] for i in undone.json()["items"]] == ["done"] * 3
    assert await states(service, ids) == [("opened", None)] * 3
    steps = (await service("sam", "GET", f"/v1/reviews/{ids[0]}")).json()["steps"]
    assert [s["what"] for s in steps] == ["opened", "work", "undo"]
    again = await service("sam", "POST", f"/v1/reviews/bulk/{done['id']}/undo")
    assert again.status_code == 409


async def test_each_is_answered_in_the_order_in_which_it_was_asked_and_two_at_once_do_not_stop_each_other(
    service: Service,
) -> None:
    ids, sam = await some(service, 6), str(service.accounts["sam"][1])
    for _ in range(4):
        orders = [ids, ids[::-1]]
        answers = await asyncio.gather(*(many(service, order, "assign", owner_id=sam) for order in orders))
        assert [[i["review_id"] for i in answer["items"]] for answer in answers] == orders


async def test_what_somebody_has_touched_since_is_not_undone(service: Service) -> None:
    ids = await some(service)
    done = await many(service, ids, "wait", reason="after the summer", wait_until="2026-09-01")
    assert {s for s, _ in await states(service, ids)} == {"decided"}
    reopened = await service("sam", "GET", f"/v1/reviews/{ids[0]}")
    new = await service("sam", "POST", f"/v1/procedures/{reopened.json()['procedure_id']}/reviews")
    assert new.status_code == 201
    items = (await service("sam", "POST", f"/v1/reviews/bulk/{done['id']}/undo")).json()["items"]
    assert [i["status"] for i in items] == ["rejected", "done", "done"]
    assert "another review" in items[0]["problem"]["detail"].lower()
    assert [s for s, _ in await states(service, ids)] == ["decided", "opened", "opened"]
    rows = [(await service("sam", "GET", f"/v1/reviews/{one}")).json() for one in ids]
    assert [(row["decision"], row["wait_until"], row["closed_at"] is None) for row in rows[1:]] == [
        (None, None, True)
    ] * 2


async def test_one_at_fault_holds_up_no_other(service: Service) -> None:
    ids = await some(service, 2)
    await service("sam", "POST", f"/v1/reviews/{ids[0]}/book", json={"slot_id": await slot(service)})
    nowhere = "0199a3c4-7d00-7a00-8000-000000000001"
    done = await many(service, [*ids, nowhere], "cancel", reason="opened by mistake")
    assert [(i["status"], (i["problem"] or {}).get("status")) for i in done["items"]] == [
        ("rejected", 409),
        ("done", None),
        ("rejected", 404),
    ]
    assert [s for s, _ in await states(service, ids)] == ["booked", "cancelled"]


async def test_a_step_that_is_refused_leaves_nothing_of_itself(service: Service) -> None:
    """A review that was decided to repeat keeps its appointment, also where a step with many would end it."""
    ids = await some(service, 2)
    where = f"/v1/reviews/{ids[0]}"
    booked = await service("sam", "POST", f"{where}/book", json={"slot_id": await slot(service)})
    assert booked.json()["state"] == "booked"
    decision = {"decision": "repeat", "reason": "a year of relief"}
    assert (await service("cleo", "POST", f"{where}/decide", json=decision)).status_code == 200
    before = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    for step, more in (("cancel", {}), ("wait", {"wait_until": "2026-09-01"})):
        done = await many(service, ids, step, reason="by mistake", **more)
        assert [(i["problem"] or {}).get("status") for i in done["items"]] == [409, None]
        assert (await service("cleo", "POST", f"/v1/reviews/bulk/{done['id']}/undo")).status_code == 200
        after = (await service("sam", "GET", "/v1/appointments")).json()["items"]
        assert [one["state"] for one in after] == ["booked"]
        assert after == before
    assert (await service("sam", "GET", where)).json()["state"] == "decided"


async def test_many_are_proposed_under_a_policy(service: Service) -> None:
    ids = await some(service, 2)
    await many(service, ids, "propose", policy="hull-uk", proposed_on="2026-07-01")
    rows = [(await service("sam", "GET", f"/v1/reviews/{one}")).json() for one in ids]
    assert [(r["state"], r["policy"], r["proposed_on"]) for r in rows] == [("proposed", "hull-uk", "2026-07-01")] * 2
    unknown = await many(service, ids, "propose", policy="no-such-payer")
    assert [i["status"] for i in unknown["items"]] == ["rejected"] * 2
    empty = await service("sam", "POST", "/v1/reviews/bulk", json={"step": "propose", "review_ids": ids})
    assert empty.status_code == 422


async def test_the_queue_is_filtered(service: Service, clock: Clock) -> None:
    ids, sam = await some(service), str(service.accounts["sam"][1])
    await many(service, ids[:1], "assign", owner_id=sam)
    await many(service, ids[1:2], "propose", policy="hull-uk")

    async def found(query: str) -> list[str]:
        answer = await service("sam", "GET", f"/v1/reviews?{query}")
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["items"]]

    assert await found(f"owner_id={sam}") == ids[:1]
    assert await found("unowned=true") == ids[1:]
    assert await found("policy=hull-uk") == ids[1:2]
    assert await found("name=person 2") == ids[2:]
    assert await found("name=%25") == []  # a percent sign is itself
    assert (await found("region=lumbar"), await found("region=cervical")) == (ids, [])
    assert (await found("opened_by=hand"), await found("opened_by=flag")) == (ids, [])
    assert (await found("waiting_days=1"), await found("waiting_days=0")) == ([], ids)
    clock.now += timedelta(days=2)
    await service.sign_in_again()
    assert await found("waiting_days=1&limit=2") == ids[:2]
    assert (await service("sam", "GET", "/v1/reviews?colour=red")).status_code == 422


async def test_the_workload_by_owner(service: Service, clock: Clock) -> None:
    ids, sam = await some(service), str(service.accounts["sam"][1])
    await many(service, ids[:2], "assign", owner_id=sam)
    clock.now += timedelta(days=15)
    await service.sign_in_again()
    rows = (await service("cleo", "GET", "/v1/reviews/workload")).json()["items"]
    assert [(r["username"], r["open"], r["in_work"], r["oldest_days"], r["over_14_days"]) for r in rows] == [
        (None, 1, 0, 15, 1),
        ("sam", 2, 2, 15, 2),
    ]
    assert (await service("other", "GET", "/v1/reviews/workload")).json()["items"] == []


async def test_a_wait_that_is_over_opens_a_review_once(service: Service, clock: Clock) -> None:
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}/decide"
    body = {"decision": "wait", "reason": "better for now", "wait_until": "2026-05-10"}
    decided = await service("sam", "POST", where, json=body)
    assert (decided.json()["wait_until"], decided.json()["proposed_on"]) == ("2026-05-10", None)
    await work(service)
    assert (await service("sam", "GET", "/v1/reviews")).json()["items"] == []
    clock.now += timedelta(days=8, hours=11)  # 23:00 on the 9th by UTC: the 10th has begun in Zurich
    await service.sign_in_again()
    for _ in range(2):
        await work(service)
    (new,) = (await service("sam", "GET", "/v1/reviews")).json()["items"]
    assert (new["opened_by"], new["follows"]) == ("date", review["id"])
    assert new["steps"][0]["note"] == "the wait until 10 May 2026 is over"
    await service("sam", "POST", f"/v1/reviews/{new['id']}/cancel", json={"reason": "moved away"})
    await work(service)
    assert (await service("sam", "GET", "/v1/reviews")).json()["items"] == []


async def test_a_repeat_meanwhile_makes_the_wait_moot(service: Service, clock: Clock) -> None:
    review = await opened(service)
    body = {"decision": "wait", "reason": "better for now", "wait_until": "2026-05-10"}
    await service("sam", "POST", f"/v1/reviews/{review['id']}/decide", json=body)
    await service.new_procedure(performed_on="2026-05-01")
    clock.now += timedelta(days=20)
    await service.sign_in_again()
    await work(service)
    assert (await service("sam", "GET", "/v1/reviews")).json()["items"] == []


async def test_what_was_so_already_is_not_undone_over_a_later_step(service: Service) -> None:
    (one,), sam = await some(service, 1), str(service.accounts["sam"][1])
    await many(service, [one], "assign", owner_id=sam)
    nothing = await many(service, [one], "assign", owner_id=sam)
    assert [i["status"] for i in nothing["items"]] == ["done"]
    body = {"decision": "none", "reason": "better again"}
    assert (await service("cleo", "POST", f"/v1/reviews/{one}/decide", json=body)).status_code == 200
    undone = await service("sam", "POST", f"/v1/reviews/bulk/{nothing['id']}/undo")
    assert undone.json()["items"] == []
    assert (await service("sam", "GET", f"/v1/reviews/{one}")).json()["state"] == "decided"
