"""Time belongs to people, rooms and devices: whatever would be in two places is refused, and says what it is."""

from typing import Any

import pytest

from tests.support import Service
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
NINE, LATER = "2026-06-02T09:00:00+02:00", "2026-06-02T09:30:00+02:00"


async def another_clinician(service: Service) -> str:
    await service.add("doc", service.clinic_id, "clinician")
    return str((await service("doc", "GET", "/v1/me")).json()["account_id"])


async def slot_of(service: Service, who: str, at: str, **more: Any) -> dict[str, Any]:
    body = {"clinician_id": who, "starts_at": at, "minutes": 45, "location": "Main building", **more}
    answer = await service("sam", "POST", "/v1/slots", json=body)
    return {"status": answer.status_code, **answer.json()}


async def book(service: Service, who: str, patient: str, slot_id: str, **more: Any) -> tuple[int, str]:
    body = {"patient_id": patient, "slot_id": slot_id, **more}
    answer = await service(who, "POST", "/v1/appointments", json=body)
    return answer.status_code, answer.json().get("detail", "")


async def patient(service: Service, name: str) -> str:
    new = {"name": name, "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
    return str((await service("cleo", "POST", "/v1/patients", json=new)).json()["id"])


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ({"room": "Room 2"}, {"room": "Room 2"}, "The room Room 2 has another slot at that time"),
        ({"device": "generator"}, {"device": "generator"}, "The device generator has another slot at that time"),
        ({"room": "Room 2"}, {"room": "Room 3"}, None),
        ({}, {}, None),
    ],
)
async def test_a_room_and_a_device_are_planned_once(
    service: Service, first: dict[str, Any], second: dict[str, Any], says: str | None
) -> None:
    await slot(service, NINE, **first)
    made = await slot_of(service, await another_clinician(service), LATER, **second)
    assert (made["status"], (made.get("detail") or "")[: len(says or "")]) == ((409, says) if says else (201, ""))


@pytest.mark.parametrize(
    ("place", "clashes"),
    [
        ({"room": "room 2"}, True),
        ({"room": " Room   2 "}, True),
        ({"room": "Room 2", "location": "MAIN building"}, True),
        ({"room": "Room 2", "location": "Annexe"}, True),
        ({"room": "Room 2, annexe", "location": "Annexe"}, False),
        ({"room": "Room 3", "device": "Generator 1", "location": "Annexe"}, True),
    ],
)
async def test_a_room_is_one_however_its_name_is_written(
    service: Service, place: dict[str, Any], clashes: bool
) -> None:
    await slot(service, NINE, room="Room 2", location="Main building", device="generator 1")
    made = await slot_of(service, await another_clinician(service), LATER, **place)
    assert made["status"] == (409 if clashes else 201), made


async def test_what_ends_as_the_next_begins_does_not_clash(service: Service) -> None:
    await slot(service, NINE, room="Room 2")
    assert (await slot_of(service, await another_clinician(service), "2026-06-02T09:45:00+02:00", room="Room 2"))[
        "status"
    ] == 201


async def test_an_admin_overrules_a_clash_with_a_reason_and_nobody_else_does(service: Service) -> None:
    await slot(service, NINE, room="Room 2")
    doc = await another_clinician(service)
    body = {"clinician_id": doc, "starts_at": LATER, "minutes": 45, "location": "1", "room": "Room 2"}
    overruled = {**body, "overrule": "a curtain divides it"}
    assert (await service("sam", "POST", "/v1/slots", json=overruled)).status_code == 403
    made = await service("root", "POST", "/v1/slots", json=overruled)
    assert made.status_code == 201, made.text
    there = {s["starts_at"][11:16]: s["id"] for s in (await service("sam", "GET", "/v1/slots")).json()["items"]}
    one, two = await patient(service, "One"), await patient(service, "Two")
    assert (await book(service, "sam", one, there["07:00"]))[0] == 201
    status, says = await book(service, "sam", two, there["07:30"])
    assert (status, says.startswith("The room Room 2 has an appointment at that time already")) == (409, True)
    assert (await book(service, "sam", two, there["07:30"], overrule="I say so"))[0] == 403
    assert (await book(service, "root", two, there["07:30"], overrule="a curtain divides it"))[0] == 201
    booked = (await service("sam", "GET", f"/v1/appointments?patient_id={two}")).json()["items"][0]
    assert (booked["room"], booked["state"]) == ("Room 2", "booked")


async def test_a_room_that_a_slot_moves_into_must_be_free(service: Service) -> None:
    await slot(service, NINE, room="Room 2")
    other = await slot_of(service, await another_clinician(service), LATER, room="Room 3")
    where = f"/v1/slots/{other['id']}"
    assert (await service("sam", "PATCH", where, json={"room": "Room 2"})).status_code == 409
    assert (await service("sam", "GET", "/v1/slots")).json()["items"][1]["room"] == "Room 3"
    moved = await service("sam", "PATCH", where, json={"room": None, "device": "generator"})
    assert (moved.status_code, moved.json()["room"], moved.json()["device"]) == (200, None, "generator")


async def test_a_closed_slot_is_opened_again_only_where_its_time_is_free(service: Service) -> None:
    first = await slot(service, NINE)
    await service("sam", "PATCH", f"/v1/slots/{first}", json={"closed": True})
    await slot(service, LATER)
    assert (await service("sam", "PATCH", f"/v1/slots/{first}", json={"closed": False})).status_code == 409


async def test_a_slot_outside_of_the_payers_authorisation_is_refused(service: Service) -> None:
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}"
    given = {"authorisation": "A-17", "authorised_from": "2026-06-03", "authorised_until": "2026-06-30"}
    worked = (await service("sam", "PATCH", where, json=given)).json()
    assert {name: worked[name] for name in given} == given
    early, good = await slot(service, NINE), await slot(service, "2026-06-04T09:00:00+02:00")
    refused = await service("sam", "POST", f"{where}/book", json={"slot_id": early})
    assert (refused.status_code, "3 June 2026 until 30 June 2026" in refused.json()["detail"]) == (409, True)
    assert (await service("sam", "GET", "/v1/slots?free=true")).json()["items"][0]["id"] == early, (
        "nothing is half done"
    )
    assert (await service("sam", "POST", f"{where}/book", json={"slot_id": good})).status_code == 200
    wrong = await service("sam", "PATCH", where, json={"authorised_until": "2026-06-01"})
    assert wrong.json()["errors"][0]["pointer"] == "/authorised_until"
