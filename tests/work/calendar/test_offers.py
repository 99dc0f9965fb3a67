"""A freed slot goes to who waits, in their order, each with a time to answer; and appointments that come near."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.alerts.messages.outbox import message
from app.alerts.messages.tables import Message
from app.base.store.typed import col
from tests.alerts.flags.test_conclusions import work
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter, form_token
from tests.doors.pages.test_work_pages import page
from tests.support import Service
from tests.work.calendar.test_clashes import book, patient
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio


async def freed(service: Service, at: str = "2026-06-02T09:00:00+02:00") -> str:
    """A slot that was booked and is given back."""
    one, holder = await slot(service, at), await patient(service, "Holder")
    assert (await book(service, "sam", holder, one))[0] == 201
    (mine,) = (await service("sam", "GET", f"/v1/appointments?patient_id={holder}")).json()["items"]
    gone = await service("sam", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert gone.status_code == 200, gone.text
    return one


async def waits(service: Service, who: str, **more: Any) -> str:
    mine = (await service(who, "GET", "/v1/me")).json()["patient_id"]
    return str((await service("sam", "POST", "/v1/waiting", json={"patient_id": mine, **more})).json()["id"])


async def offered(service: Service, who: str) -> str | None:
    places = (await service(who, "GET", "/v1/waiting")).json()["items"]
    return places[0]["offered_slot_id"] if places else None


async def told(service: Service, topic: str) -> int:
    async with service.app.state.database.read() as connection:
        return len((await connection.execute(select(message).where(col(Message.topic) == topic))).all())


async def test_the_longest_waiting_is_offered_it_and_takes_it_with_their_review(service: Service) -> None:
    review = await opened(service)
    ada, _ = await waits(service, "ada"), await waits(service, "bob")
    one = await freed(service)
    assert (await offered(service, "ada"), await offered(service, "bob")) == (one, None)
    assert await told(service, "waiting.offered") == 1
    other = await patient(service, "Third")
    status, says = await book(service, "sam", other, one)
    assert (status, says.startswith("The slot is offered to a patient who waits")) == (409, True)
    assert (await service("bob", "POST", f"/v1/waiting/{ada}/accept")).status_code == 404
    taken = await service("ada", "POST", f"/v1/waiting/{ada}/accept")
    assert (taken.status_code, taken.json()["slot_id"], taken.json()["review_id"]) == (200, one, review["id"])
    now = (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()
    assert (now["state"], now["appointment_id"], now["proposed_on"]) == ("booked", taken.json()["id"], "2026-06-02")
    assert await offered(service, "ada") is None
    assert (await service("ada", "POST", f"/v1/waiting/{ada}/accept")).status_code == 409


async def test_who_declines_keeps_the_place_and_the_next_is_asked(service: Service) -> None:
    ada, bob = await waits(service, "ada"), await waits(service, "bob")
    one = await freed(service)
    assert (await service("ada", "POST", f"/v1/waiting/{ada}/decline")).status_code == 204
    assert (await offered(service, "ada"), await offered(service, "bob")) == (None, one)
    assert len((await service("ada", "GET", "/v1/waiting")).json()["items"]) == 1
    assert (await service("bob", "POST", f"/v1/waiting/{bob}/decline")).status_code == 204
    assert await offered(service, "ada") is None, "nobody is asked twice about one slot"
    assert (await book(service, "sam", await patient(service, "Third"), one))[0] == 201


async def test_who_does_not_answer_in_time_is_passed_over(service: Service, clock: Clock) -> None:
    ada, _ = await waits(service, "ada"), await waits(service, "bob")
    one = await freed(service)
    clock.now += timedelta(hours=24, minutes=1)
    await service.sign_in_again()
    assert (await service("ada", "POST", f"/v1/waiting/{ada}/accept")).status_code == 409
    await work(service)
    assert (await offered(service, "ada"), await offered(service, "bob")) == (None, one)


async def test_an_offer_that_falls_away_goes_to_the_next(service: Service) -> None:
    ada, _ = await waits(service, "ada"), await waits(service, "bob")
    one = await freed(service)
    await service("ada", "DELETE", f"/v1/waiting/{ada}")
    assert await offered(service, "bob") == one
    mine = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    assert (await book(service, "sam", mine, await slot(service, "2026-06-09T09:00:00+02:00")))[0] == 201
    assert await offered(service, "bob") is None
    assert (await book(service, "sam", await patient(service, "Third"), one))[0] == 201, "it is kept for nobody now"


async def test_who_gave_a_slot_up_is_not_offered_it(service: Service) -> None:
    mine = (await service("ada", "GET", "/v1/me")).json()["patient_id"]
    one = await slot(service)
    await book(service, "sam", mine, one)
    await waits(service, "ada", kind="consultation")
    await service("sam", "POST", "/v1/waiting", json={"patient_id": mine})
    await waits(service, "bob")
    (held,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    await service("ada", "POST", f"/v1/appointments/{held['id']}/cancel", json={"reason": "ill"})
    places = (await service("ada", "GET", "/v1/waiting")).json()["items"]
    assert [place["offered_slot_id"] for place in places] == [None, None]
    assert await offered(service, "bob") == one


async def test_who_is_offered_a_slot_is_told_when_and_where(service: Service) -> None:
    await waits(service, "ada")
    one = await freed(service)
    (place,) = (await service("ada", "GET", "/v1/waiting")).json()["items"]
    assert (place["offered"]["id"], place["offered"]["starts_at"][:16]) == (one, "2026-06-02T07:00")
    assert place["offered"]["location"] == "Room 2"


async def test_a_slot_that_is_kept_is_not_free_and_one_that_is_closed_is_offered_to_nobody(service: Service) -> None:
    await waits(service, "ada")
    one = await freed(service)
    assert (await service("sam", "GET", "/v1/slots?free=true")).json()["items"] == []
    assert [s["free"] for s in (await service("sam", "GET", "/v1/slots")).json()["items"]] == [False]
    assert (await service("sam", "PATCH", f"/v1/slots/{one}", json={"closed": True})).status_code == 200
    assert await offered(service, "ada") is None


async def test_who_has_a_later_slot_moves_to_the_earlier_one(service: Service) -> None:
    review = await opened(service)
    later = await slot(service, "2026-07-02T09:00:00+02:00")
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": later})
    ada = await waits(service, "ada")
    one = await freed(service)
    taken = await service("ada", "POST", f"/v1/waiting/{ada}/accept")
    assert (taken.status_code, taken.json()["slot_id"]) == (200, one)
    standing = [a for a in (await service("ada", "GET", "/v1/appointments")).json()["items"] if a["state"] == "booked"]
    assert [a["id"] for a in standing] == [taken.json()["id"]]
    now = (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()
    assert (now["state"], now["appointment_id"], now["proposed_on"]) == ("booked", taken.json()["id"], "2026-06-02")
    assert [s["id"] for s in (await service("sam", "GET", "/v1/slots?free=true")).json()["items"]] == [later]


async def test_a_slot_outside_of_the_authorisation_is_taken_by_no_way(service: Service) -> None:
    review = await opened(service)
    where, days = f"/v1/reviews/{review['id']}", {"authorised_from": "2026-06-01", "authorised_until": "2026-06-05"}
    await service("sam", "PATCH", where, json={"authorisation": "A", **days})
    good, late = await slot(service), await slot(service, "2026-07-02T09:00:00+02:00")
    await service("sam", "POST", f"{where}/book", json={"slot_id": good})
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    move = f"/v1/appointments/{mine['id']}/move"
    assert (await service("sam", "POST", move, json={"slot_id": late, "reason": "x"})).status_code == 409
    reasoned = {"slot_id": late, "reason": "x", "overrule": "it is being renewed"}
    refused = await service("sam", "PATCH", where, json={"authorised_until": "2026-06-01"})
    assert (refused.status_code, "booked for 2 June 2026" in refused.json()["detail"]) == (409, True)
    assert (await service("root", "POST", move, json=reasoned)).status_code == 200
    for name in ("authorisation", "authorised_from", "authorised_until"):
        gone = await service("sam", "PATCH", where, json={name: None})
        assert (gone.status_code, gone.json()[name]) == (200, None)
    ada = await waits(service, "ada")
    await service("sam", "PATCH", where, json={"authorised_from": "2026-07-01"})
    await freed(service, "2026-06-09T09:00:00+02:00")
    assert (await service("ada", "POST", f"/v1/waiting/{ada}/accept")).status_code == 409


async def test_who_has_died_is_offered_and_reminded_of_nothing(service: Service, clock: Clock) -> None:
    await waits(service, "ada")
    mine = (await service("ada", "GET", "/v1/me")).json()["patient_id"]
    talk = await slot(service, "2026-05-20T09:00:00+02:00", kind="consultation")
    await book(service, "sam", mine, talk)
    died = {"kind": "death", "happened_on": "2026-04-30"}
    await service("cleo", "POST", f"/v1/patients/{mine}/events", json=died)
    await freed(service)
    assert await offered(service, "ada") is None
    before = await told(service, "appointment.cancelled")
    await work(service)
    assert (await service("ada", "GET", "/v1/waiting")).json()["items"] == []
    (gone,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    assert (gone["state"], gone["reason"]) == ("cancelled", "the patient has died")
    assert await told(service, "appointment.cancelled") == before + 1
    clock.now = datetime.fromisoformat("2026-05-18T12:00:00+00:00")
    await work(service)
    assert await told(service, "appointment.reminder") == 0


async def test_a_death_that_was_a_mistake_puts_back_who_waited_and_says_what_to_book_again(
    service: Service, clock: Clock
) -> None:
    await waits(service, "ada")
    mine = (await service("ada", "GET", "/v1/me")).json()["patient_id"]
    await book(service, "sam", mine, await slot(service, "2026-05-20T09:00:00+02:00", kind="consultation"))
    died = {"kind": "death", "happened_on": "2026-04-30"}
    event = (await service("cleo", "POST", f"/v1/patients/{mine}/events", json=died)).json()
    await work(service)
    await enter(service, "sam")
    assert "book it again" not in await page(service, f"/clinic/patients/{mine}")
    clock.now += timedelta(minutes=1)
    await service("cleo", "DELETE", f"/v1/events/{event['id']}")
    await work(service)
    (place,) = (await service("ada", "GET", "/v1/waiting")).json()["items"]
    assert (place["state"], place["kind"]) == ("waiting", "procedure")
    shown = await page(service, f"/clinic/patients/{mine}")
    assert "A death was on record, and is no longer" in shown and "book it again" in shown
    freed_slot = await freed(service)
    assert await offered(service, "ada") == freed_slot
    await book(service, "sam", mine, await slot(service, "2026-05-22T09:00:00+02:00"))
    assert "book it again" in await page(service, f"/clinic/patients/{mine}"), "another kind does not stand for it"
    await book(service, "sam", mine, await slot(service, "2026-05-21T09:00:00+02:00", kind="consultation"))
    assert "book it again" not in await page(service, f"/clinic/patients/{mine}"), "it has been"


async def test_the_appointment_of_a_review_is_named_after_a_death_by_mistake_as_well(service: Service) -> None:
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    died = {"kind": "death", "happened_on": "2026-04-30"}
    event = (await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=died)).json()
    await work(service)
    await service("cleo", "DELETE", f"/v1/events/{event['id']}")
    await work(service)
    await enter(service, "sam")
    shown = await page(service, f"/clinic/patients/{service.ada_id}")
    assert "A death was on record, and is no longer" in shown and "Review" in shown


async def test_who_was_put_on_the_list_again_by_hand_waits_once(service: Service) -> None:
    await waits(service, "ada")
    mine = (await service("ada", "GET", "/v1/me")).json()["patient_id"]
    died = {"kind": "death", "happened_on": "2026-04-30"}
    event = (await service("cleo", "POST", f"/v1/patients/{mine}/events", json=died)).json()
    await work(service)
    await service("cleo", "DELETE", f"/v1/events/{event['id']}")
    await waits(service, "ada")
    await work(service)
    assert len((await service("ada", "GET", "/v1/waiting")).json()["items"]) == 1


@pytest.mark.parametrize(("first_on", "is_offered"), [("2026-06-02", True), ("2026-06-03", False)])
async def test_only_what_fits_is_offered(service: Service, first_on: str, is_offered: bool) -> None:
    await waits(service, "ada", first_on=first_on)
    one = await freed(service)
    assert await offered(service, "ada") == (one if is_offered else None)


async def test_what_is_too_near_is_offered_to_nobody(service: Service, clock: Clock) -> None:
    await waits(service, "ada")
    await freed(service, (clock.now + timedelta(hours=3)).isoformat())
    assert await offered(service, "ada") is None


async def test_an_appointment_that_comes_near_is_told_once_also_after_a_move(service: Service, clock: Clock) -> None:
    mine = (await service("ada", "GET", "/v1/me")).json()["patient_id"]
    await book(service, "sam", mine, await slot(service, "2026-05-20T09:00:00+02:00"))
    (first,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    await work(service)
    assert await told(service, "appointment.reminder") == 0
    later = await slot(service, "2026-05-25T09:00:00+02:00")
    await service("sam", "POST", f"/v1/appointments/{first['id']}/move", json={"slot_id": later, "reason": "away"})
    clock.now = datetime.fromisoformat("2026-05-18T12:00:00+00:00")
    await work(service)
    assert await told(service, "appointment.reminder") == 0, "the old day is nobody's any more"
    clock.now = datetime.fromisoformat("2026-05-23T12:00:00+00:00")
    await work(service)
    await work(service)
    assert await told(service, "appointment.reminder") == 1
    await service.sign_in_again()
    await book(service, "sam", mine, await slot(service, "2026-05-24T09:00:00+02:00"))
    await work(service)
    assert await told(service, "appointment.reminder") == 1, "who was told of the booking just now needs none"


async def decided_repeat(service: Service) -> str:
    review = await opened(service)
    body = {"decision": "repeat", "reason": "nine months"}
    assert (await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=body)).status_code == 200
    return str(review["id"])


async def test_a_decided_repeat_is_booked_once_also_from_the_list_and_by_an_offer(service: Service) -> None:
    """Its appointment is the repeat's: an offer that is taken later moves it, and makes no second one."""
    review = await decided_repeat(service)
    ada = await waits(service, "ada")
    one = await freed(service)
    taken = await service("ada", "POST", f"/v1/waiting/{ada}/accept")
    assert (taken.status_code, taken.json()["review_id"]) == (200, review)
    again = await waits(service, "ada")
    sooner = await freed(service, "2026-05-26T09:00:00+02:00")
    moved = await service("ada", "POST", f"/v1/waiting/{again}/accept")
    assert (moved.status_code, moved.json()["slot_id"], moved.json()["review_id"]) == (200, sooner, review)
    stands = [
        one for one in (await service("ada", "GET", "/v1/appointments")).json()["items"] if one["state"] == "booked"
    ]
    now = (await service("sam", "GET", f"/v1/reviews/{review}")).json()
    assert [one["id"] for one in stands] == [now["appointment_id"]] and now["state"] == "decided"
    assert one != sooner


async def test_the_clinic_books_a_decided_repeat_from_the_list(service: Service) -> None:
    review = await decided_repeat(service)
    await waits(service, "ada")
    held = await slot(service)
    await enter(service, "sam")
    sent = {"form_token": await form_token(service), "patient_id": service.ada_id, "slot_id": held}
    assert (await service("nobody", "POST", "/clinic/calendar/book", data=sent)).status_code == 303
    now = (await service("sam", "GET", f"/v1/reviews/{review}")).json()
    (mine,) = (await service("ada", "GET", "/v1/appointments")).json()["items"]
    assert (now["appointment_id"], mine["review_id"]) == (mine["id"], review)
    second = await slot(service, "2026-06-09T09:00:00+02:00")
    assert (await service("sam", "POST", f"/v1/reviews/{review}/book", json={"slot_id": second})).status_code == 409
