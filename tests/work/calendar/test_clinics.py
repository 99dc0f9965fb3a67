"""A slot is its clinic's own: another clinic can not book it, and sees it in no list, calendar, feed or waiting list."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.accounts.permissions import Caller
from app.alerts.messages.outbox import message
from app.work.calendar.slots import agenda, slot
from tests.support import Service
from tests.work.reviews.test_reviews import opened
from tests.work.reviews.test_reviews import slot as our_slot

pytestmark = pytest.mark.anyio
AT = "2026-06-02T09:00:00+02:00"
EVE = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}


async def their_slot(service: Service, at: str = AT, **more: Any) -> str:
    me = str(service.accounts["other"][1])
    body = {"clinician_id": me, "starts_at": at, "minutes": 45, "location": "Room There", **more}
    answer = await service("other", "POST", "/v1/slots", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def their_patient(service: Service) -> str:
    answer = await service("other", "POST", "/v1/patients", json=EVE)
    return str(answer.json()["id"])


async def booked(service: Service, who: str, patient: str, slot_id: str) -> dict[str, Any]:
    answer = await service(who, "POST", "/v1/appointments", json={"patient_id": patient, "slot_id": slot_id})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def ids(service: Service, who: str, path: str) -> list[str]:
    return [one["id"] for one in (await service(who, "GET", path)).json()["items"]]


async def feed_of(service: Service, who: str) -> str:
    url = (await service(who, "POST", "/v1/calendar")).json()["url"]
    answer = await service("nobody", "GET", url)
    assert answer.status_code == 200
    return answer.text


def is_no_slot_of_ours(answer: Any) -> bool:
    errors = answer.json()["errors"]
    return (answer.status_code, [(e["pointer"], e["detail"]) for e in errors]) == (
        422,
        [("/slot_id", "is no slot of this clinic")],
    )


async def test_a_slot_of_another_clinic_is_booked_by_no_way(service: Service) -> None:
    theirs = await their_slot(service)
    for who in ("cleo", "sam", "root"):
        body = {"patient_id": service.ada_id, "slot_id": theirs}
        assert is_no_slot_of_ours(await service(who, "POST", "/v1/appointments", json=body)), who
    review = await opened(service)
    by_review = await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": theirs})
    assert is_no_slot_of_ours(by_review)
    mine = await booked(service, "sam", service.ada_id, await our_slot(service))
    moved = await service(
        "sam", "POST", f"/v1/appointments/{mine['id']}/move", json={"slot_id": theirs, "reason": "nearer"}
    )
    assert is_no_slot_of_ours(moved)
    assert (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()["state"] == "opened"
    (still,) = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    assert (still["id"], still["slot_id"], still["state"]) == (mine["id"], mine["slot_id"], "booked")
    assert await ids(service, "other", "/v1/appointments") == []
    assert await ids(service, "other", "/v1/slots?free=true") == [theirs]


async def test_a_patient_of_another_clinic_is_booked_into_no_slot(service: Service) -> None:
    eve, ours = await their_patient(service), await our_slot(service)
    answer = await service("sam", "POST", "/v1/appointments", json={"patient_id": eve, "slot_id": ours})
    assert answer.status_code == 404
    assert await ids(service, "sam", "/v1/slots?free=true") == [ours]


async def test_slots_are_listed_to_their_own_clinic(service: Service) -> None:
    ours, theirs = await our_slot(service), await their_slot(service)
    for query in ("", "?free=true", "?from=2026-06-01T00:00:00Z&to=2026-07-01T00:00:00Z"):
        for who in ("cleo", "sam", "root"):
            assert await ids(service, who, f"/v1/slots{query}") == [ours], query
        assert await ids(service, "other", f"/v1/slots{query}") == [theirs], query
    eve = await their_patient(service)
    await booked(service, "other", eve, theirs)
    assert (await ids(service, "sam", "/v1/slots?free=false"), await ids(service, "sam", "/v1/slots?free=true")) == (
        [],
        [ours],
    )
    assert await ids(service, "other", "/v1/slots?free=false") == [theirs]


async def test_a_page_of_slots_goes_on_in_its_own_clinic(service: Service) -> None:
    ours = [await our_slot(service, f"2026-06-0{day}T09:00:00+02:00") for day in (2, 4)]
    await their_slot(service, "2026-06-03T09:00:00+02:00")
    first = (await service("sam", "GET", "/v1/slots?limit=1")).json()
    rest = (await service("sam", "GET", f"/v1/slots?limit=1&cursor={first['next']}")).json()
    assert [s["id"] for s in (*first["items"], *rest["items"])] == ours
    assert rest["next"] is None


async def test_a_slot_is_of_a_clinician_of_ones_own_clinic(service: Service) -> None:
    body = {"clinician_id": str(service.accounts["other"][1]), "starts_at": AT, "minutes": 45, "location": "Room 2"}
    answer = await service("sam", "POST", "/v1/slots", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/clinician_id")
    wanted = {"patient_id": service.ada_id, "clinician_id": str(service.accounts["other"][1])}
    answer = await service("sam", "POST", "/v1/waiting", json=wanted)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/clinician_id")


async def test_appointments_and_what_is_done_with_them_stay_in_the_clinic(service: Service) -> None:
    mine = await booked(service, "sam", service.ada_id, await our_slot(service))
    hers = await booked(service, "other", await their_patient(service), await their_slot(service))
    assert await ids(service, "sam", "/v1/appointments") == [mine["id"]]
    assert await ids(service, "other", "/v1/appointments") == [hers["id"]]
    assert await ids(service, "sam", f"/v1/appointments?patient_id={hers['patient_id']}") == []
    away = {"slot_id": mine["slot_id"], "reason": "away"}
    for step, body in (("confirm", None), ("cancel", {"reason": "away"}), ("move", away)):
        answer = await service("sam", "POST", f"/v1/appointments/{hers['id']}/{step}", json=body)
        assert answer.status_code == 404, step
    (after,) = (await service("other", "GET", "/v1/appointments")).json()["items"]
    assert after == hers


async def test_the_agenda_shows_no_slot_and_no_name_of_another_clinic(service: Service) -> None:
    ours, theirs = await our_slot(service), await their_slot(service)
    await booked(service, "other", await their_patient(service), theirs)
    pages = {}
    for who in ("cleo", "other"):
        clinic_id, account_id = service.accounts[who]
        caller, now = Caller(account_id, clinic_id, "clinician", None), service.app.state.clock()
        pages[who] = await agenda(service.app.state.database, caller, first=now, last=now + timedelta(days=60), now=now)
    assert [(str(one.id), one.name, one.clinician) for one in pages["cleo"]] == [(ours, None, "cleo")]
    assert [(str(one.id), one.name, one.clinician) for one in pages["other"]] == [(theirs, "Eve", "other")]


async def test_a_feed_holds_its_own_clinics_appointments(service: Service) -> None:
    mine = await booked(service, "sam", service.ada_id, await our_slot(service))
    hers = await booked(service, "other", await their_patient(service), await their_slot(service))
    there = service.accounts["other"][0]
    await service.add("their_scheduler", there, "scheduler")
    for who in ("cleo", "sam", "root", "ada"):
        text = await feed_of(service, who)
        assert (mine["id"] in text, hers["id"] in text, "Room There" in text) == (True, False, False), who
    for who in ("other", "their_scheduler"):
        text = await feed_of(service, who)
        assert (mine["id"] in text, hers["id"] in text, "Room 2" in text) == (False, True, False), who


async def test_a_new_address_of_one_clinic_leaves_those_of_another(service: Service) -> None:
    theirs = (await service("other", "POST", "/v1/calendar")).json()["url"]
    await service("sam", "POST", "/v1/calendar")
    await service("sam", "DELETE", "/v1/calendar")
    assert (await service("nobody", "GET", theirs)).status_code == 200


async def test_no_slot_of_another_clinic_fits_who_waits(service: Service) -> None:
    theirs = await their_slot(service, minutes=60)
    wanted = {"patient_id": service.ada_id, "minutes": 30}
    waits = await service("sam", "POST", "/v1/waiting", json=wanted)
    assert (waits.status_code, waits.json()["fits"]) == (201, [])
    eve = {"patient_id": await their_patient(service), "minutes": 30}
    assert [f["id"] for f in (await service("other", "POST", "/v1/waiting", json=eve)).json()["fits"]] == [theirs]
    (row,) = (await service("sam", "GET", "/v1/waiting")).json()["items"]
    assert (row["patient_id"], row["fits"]) == (service.ada_id, [])
    ours = await our_slot(service, "2026-06-04T09:00:00+02:00")
    (row,) = (await service("sam", "GET", "/v1/waiting")).json()["items"]
    assert [f["id"] for f in row["fits"]] == [ours]
    (hers,) = (await service("other", "GET", "/v1/waiting")).json()["items"]
    assert (hers["patient_id"], [f["id"] for f in hers["fits"]]) == (eve["patient_id"], [theirs])
    assert (await service("sam", "DELETE", f"/v1/waiting/{hers['id']}")).status_code == 404


async def test_a_slot_that_is_free_again_is_told_to_its_own_clinic(service: Service) -> None:
    hers = await booked(service, "other", await their_patient(service), await their_slot(service))
    await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id, "minutes": 30})
    await service("other", "POST", f"/v1/appointments/{hers['id']}/cancel", json={"reason": "ill"})
    async with service.app.state.database.read() as connection:
        told = (await connection.execute(select(message.c.topic).where(message.c.topic == "slot.freed"))).all()
    assert told == [], "nobody of theirs waits, and ours is not asked"


async def test_slots_with_one_id_in_two_clinics_are_held_apart(service: Service) -> None:
    """A record that is carried over keeps its ids: what one clinic books is still free in the other."""
    ours = await our_slot(service)
    database, there = service.app.state.database, service.accounts["other"]
    async with database.engine.begin() as connection:
        row = (await connection.execute(select(slot))).one()._asdict()
        await connection.execute(slot.insert().values({**row, "clinic_id": there[0], "clinician_id": there[1]}))
    mine = await booked(service, "sam", service.ada_id, ours)
    free = [await ids(service, who, "/v1/slots?free=true") for who in ("sam", "other")]
    assert free == [[], [ours]]
    eve = await their_patient(service)
    waits = await service("other", "POST", "/v1/waiting", json={"patient_id": eve, "minutes": 30})
    assert [f["id"] for f in waits.json()["fits"]] == [ours]
    hers = await booked(service, "other", eve, ours)
    assert (hers["location"], hers["clinician_id"]) == ("Room 2", str(there[1]))
    assert len(await ids(service, "sam", "/v1/appointments")) == 1
    gone = await service("sam", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (gone.status_code, await ids(service, "sam", "/v1/slots?free=true")) == (200, [ours])
    assert await ids(service, "other", "/v1/slots?free=true") == []
