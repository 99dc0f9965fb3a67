"""Reviews: their way, two people at once, eligibility, the queue, and what the service does by itself."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.alerts.flags.test_conclusions import BEFORE, flags, log, returned, work
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
RACERS = 100


async def opened(service: Service, **body: Any) -> dict[str, Any]:
    procedure = await service.new_procedure(joints=["L4-5", "L5-S1"])
    answer = await service("sam", "POST", f"/v1/procedures/{procedure}/reviews", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def slot(service: Service, at: str = "2026-06-02T09:00:00+02:00", **more: Any) -> str:
    me = (await service("cleo", "GET", "/v1/me")).json()["account_id"]
    body = {"clinician_id": me, "starts_at": at, "minutes": 45, "location": "Room 2", **more}
    answer = await service("sam", "POST", "/v1/slots", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_the_whole_way(service: Service) -> None:
    review = await opened(service, proposed_on="2026-06-02")
    where = f"/v1/reviews/{review['id']}"
    assert (review["state"], review["laterality"], review["joints"]) == ("opened", "left", ["L4-5", "L5-S1"])
    worked = await service("sam", "PATCH", where, json={"checklist": {"patient_asked": "yes"}, "note": "called her"})
    assert (worked.json()["state"], worked.json()["checklist"]) == ("in_work", {"patient_asked": "yes"})
    proposed = await service("sam", "PATCH", where, json={"proposed_on": "2026-06-02", "policy": "medicare-lcd"})
    assert proposed.json()["state"] == "proposed"
    booked = await service("sam", "POST", f"{where}/book", json={"slot_id": await slot(service)})
    assert booked.json()["state"] == "booked"
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    assert (mine["review_id"], mine["state"]) == (review["id"], "booked")
    sure = await service("ada", "POST", f"/v1/appointments/{mine['id']}/confirm")
    assert sure.json()["state"] == "confirmed"
    done = await service(
        "cleo", "POST", f"{where}/decide", json={"decision": "repeat", "reason": "nine months of relief"}
    )
    assert (done.json()["state"], done.json()["decision"]) == ("decided", "repeat")
    assert [s["what"] for s in done.json()["steps"]] == ["opened", "work", "propose", "book", "decide"]
    late = await service("cleo", "POST", f"{where}/cancel", json={"reason": "too late"})
    assert late.status_code == 409


async def test_an_answer_of_the_checklist_can_be_taken_back(service: Service) -> None:
    where = f"/v1/reviews/{(await opened(service))['id']}"
    await service("sam", "PATCH", where, json={"checklist": {"blocks": "no", "function": "yes"}})
    back = await service("sam", "PATCH", where, json={"checklist": {"blocks": "open", "patient_asked": "open"}})
    assert (back.status_code, back.json()["checklist"]) == (200, {"function": "yes"})


async def test_a_repeat_that_was_decided_first_can_be_booked_then(service: Service) -> None:
    where = f"/v1/reviews/{(await opened(service))['id']}"
    decided = await service("cleo", "POST", f"{where}/decide", json={"decision": "repeat", "reason": "nine months"})
    booked = await service("sam", "POST", f"{where}/book", json={"slot_id": await slot(service)})
    assert booked.json()["closed_at"] == decided.json()["closed_at"], "it was decided when it was decided"
    assert (booked.status_code, booked.json()["state"], booked.json()["proposed_on"]) == (200, "decided", "2026-06-02")
    again = await slot(service, "2026-06-03T09:00:00+02:00")
    assert (await service("sam", "POST", f"{where}/book", json={"slot_id": again})).status_code == 409
    await service("sam", "POST", f"{where}/reopen", json={"reason": "not so"})
    await service("cleo", "POST", f"{where}/decide", json={"decision": "none", "reason": "well"})
    assert (await service("sam", "POST", f"{where}/book", json={"slot_id": again})).status_code == 409


async def test_a_procedure_has_one_review_at_a_time(service: Service) -> None:
    review = await opened(service)
    where = f"/v1/procedures/{review['procedure_id']}/reviews"
    again = await service("cleo", "POST", where)
    assert (again.status_code, again.json()["id"]) == (200, review["id"])
    await service("sam", "POST", f"/v1/reviews/{review['id']}/cancel", json={"reason": "a mistake"})
    new = await service("cleo", "POST", where)
    assert (new.status_code, new.json()["id"] != review["id"]) == (201, True)


async def test_two_people_at_once(service: Service) -> None:
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}"
    tag = (await service("sam", "GET", where)).headers["etag"]
    first, second = await asyncio.gather(
        *(service(who, "PATCH", where, json={"note": who}, headers={"If-Match": tag}) for who in ("sam", "cleo"))
    )
    assert sorted((first.status_code, second.status_code)) == [200, 412]


@pytest.mark.unmeasured
async def test_of_many_that_want_a_slot_one_gets_it(service: Service) -> None:
    wanted = await slot(service)
    reviews = []
    for i in range(RACERS):
        new = {"name": f"P{i}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
        service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
        reviews.append((await opened(service))["id"])
    answers = await asyncio.gather(
        *(service("sam", "POST", f"/v1/reviews/{r}/book", json={"slot_id": wanted}) for r in reviews)
    )
    assert sorted(a.status_code for a in answers) == [200] + [409] * (RACERS - 1)
    assert len((await service("sam", "GET", "/v1/appointments?limit=200")).json()["items"]) == 1


async def test_eligibility_says_what_it_saw(service: Service) -> None:
    await service.new_procedure(joints=["L4-5"], technique="thermal", temperature_c=80)
    work_up = {"noted_on": "2025-05-01", "pain_since": "2023-01-15"}
    noted = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/work_ups", json=work_up)
    assert noted.status_code == 201, noted.text
    held = [1.5] * 190  # over six months from onset to return
    await log(service, "2025-06-26", [*BEFORE, *[7.0] * 8, *held, *[6.5] * 80])
    await work(service)
    (review,) = (await service("sam", "GET", "/v1/reviews")).json()["items"]
    where = f"/v1/reviews/{review['id']}/eligibility"
    found = (await service("sam", "GET", f"{where}?policy=medicare-lcd&proposed_on=2026-06-01")).json()
    results = {r["rule"]: r["result"] for r in found["rules"]}
    assert results == {
        "region_covered": "met",
        "technique": "met",
        "pain_since": "met",
        "blocks_before": "unknown",
        "relief_percent": "met",
        "relief_duration": "met",
        "function_gain": "unknown",
        "sessions_in_window": "met",
        "levels": "met",
    }
    assert (found["sessions_left"], found["outstanding"]) == (1, ["blocks_before"])
    assert found["earliest_on"] == "2026-01-17", "six months from the onset, and not from the procedure"
    soon = (await service("sam", "GET", f"{where}?policy=hull-uk&proposed_on=2026-06-01")).json()
    assert (soon["earliest_on"], "approved" in str(soon).lower()) == ("2026-11-10", False)
    policies = (await service("sam", "GET", "/v1/policies")).json()["items"]
    assert len(policies) >= 8
    for policy in policies:
        answer = await service("sam", "GET", f"{where}?policy={policy['name']}")
        assert answer.status_code == 200, answer.text
    wrong = await service("sam", "GET", f"{where}?policy=nobody")
    assert wrong.json()["errors"][0]["pointer"] == "/policy"


async def test_a_return_opens_a_review_and_a_repeat_closes_it(service: Service, clock: Clock) -> None:
    await returned(service)
    (flag,) = await flags(service, "kind=pain_return")
    (review,) = (await service("sam", "GET", "/v1/reviews")).json()["items"]
    assert (review["opened_by"], review["flag_id"], review["state"]) == ("flag", flag["id"], "opened")
    assert review["urgency"].startswith("pain returned on")
    await work(service)
    assert len((await service("sam", "GET", "/v1/reviews")).json()["items"]) == 1
    await service.new_procedure(performed_on="2026-04-30", joints=["L4-5"])
    clock.now += timedelta(minutes=1)
    await work(service)
    assert (await service("sam", "GET", "/v1/reviews")).json()["items"] == []
    closed = (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()
    assert (closed["state"], closed["decision"]) == ("decided", "repeat")
    assert closed["steps"][-1] | {"at": ""} == {
        "at": "",
        "by": None,
        "what": "decide",
        "note": "the procedure has been repeated",
    }


async def test_the_queue_begins_with_the_most_urgent(service: Service) -> None:
    waiting = await opened(service)
    first_ada = service.ada_id
    new = {"name": "Zoe", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
    service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    await service.add("zoe", service.clinic_id, "patient", service.ada_id)
    service.tokens["ada"] = service.tokens["zoe"]
    procedure = await returned(service)
    items = (await service("sam", "GET", "/v1/reviews")).json()["items"]
    assert [i["procedure_id"] for i in items] == [procedure, waiting["procedure_id"]]
    page = (await service("sam", "GET", "/v1/reviews?limit=1")).json()
    rest = (await service("sam", "GET", f"/v1/reviews?limit=1&cursor={page['next']}")).json()
    assert [page["items"][0]["id"], rest["items"][0]["id"]] == [i["id"] for i in items]
    assert (rest["next"], items[1]["patient_id"]) == (None, first_ada)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"proposed_on": "2025-01-01"}, "/proposed_on"),
        ({"flag_id": "0199a3c4-7d00-7a00-8000-000000000001"}, "/flag_id"),
        ({"prposed_on": "2026-01-01"}, ""),
    ],
)
async def test_what_is_wrong_is_named(service: Service, body: dict[str, Any], pointer: str) -> None:
    procedure = await service.new_procedure()
    answer = await service("sam", "POST", f"/v1/procedures/{procedure}/reviews", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_a_slot_that_can_not_be_booked(service: Service, clock: Clock) -> None:
    review = await opened(service)
    begun = await slot(service, "2026-05-01T14:10:00+02:00")
    clock.now += timedelta(minutes=20)
    where = f"/v1/reviews/{review['id']}/book"
    past = await service("sam", "POST", where, json={"slot_id": begun})
    none = await service("sam", "POST", where, json={"slot_id": review["id"]})
    assert [a.json()["errors"][0]["detail"] for a in (past, none)] == ["has begun already", "is no slot of this clinic"]
    assert (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()["state"] == "opened"
