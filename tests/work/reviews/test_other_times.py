"""A patient moves an appointment by themselves: to a time that is free and alike, and to no other."""

from datetime import timedelta
from typing import Any

import pytest

from app.rules.parameters import OWN_MOVES
from app.work.reviews.other_times import MOST_SHOWN
from tests.access.lifecycle.test_keys import made
from tests.conftest import Clock
from tests.record.patients.test_proxies import let
from tests.support import Service
from tests.work.calendar.test_clashes import another_clinician
from tests.work.calendar.test_offers import freed, offered, told, waits
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
    assert await times(service, moved.json()) == []
    over = await service("ada", "GET", f"/v1/appointments/{mine['id']}/other_times")
    assert (over.status_code, over.json()["detail"]) == (409, "The appointment is moved to another time.")


async def without_review(service: Service, at: str = EARLIER, **of_slot: Any) -> dict[str, Any]:
    """An appointment of Ada's with no review behind it."""
    body = {"patient_id": service.ada_id, "slot_id": await slot(service, at, **of_slot)}
    made = await service("sam", "POST", "/v1/appointments", json=body)
    assert made.status_code == 201, made.text
    return dict(made.json())


async def test_only_what_is_alike_and_to_be_had_is_open_to_them(service: Service, clock: Clock) -> None:
    mine = await without_review(service, room="1", device="generator")
    like = {"device": "generator"}
    others = [
        await slot(service, "2026-06-03T09:00:00+02:00", minutes=20, **like),
        await slot(service, "2026-06-03T10:00:00+02:00", minutes=60, **like),
        await slot(service, "2026-06-04T09:00:00+02:00", kind="consultation", **like),
        await slot(service, "2026-06-05T09:00:00+02:00", clinician_id=await another_clinician(service), **like),
        await slot(service, "2026-06-05T10:00:00+02:00"),
    ]
    closed = await slot(service, "2026-06-06T09:00:00+02:00", **like)
    soon = await slot(service, "2026-06-01T09:00:00+02:00", **like)
    await service("sam", "PATCH", f"/v1/slots/{closed}", json={"closed": True})
    assert await times(service, mine) == [soon]
    clock.now = clock.now.replace(month=5, day=31, hour=12)
    await service.sign_in_again()
    assert await times(service, mine) == [], "it begins within a day"
    for one in (*others, closed, soon, mine["slot_id"], mine["id"]):
        assert (await move(service, mine, one)).status_code == 409
    assert (await move(service, mine, soon, "sam")).status_code == 200, "the clinic's people may"


async def test_neither_what_is_kept_for_somebody_nor_what_clashes(service: Service) -> None:
    mine = await without_review(service)
    kept = await freed(service, "2026-06-03T09:00:00+02:00")
    await waits(service, "bob")
    await freed(service, "2026-06-03T11:00:00+02:00")
    offered_to_bob = await offered(service, "bob")
    clashing = await slot(service, "2026-06-05T09:00:00+02:00")
    elsewhere = await another_clinician(service)
    await without_review(service, "2026-06-05T09:15:00+02:00", clinician_id=elsewhere)
    assert await times(service, mine) == [kept]
    for one in (offered_to_bob, clashing):
        assert one is not None
        assert (await move(service, mine, one)).status_code == 409


async def test_a_few_of_each_day_and_all_that_are_alike_may_be_taken(service: Service) -> None:
    mine = await without_review(service)
    same_day = [await slot(service, f"2026-06-03T{hour:02}:00:00+02:00") for hour in range(8, 13)]
    day_after = await slot(service, "2026-06-04T09:00:00+02:00")
    assert await times(service, mine) == [*same_day[:3], day_after]
    assert (await move(service, mine, same_day[4])).status_code == 200


async def test_of_a_review_none_comes_before_its_day_or_outside_of_the_authorisation(service: Service) -> None:
    review, mine = await booked(service)
    before = await slot(service, "2026-06-01T23:30:00+02:00")  # the payer's least interval was judged for the 2nd
    within, after = await slot(service, "2026-06-08T23:30:00+02:00"), await slot(service, LATER)
    same_day = await slot(service, "2026-06-02T00:15:00+02:00")  # in the patient's calendar, and by the clock before
    assert await times(service, mine) == [same_day, within, after]
    body = {"authorisation": "A-1", "authorised_from": "2026-06-01", "authorised_until": "2026-06-08"}
    told_of = await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json=body)
    assert told_of.status_code == 200, told_of.text
    assert await times(service, mine) == [same_day, within]
    for one in (before, after):
        assert (await move(service, mine, one)).status_code == 409
    assert (await move(service, mine, before, "sam")).status_code == 200


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
    read_by = await service("root", "GET", f"/v1/audit?patient_id={service.ada_id}&resource=appointments")
    assert read_by.json()["items"][0]["username"] == "sam"
    await service("ada", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert (await move(service, mine, later)).status_code == 409


async def test_what_has_begun_is_moved_by_nobody(service: Service, clock: Clock) -> None:
    mine = await without_review(service)
    later = await slot(service, LATER)
    clock.now = clock.now.replace(month=6, day=2, hour=12)
    await service.sign_in_again()
    seen = await service("ada", "GET", f"/v1/appointments/{mine['id']}/other_times")
    assert (seen.status_code, (await move(service, mine, later)).status_code) == (409, 409)


async def test_who_waits_for_another_time_still_waits_after_a_move(service: Service) -> None:
    mine = await without_review(service)
    await waits(service, "ada", last_on="2026-06-01")
    moved = await move(service, mine, await slot(service, LATER))
    assert len((await service("ada", "GET", "/v1/waiting")).json()["items"]) == 1
    sooner = await slot(service, "2026-05-20T09:00:00+02:00")
    assert (await move(service, moved.json(), sooner)).status_code == 200
    assert (await service("ada", "GET", "/v1/waiting")).json()["items"] == []


async def test_nobody_moves_to_and_fro_all_day(service: Service, clock: Clock) -> None:
    mine = await without_review(service)
    there = [await slot(service, LATER), mine["slot_id"]]
    answers = []
    for n in range(OWN_MOVES + 1):
        moved = await move(service, mine, there[n % 2])
        answers.append(moved.status_code)
        mine = moved.json() if moved.status_code == 200 else mine
    assert answers == [*([200] * OWN_MOVES), 409]
    clock.now += timedelta(days=1, minutes=1)
    await service.sign_in_again()
    assert (await move(service, mine, there[OWN_MOVES % 2])).status_code == 200


async def test_staffs_note_on_the_waiting_list_is_not_the_patients_to_read(service: Service) -> None:
    body = {"patient_id": service.ada_id, "note": "difficult on the phone"}
    assert (await service("sam", "POST", "/v1/waiting", json=body)).json()["note"] == body["note"]
    notes = {who: (await service(who, "GET", "/v1/waiting")).json()["items"][0]["note"] for who in ("sam", "ada")}
    assert notes == {"sam": body["note"], "ada": None}


async def test_who_acts_for_a_patient_moves_if_they_may_write(service: Service) -> None:
    mine = await without_review(service)
    later = await slot(service, LATER)
    where, for_ada = f"/v1/appointments/{mine['id']}", {"headers": {"Reprieve-For": service.ada_id}}
    body = {"slot_id": later, "reason": "my mother asked me to"}
    told_code = await let(service, may_write=False)
    await service("bob", "POST", f"/v1/proxies/{told_code['code']}/accept")
    assert (await service("bob", "GET", f"{where}/other_times", **for_ada)).status_code == 403
    assert (await service("bob", "POST", f"{where}/move", json=body, **for_ada)).status_code == 403
    await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/proxies/{told_code['id']}")
    told_code = await let(service, may_write=True)
    await service("bob", "POST", f"/v1/proxies/{told_code['code']}/accept")
    assert (await service("bob", "GET", f"{where}/other_times", **for_ada)).status_code == 200
    assert (await service("bob", "POST", f"{where}/move", json=body, **for_ada)).status_code == 200


@pytest.mark.parametrize(("scopes", "status"), [(["read", "confirm"], 403), (["read", "work_review"], 200)])
async def test_a_machine_of_the_clinic_moves_by_the_right_of_the_staff(
    service: Service, scopes: list[str], status: int
) -> None:
    mine = await without_review(service)
    later = await slot(service, LATER)
    await made(service, scopes=scopes)
    assert (await service("machine", "GET", f"/v1/appointments/{mine['id']}/other_times")).status_code == status
    assert (await move(service, mine, later, "machine")).status_code == status


async def test_thirty_times_are_enough(service: Service) -> None:
    mine = await without_review(service)
    me = (await service("cleo", "GET", "/v1/me")).json()["account_id"]
    rule = {"clinician_id": me, "starts_at": "2026-06-08T09:00:00+02:00", "minutes": 45, "location": "Room 2"}
    made_by = await service(
        "sam", "POST", "/v1/slots", json={**rule, "repeats": "FREQ=DAILY;COUNT=40", "time_zone": "Europe/Zurich"}
    )
    assert made_by.status_code == 201, made_by.text
    shown = (await service("ada", "GET", f"/v1/appointments/{mine['id']}/other_times")).json()["items"]
    assert len(shown) == MOST_SHOWN
    assert (await move(service, mine, made_by.json()["also"][-1])).status_code == 200, "that is not all they may have"
