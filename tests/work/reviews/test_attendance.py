"""What becomes of an appointment: arrived, done, missed, cancelled late; and death, after which there is none."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Clock
from tests.support import Service
from tests.work.reviews.test_appointments import EARLIER, booked, read
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
BEGINS = datetime.fromisoformat(EARLIER)


async def attend(service: Service, appointment_id: str, step: str) -> tuple[int, str]:
    where = f"/v1/appointments/{appointment_id}/attendance"
    answer = await service("sam", "POST", where, json={"step": step})
    return answer.status_code, answer.json().get("state", answer.json().get("detail"))


async def test_nobody_came_and_the_review_is_to_be_booked_again(service: Service, clock: Clock) -> None:
    review, mine = await booked(service)
    assert (await attend(service, mine["id"], "miss"))[0] == 409, "it has not begun"
    clock.now = BEGINS + timedelta(hours=1)
    await service.sign_in_again()
    assert await attend(service, mine["id"], "miss") == (200, "no_show")
    now = await read(service, review)
    assert (now["state"], now["appointment_id"], now["steps"][-1]["note"]) == (
        "proposed",
        None,
        "the patient did not come",
    )
    assert await attend(service, mine["id"], "miss") == (200, "no_show")
    assert len((await read(service, review))["steps"]) == len(now["steps"]), "done twice it changes nothing"
    assert await attend(service, mine["id"], "arrive") == (200, "arrived"), "late, but there"


async def test_who_has_arrived_can_be_done_and_nothing_else(service: Service, clock: Clock) -> None:
    review, mine = await booked(service, room="Room 5")
    early = await service("sam", "POST", f"/v1/appointments/{mine['id']}/attendance", json={"step": "arrive"})
    assert (early.status_code, early.json()["detail"]) == (409, "The appointment begins on 2 June 2026, 07:00 (UTC).")
    clock.now = BEGINS - timedelta(hours=1)
    await service.sign_in_again()
    assert await attend(service, mine["id"], "arrive") == (200, "arrived")
    assert (await attend(service, mine["id"], "miss"))[0] == 409
    clock.now = BEGINS + timedelta(minutes=40)
    assert await attend(service, mine["id"], "finish") == (200, "done")
    url = (await service("ada", "POST", "/v1/calendar")).json()["url"]
    feed = (await service("nobody", "GET", url)).text
    assert "STATUS:CONFIRMED" in feed and "LOCATION:Room 2\\, Room 5" in feed
    for what in ("cancel", "confirm", "move"):
        body = {"cancel": {"reason": "ill"}, "move": {"reason": "ill", "slot_id": mine["slot_id"]}}.get(what)
        answer = await service("sam", "POST", f"/v1/appointments/{mine['id']}/{what}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (409, "The appointment is over.")
    assert (await read(service, review))["state"] == "booked"
    decided = {"decision": "none", "reason": "seen"}
    assert (await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=decided)).status_code == 200
    (kept,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    assert kept["state"] == "done", "what was kept is not cancelled by the decision"


async def test_who_was_missed_and_came_after_all_has_the_review_again(service: Service, clock: Clock) -> None:
    review, mine = await booked(service)
    clock.now = BEGINS + timedelta(minutes=30)
    await service.sign_in_again()
    await attend(service, mine["id"], "miss")
    assert await attend(service, mine["id"], "arrive") == (200, "arrived")
    now = await read(service, review)
    assert (now["state"], now["appointment_id"]) == ("booked", mine["id"])
    await attend(service, mine["id"], "undo")
    await attend(service, mine["id"], "miss")
    later = await slot(service, "2026-06-20T09:00:00+02:00")
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": later})
    assert await attend(service, mine["id"], "arrive") == (409, "Its review has been booked for another day meanwhile.")
    assert (await read(service, review))["proposed_on"] == "2026-06-20", "nothing is half done"


async def test_what_was_said_of_the_wrong_one_is_taken_back(service: Service, clock: Clock) -> None:
    review, mine = await booked(service)
    assert (await attend(service, mine["id"], "undo"))[0] == 409, "there is nothing to take back"
    clock.now = BEGINS - timedelta(hours=11)
    await service.sign_in_again()
    assert (await attend(service, mine["id"], "finish"))[0] == 409, "it has not begun"
    await attend(service, mine["id"], "arrive")
    assert await attend(service, mine["id"], "undo") == (200, "booked")
    gone = await service("sam", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (gone.status_code, (await read(service, review))["state"]) == (200, "proposed")


@pytest.mark.parametrize(("hours", "late"), [(25, False), (23, True)])
async def test_a_late_cancellation_is_told_from_one_in_time(
    service: Service, clock: Clock, hours: int, late: bool
) -> None:
    _, mine = await booked(service)
    clock.now = BEGINS - timedelta(hours=hours)
    await service.sign_in_again()
    gone = await service("ada", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (gone.json()["state"], gone.json()["late"]) == ("cancelled", late)


async def test_after_death_nothing_is_opened_booked_or_waited_for(service: Service) -> None:
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/cancel", json={"reason": "a mistake"})
    free = await slot(service)
    died = {"kind": "death", "happened_on": "2026-04-20"}
    event = (await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=died)).json()
    where = f"/v1/patients/{service.ada_id}"
    refused = [
        await service("sam", "POST", f"/v1/procedures/{review['procedure_id']}/reviews", json={}),
        await service("sam", "POST", f"/v1/reviews/{review['id']}/reopen", json={"reason": "x"}),
        await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id}),
        await service("sam", "POST", "/v1/appointments", json={"patient_id": service.ada_id, "slot_id": free}),
    ]
    assert [one.status_code for one in refused] == [409] * 4, [one.text for one in refused]
    facts: dict[str, tuple[dict[str, Any], str]] = {
        "procedures": ({"performed_on": "2026-04-21", "region": "lumbar", "laterality": "left"}, "performed_on"),
        "assessments": ({"kind": "peg", "answered_on": "2026-04-21", "items": [1, 1, 1]}, "answered_on"),
    }
    for plural, (body, field) in facts.items():
        answer = await service("cleo", "POST", f"{where}/{plural}", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"/{field}")
        assert (
            await service("cleo", "POST", f"{where}/{plural}", json={**body, field: "2026-04-20"})
        ).status_code == 201
    await service("cleo", "DELETE", f"/v1/events/{event['id']}")
    assert (await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id})).status_code == 201
