"""A patient moves an appointment by themselves: to a time that is free and alike, and to no other."""

from typing import Any

import pytest

from tests.conftest import Clock
from tests.support import Service
from tests.work.calendar.test_clashes import another_clinician
from tests.work.calendar.test_offers import told
from tests.work.reviews.test_appointments import EARLIER, LATER, booked, read
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio


async def times(service: Service, appointment: dict[str, Any], who: str = "ada") -> list[str]:
    answer = await service(who, "GET", f"/v1/appointments/{appointment['id']}/other_times")
    assert answer.status_code == 200, answer.text
    return [one["slot_id"] for one in answer.json()["items"]]


async def move(service: Service, appointment: dict[str, Any], to: str, who: str = "ada") -> Any:
    body = {"slot_id": to, "reason": "I work on that day"}
    return await service(who, "POST", f"/v1/appointments/{appointment['id']}/move", json=body)


async def test_a_patient_moves_to_a_free_time_and_all_follows(service: Service) -> None:
    review, mine = await booked(service)
    later = await slot(service, LATER)
    assert await times(service, mine) == [later]
    moved = await move(service, mine, later)
    assert moved.status_code == 200, moved.text
    now = await read(service, review)
    assert (now["state"], now["appointment_id"], now["proposed_on"]) == ("booked", moved.json()["id"], "2026-06-09")
    assert now["steps"][-1]["note"] == "I work on that day"
    assert await told(service, "appointment.moved") == 1
    assert (await times(service, mine), await times(service, moved.json())) == ([], [mine["slot_id"]])


async def test_only_what_is_alike_and_to_be_had_is_open_to_them(service: Service, clock: Clock) -> None:
    _, mine = await booked(service)
    others = [
        await slot(service, "2026-06-03T09:00:00+02:00", minutes=20),
        await slot(service, "2026-06-04T09:00:00+02:00", kind="consultation"),
        await slot(service, "2026-06-05T09:00:00+02:00", clinician_id=await another_clinician(service)),
    ]
    closed, soon = await slot(service, "2026-06-06T09:00:00+02:00"), await slot(service, "2026-06-01T09:00:00+02:00")
    await service("sam", "PATCH", f"/v1/slots/{closed}", json={"closed": True})
    assert await times(service, mine) == [soon]
    clock.now = clock.now.replace(month=5, day=31, hour=12)
    await service.sign_in_again()
    assert await times(service, mine) == [], "it begins within a day"
    for one in (*others, closed, soon, mine["slot_id"], mine["id"]):
        refused = await move(service, mine, one)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/slot_id")
    assert (await move(service, mine, soon, "sam")).status_code == 200, "the clinic's people may"


async def test_the_payers_authorisation_bounds_it(service: Service) -> None:
    review, mine = await booked(service)
    within, after = await slot(service, "2026-06-08T09:00:00+02:00"), await slot(service, LATER)
    body = {"authorisation": "A-1", "authorised_from": "2026-06-01", "authorised_until": "2026-06-08"}
    told_of = await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json=body)
    assert told_of.status_code == 200, told_of.text
    assert await times(service, mine) == [within]
    assert (await move(service, mine, after)).status_code == 422


async def test_nobody_elses_is_seen_or_moved(service: Service) -> None:
    _, mine = await booked(service)
    later = await slot(service, LATER)
    for who in ("bob", "other"):
        for answer in (
            await service(who, "GET", f"/v1/appointments/{mine['id']}/other_times"),
            await move(service, mine, later, who),
        ):
            assert answer.status_code == 404
    overruled = {"slot_id": later, "reason": "away", "overrule": "I may"}
    refused = await service("ada", "POST", f"/v1/appointments/{mine['id']}/move", json=overruled)
    assert refused.status_code == 403
    assert await times(service, mine, "sam") == [later]
    assert EARLIER[:10] == mine["starts_at"][:10]
    await service("ada", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (await times(service, mine), (await move(service, mine, later)).status_code) == ([], 409)


async def test_staffs_note_on_the_waiting_list_is_not_the_patients_to_read(service: Service) -> None:
    body = {"patient_id": service.ada_id, "note": "difficult on the phone"}
    assert (await service("sam", "POST", "/v1/waiting", json=body)).json()["note"] == body["note"]
    notes = {who: (await service(who, "GET", "/v1/waiting")).json()["items"][0]["note"] for who in ("sam", "ada")}
    assert notes == {"sam": body["note"], "ada": None}
