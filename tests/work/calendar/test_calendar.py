"""Slots by rule through clock changes, moving and cancelling, and feeds that say no name."""

from datetime import UTC, datetime
from typing import Any

import pytest
import vobject

from tests.support import Service
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
WEEKLY = {"repeats": "FREQ=WEEKLY;COUNT=4", "time_zone": "Europe/Zurich"}


async def test_a_rule_keeps_the_time_of_day_when_the_clocks_change(service: Service) -> None:
    await slot(service, "2026-10-13T09:00:00+02:00", **WEEKLY)
    items = (await service("sam", "GET", "/v1/slots?from=2026-10-01T00:00:00Z")).json()["items"]
    assert [i["starts_at"][:16] for i in items] == [
        "2026-10-13T07:00",
        "2026-10-20T07:00",
        "2026-10-27T08:00",
        "2026-11-03T08:00",
    ]
    assert all(i["free"] for i in items)


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"repeats": "FREQ=WEEKLY", "time_zone": "Europe/Zurich"}, "/repeats"),
        ({"repeats": "FREQ=SOMETIMES;COUNT=3", "time_zone": "Europe/Zurich"}, "/repeats"),
        ({"repeats": "nonsense;COUNT=2", "time_zone": "Europe/Zurich"}, "/repeats"),
        ({"repeats": "FREQ=DAILY;COUNT=5000", "time_zone": "Europe/Zurich"}, "/repeats"),
        ({"repeats": "FREQ=DAILY;UNTIL=20200101", "time_zone": "Europe/Zurich"}, "/repeats"),
        ({"repeats": "FREQ=DAILY;COUNT=3"}, "/time_zone"),
        ({"minutes": 0}, "/minutes"),
        ({"clinician_id": "0199a3c4-7d00-7a00-8000-000000000001"}, "/clinician_id"),
    ],
)
async def test_a_slot_that_is_none_is_refused(service: Service, more: dict[str, Any], pointer: str) -> None:
    me = (await service("cleo", "GET", "/v1/me")).json()["account_id"]
    body = {"clinician_id": me, "starts_at": "2026-06-02T09:00:00+02:00", "minutes": 45, "location": "Room 2", **more}
    answer = await service("sam", "POST", "/v1/slots", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await service("sam", "GET", "/v1/slots")).json()["items"] == []


async def booked(service: Service) -> dict[str, Any]:
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    return dict((await service("sam", "GET", "/v1/appointments")).json()["items"][0])


async def test_moving_gives_the_old_slot_back_or_changes_nothing(service: Service) -> None:
    before = await booked(service)
    other = await slot(service, "2026-06-09T09:00:00+02:00")
    where = f"/v1/appointments/{before['id']}/move"
    same = await service("sam", "POST", where, json={"slot_id": before["slot_id"], "reason": "the same"})
    assert (same.status_code, same.json()["detail"]) == (409, "The appointment has that slot already.")
    again = await service("sam", "POST", where, json={"slot_id": other, "reason": "away"})
    moved = await service("sam", "POST", where, json={"slot_id": other, "reason": "away"})
    assert (again.status_code, moved.status_code) == (200, 409)  # the one that was moved stands cancelled
    free = (await service("sam", "GET", "/v1/slots?free=true")).json()["items"]
    assert (again.json()["slot_id"], [s["id"] for s in free]) == (other, [before["slot_id"]])
    nowhere = await service(
        "sam",
        "POST",
        f"/v1/appointments/{again.json()['id']}/move",
        json={"slot_id": before["id"], "reason": "nowhere"},
    )
    assert nowhere.status_code == 422
    states = {a["id"]: a["state"] for a in (await service("ada", "GET", "/v1/appointments")).json()["items"]}
    assert sorted(states.values()) == ["booked", "cancelled"]


async def test_a_patient_cancels_hers_and_no_other(service: Service) -> None:
    mine = await booked(service)
    where = f"/v1/appointments/{mine['id']}"
    assert (await service("bob", "POST", f"{where}/cancel", json={"reason": "not mine"})).status_code == 404
    gone = await service("ada", "POST", f"{where}/cancel", json={"reason": "ill"})
    assert (gone.json()["state"], gone.json()["reason"]) == ("cancelled", "ill")
    assert (await service("ada", "POST", f"{where}/confirm")).status_code == 409
    assert len((await service("sam", "GET", "/v1/slots?free=true")).json()["items"]) == 1


async def test_a_feed_says_when_and_where_and_no_name(service: Service) -> None:
    mine = await booked(service)
    for who in ("ada", "cleo", "sam"):
        url = (await service(who, "POST", "/v1/calendar")).json()["url"]
        feed = await service("nobody", "GET", url)
        assert feed.headers["content-type"].startswith("text/calendar")
        event = vobject.readOne(feed.text).vevent
        assert event.dtstart.value == datetime(2026, 6, 2, 7, 0, tzinfo=UTC)
        assert (event.dtend.value - event.dtstart.value).seconds == 45 * 60
        assert (event.location.value, event.status.value, event.uid.value) == (
            "Room 2",
            "TENTATIVE",
            f"{mine['id']}@reprieve",
        )
        assert "Ada" not in feed.text
        assert "rhizotomy" not in feed.text.lower()
    new = (await service("ada", "POST", "/v1/calendar")).json()["url"]
    await service("ada", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert vobject.readOne((await service("nobody", "GET", new)).text).vevent.status.value == "CANCELLED"
    await service("ada", "DELETE", "/v1/calendar")
    assert (await service("nobody", "GET", new)).status_code == 404


async def test_another_patients_feed_is_empty(service: Service) -> None:
    await booked(service)
    url = (await service("bob", "POST", "/v1/calendar")).json()["url"]
    assert "BEGIN:VEVENT" not in (await service("nobody", "GET", url)).text


async def test_slots_go_by_time_and_are_paged(service: Service) -> None:
    late = await slot(service, "2026-06-09T09:00:00+02:00")
    early = await slot(service, "2026-06-02T09:00:00.25+02:00")
    await service.add("cora", service.clinic_id, "clinician")
    another = str(service.accounts["cora"][1])
    same = await slot(service, "2026-06-02T09:00:00.25+02:00", location="Room 1", clinician_id=another)
    first = (await service("sam", "GET", "/v1/slots?limit=2")).json()
    rest = (await service("sam", "GET", f"/v1/slots?limit=2&cursor={first['next']}")).json()
    assert [s["id"] for s in (*first["items"], *rest["items"])] == [early, same, late]
    assert rest["next"] is None
    for wrong in ("x", "1.x", f"{'9' * 30}.{first['next'].partition('.')[2]}", "2026-06-02." + "A" * 22):
        answer = await service("sam", "GET", f"/v1/slots?cursor={wrong}")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/cursor"), wrong
