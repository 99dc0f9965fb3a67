"""What is free can be had: nobody is offered, shown or booked what would be refused, and what is free again is offered."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service
from tests.work.calendar.test_absences import free
from tests.work.calendar.test_clashes import another_clinician, book, patient, slot_of
from tests.work.calendar.test_offers import freed, offered, waits
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
LATER = "2026-06-09T09:00:00+02:00"


async def appointment(service: Service) -> dict[str, Any]:
    (one,) = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    return dict(one)


async def leave(service: Service, who: str, **change: Any) -> None:
    answer = await service("root", "PATCH", f"/v1/accounts/{who}", json=change)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "scheduler"}])
async def test_nobody_is_booked_with_a_clinician_who_has_left(service: Service, change: dict[str, Any]) -> None:
    doc = await another_clinician(service)
    theirs = (await slot_of(service, doc, "2026-06-02T09:00:00+02:00"))["id"]
    held = (await slot_of(service, doc, LATER))["id"]
    assert (await book(service, "sam", service.ada_id, held))[0] == 201
    await enter(service, "sam")
    assert "To be moved" not in await page(service, "/clinic/calendar")
    await leave(service, doc, **change)
    assert await free(service) == []
    assert await book(service, "sam", service.ada_id, theirs) == (409, "The clinician works here no more.")
    await waits(service, "bob")
    assert (await service("sam", "GET", "/v1/waiting")).json()["items"][0]["fits"] == []
    text = await page(service, "/clinic/calendar")
    assert "To be moved" in text and f"/clinic/appointments/{(await appointment(service))['id']}" in text
    assert "works here no more" in await page(service, f"/clinic/appointments/{(await appointment(service))['id']}")
    await leave(service, doc, **({"disabled": False} if "disabled" in change else {"role": "clinician"}))
    assert await free(service) == [theirs]


async def test_nobody_is_offered_what_they_could_not_take(service: Service) -> None:
    elsewhere = (await slot_of(service, await another_clinician(service), "2026-06-02T09:15:00+02:00"))["id"]
    assert (await book(service, "sam", service.ada_id, elsewhere))[0] == 201
    await waits(service, "ada")
    await waits(service, "bob")
    one = await freed(service)
    assert (await offered(service, "ada"), await offered(service, "bob")) == (None, one), "ada is elsewhere then"


async def test_nobody_is_offered_a_day_that_the_payer_has_not_authorised(service: Service) -> None:
    review = await opened(service)
    days = {"authorised_from": "2026-06-05", "authorised_until": "2026-06-30"}
    assert (await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json=days)).status_code == 200
    await waits(service, "ada")
    await waits(service, "bob")
    one = await freed(service)
    assert (await offered(service, "ada"), await offered(service, "bob")) == (None, one)
    later = await freed(service, LATER)
    assert await offered(service, "ada") == later


async def test_a_slot_whose_clinician_has_something_else_is_offered_to_nobody(service: Service) -> None:
    one = await slot(service)
    body = {"clinician_id": (await service("cleo", "GET", "/v1/me")).json()["account_id"], "minutes": 45}
    body |= {"starts_at": "2026-06-02T09:30:00+02:00", "location": "Room 3", "overrule": "an emergency"}
    also = (await service("root", "POST", "/v1/slots", json=body)).json()["id"]
    first, second = await patient(service, "First"), await patient(service, "Second")
    assert (await book(service, "sam", first, one))[0] == 201
    assert (await book(service, "root", second, also, overrule="an emergency"))[0] == 201
    await waits(service, "bob")
    (mine,) = (await service("sam", "GET", f"/v1/appointments?patient_id={first}")).json()["items"]
    await service("sam", "POST", f"/v1/appointments/{mine['id']}/cancel", json={"reason": "ill"})
    assert await offered(service, "bob") is None


async def test_what_is_opened_again_is_offered(service: Service) -> None:
    one = await slot(service)
    await service("sam", "PATCH", f"/v1/slots/{one}", json={"closed": True})
    await waits(service, "bob")
    assert await offered(service, "bob") is None
    await service("sam", "PATCH", f"/v1/slots/{one}", json={"closed": False})
    assert await offered(service, "bob") == one


async def test_the_five_hundred_and_first_is_offered_what_fits_nobody_before(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.calendar.offers.AT_ONCE", 1)
    await waits(service, "ada", first_on="2026-07-01")
    await waits(service, "bob")
    one = await freed(service)
    assert await offered(service, "bob") == one


async def test_a_second_wish_takes_the_place_of_the_first(service: Service) -> None:
    first = await waits(service, "ada", note="mornings only")
    await waits(service, "bob")
    one = await freed(service)
    assert await offered(service, "ada") == one
    body = {"patient_id": service.ada_id, "first_on": "2026-07-01", "note": "after the holidays"}
    answer = await service("sam", "POST", "/v1/waiting", json=body)
    wish = answer.json()
    assert (answer.status_code, wish["id"], wish["first_on"], wish["note"]) == (200, first, "2026-07-01", body["note"])
    assert (await offered(service, "ada"), await offered(service, "bob")) == (None, one), "the offer no longer fits"
    assert (await service("sam", "POST", "/v1/waiting", json=body)).json()["created_at"] == wish["created_at"]


async def test_a_repeat_is_booked_where_procedures_are(service: Service) -> None:
    review = await opened(service)
    talk = await slot(service, kind="consultation")
    where = f"/v1/reviews/{review['id']}/book"
    answer = await service("sam", "POST", where, json={"slot_id": talk})
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (
        422,
        "is for a consultation, not for a procedure",
    )
    await service("sam", "POST", where, json={"slot_id": await slot(service, LATER)})
    one = await appointment(service)
    moved = await service("sam", "POST", f"/v1/appointments/{one['id']}/move", json={"slot_id": talk, "reason": "so"})
    assert (moved.status_code, one["kind"]) == (422, "procedure")
    await enter(service, "sam")
    assert talk not in await page(service, f"/clinic/appointments/{one['id']}")


async def test_what_has_begun_is_neither_confirmed_moved_nor_cancelled(service: Service, clock: Clock) -> None:
    assert (await book(service, "sam", service.ada_id, await slot(service)))[0] == 201
    other, one = await slot(service, LATER), await appointment(service)
    clock.now = datetime.fromisoformat("2026-06-02T07:01:00+00:00")
    await service.sign_in_again()
    says = "The appointment began on 2 June 2026, 07:00 (UTC); say what became of it instead."
    for who, step, body in (
        ("ada", "confirm", None),
        ("ada", "cancel", {"reason": "ill"}),
        ("sam", "cancel", {"reason": "ill"}),
        ("sam", "move", {"reason": "ill", "slot_id": other}),
    ):
        answer = await service(who, "POST", f"/v1/appointments/{one['id']}/{step}", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (409, says), (who, step)


async def test_a_day_is_proposed_that_can_be(service: Service) -> None:
    review = await opened(service)
    where = f"/v1/reviews/{review['id']}"
    over = await service("sam", "PATCH", where, json={"proposed_on": "2026-04-01"})
    assert (over.status_code, over.json()["errors"][0]) == (
        422,
        {"where": "body", "pointer": "/proposed_on", "detail": "is over"},
    )
    days = {"authorised_from": "2026-06-05", "proposed_on": "2026-06-04"}
    outside = await service("sam", "PATCH", where, json=days)
    assert (outside.status_code, outside.json()["errors"][0]["pointer"]) == (422, "/proposed_on")
    assert (await service("sam", "PATCH", where, json=days | {"proposed_on": "2026-06-05"})).status_code == 200


async def test_a_week_that_the_clocks_leave_out_is_named(service: Service) -> None:
    me = (await service("cleo", "GET", "/v1/me")).json()["account_id"]
    made = await slot_of(
        service,
        me,
        "2027-03-21T02:30:00+01:00",
        repeats="FREQ=WEEKLY;COUNT=2",
        time_zone="Europe/Zurich",
    )
    assert (made["status"], len(made["also"]), made["left_out"]) == (201, 1, ["2027-03-28T01:30:00.000+00:00"])


async def test_an_attendance_taken_back_does_not_stand_on_a_review_that_has_ended(
    service: Service, clock: Clock
) -> None:
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    one = await appointment(service)
    clock.now = datetime.fromisoformat("2026-06-02T09:00:00+00:00")
    await service.sign_in_again()
    attendance = f"/v1/appointments/{one['id']}/attendance"
    assert (await service("sam", "POST", attendance, json={"step": "miss"})).status_code == 200
    body = {"decision": "none", "reason": "did not come twice"}
    assert (await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=body)).status_code == 200
    back = await service("sam", "POST", attendance, json={"step": "undo"})
    assert (back.status_code, back.json()["detail"][:28]) == (409, "Its review has ended meanwhi")
    assert (await service("sam", "POST", attendance, json={"step": "arrive"})).status_code == 200
    assert (await service("sam", "GET", f"/v1/reviews/{review['id']}")).json()["state"] == "decided"


async def test_a_slot_is_changed_closed_opened_and_deleted_on_its_page(service: Service) -> None:
    one = await slot(service)
    await enter(service, "sam")
    where = f"/clinic/slots/{one}"
    assert where in await page(service, "/clinic/calendar?from=2026-06-01")
    for step, fields, shows in (
        ("place", {"location": "East wing", "room": "Room 9"}, "East wing, Room 9"),
        ("close", {}, '<span class="badge">closed</span>'),
        ("open", {}, '<span class="badge">free</span>'),
    ):
        assert (await send_form(service, f"{where}/{step}", **fields)).status_code == 303, step
        assert shows in await page(service, where), step
    bad = await send_form(service, f"{where}/place", room="Room 8")
    assert (bad.status_code, "location: is needed" in bad.text, "Room 8" in bad.text) == (422, True, True)
    gone = await send_form(service, f"{where}/delete")
    assert (gone.status_code, gone.headers["location"]) == (303, "/clinic/calendar?from=2026-06-02")
    assert (await service("nobody", "GET", where)).status_code == 404
    kept = await slot(service, LATER)
    assert (await book(service, "sam", service.ada_id, kept))[0] == 201
    held = await send_form(service, f"/clinic/slots/{kept}/close")
    assert (held.status_code, "The slot is booked" in held.text) == (409, True)
    assert (await send_form(service, f"/clinic/slots/{kept}/delete")).status_code == 409


async def test_a_kept_slot_is_not_called_free(service: Service) -> None:
    await waits(service, "bob")
    await freed(service)
    await enter(service, "sam")
    text = await page(service, "/clinic/calendar?from=2026-06-01")
    assert "kept for Bob" in text and "0 free slots to come" in text


async def test_an_offered_slot_that_is_deleted_is_offered_to_nobody_any_more(service: Service) -> None:
    one = await slot(service)
    await waits(service, "bob")
    for closed in (True, False):
        await service("sam", "PATCH", f"/v1/slots/{one}", json={"closed": closed})
    assert await offered(service, "bob") == one
    assert (await service("sam", "DELETE", f"/v1/slots/{one}")).status_code == 204
    assert await offered(service, "bob") is None
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    again = await service("sam", "POST", "/v1/waiting", json={"patient_id": bob, "note": "any day"})
    assert (again.status_code, again.json()["note"]) == (200, "any day")


async def test_what_is_free_again_is_offered_past_what_is_booked_or_closed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.calendar.absences.MOST_OFFERED", 1)
    booked, closed, free_one = [await slot(service, f"2026-06-02T{hour}:00:00+02:00") for hour in ("08", "09", "10")]
    assert (await book(service, "sam", await patient(service, "Max"), booked))[0] == 201
    await service("sam", "PATCH", f"/v1/slots/{closed}", json={"closed": True})
    body = {"first_on": "2026-06-02", "last_on": "2026-06-02", "reason": "congress"}
    absence = (await service("sam", "POST", "/v1/absences", json=body)).json()["id"]
    await waits(service, "bob")
    await service("sam", "DELETE", f"/v1/absences/{absence}")
    assert await offered(service, "bob") == free_one


async def test_a_decision_leaves_an_appointment_that_has_begun_to_be_said(service: Service, clock: Clock) -> None:
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    await waits(service, "ada")
    clock.now = datetime.fromisoformat("2026-06-02T10:00:00+00:00")
    await service.sign_in_again()
    await freed(service, LATER)
    assert await offered(service, "ada") is None, "nobody has said yet what became of the appointment of that review"
    body = {"decision": "none", "reason": "better again"}
    assert (await service("cleo", "POST", f"/v1/reviews/{review['id']}/decide", json=body)).status_code == 200
    one = (await service("sam", "GET", f"/v1/appointments?patient_id={service.ada_id}")).json()["items"][0]
    assert one["state"] == "booked"
    done = await service("sam", "POST", f"/v1/appointments/{one['id']}/attendance", json={"step": "finish"})
    assert done.json()["state"] == "done"


async def test_a_wish_of_other_minutes_alone_is_a_new_wish(service: Service) -> None:
    await waits(service, "ada", minutes=30)
    await waits(service, "bob")
    one = await freed(service)
    assert await offered(service, "ada") == one
    answer = await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id, "minutes": 60})
    assert (answer.status_code, answer.json()["minutes"]) == (200, 60)
    assert (await offered(service, "ada"), await offered(service, "bob")) == (None, one)


@pytest.mark.parametrize(("at", "status"), [("06:59:59", 200), ("07:00:00", 409)])
async def test_it_has_begun_at_its_minute(service: Service, clock: Clock, at: str, status: int) -> None:
    assert (await book(service, "sam", service.ada_id, await slot(service)))[0] == 201
    one = await appointment(service)
    clock.now = datetime.fromisoformat(f"2026-06-02T{at}+00:00") - timedelta(milliseconds=100)
    await service.sign_in_again("ada")
    clock.now = datetime.fromisoformat(f"2026-06-02T{at}+00:00") - timedelta(milliseconds=1)  # it goes on by one a call
    assert (await service("ada", "POST", f"/v1/appointments/{one['id']}/confirm")).status_code == status


@pytest.mark.parametrize(("tried", "gets"), [(1, False), (2, True)])
async def test_so_many_whom_it_fits_are_tried_and_others_do_not_count(
    service: Service, monkeypatch: pytest.MonkeyPatch, tried: int, gets: bool
) -> None:
    monkeypatch.setattr("app.work.calendar.offers.MOST_TRIED", tried)
    elsewhere = (await slot_of(service, await another_clinician(service), "2026-06-02T09:15:00+02:00"))["id"]
    assert (await book(service, "sam", service.ada_id, elsewhere))[0] == 201
    other = await patient(service, "Later")
    await service("sam", "POST", "/v1/waiting", json={"patient_id": other, "first_on": "2026-07-01"})
    await waits(service, "ada")  # whom it fits, and who is elsewhere then
    await waits(service, "bob")
    one = await freed(service)
    assert await offered(service, "bob") == (one if gets else None)


@pytest.mark.parametrize(
    ("days", "status"),
    [
        ({"proposed_on": "2026-05-01"}, 200),  # today
        ({"proposed_on": "2026-04-30"}, 422),
        ({"proposed_on": "2026-06-30", "authorised_until": "2026-06-30"}, 200),
        ({"proposed_on": "2026-07-01", "authorised_until": "2026-06-30"}, 422),
    ],
)
async def test_a_proposed_day_at_the_limits(service: Service, days: dict[str, str], status: int) -> None:
    review = await opened(service)
    answer = await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json=days)
    assert answer.status_code == status
    assert status == 200 or answer.json()["errors"][0]["pointer"] == "/proposed_on"


async def test_today_is_that_of_the_patients_clocks(service: Service, clock: Clock) -> None:
    review = await opened(service)
    zone = {"time_zone": "Pacific/Auckland"}
    assert (await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json=zone)).status_code == 200
    clock.now = datetime.fromisoformat("2026-05-01T13:00:00+00:00")  # the second of May there
    answer = await service("sam", "PATCH", f"/v1/reviews/{review['id']}", json={"proposed_on": "2026-05-01"})
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (422, "is over")


async def test_another_clinics_slot_has_no_page(service: Service) -> None:
    one = await slot(service)
    await enter(service, "other")
    assert (await service("nobody", "GET", f"/clinic/slots/{one}")).status_code == 404
    for step in ("close", "open", "delete"):
        assert (await send_form(service, f"/clinic/slots/{one}/{step}")).status_code in (403, 404), step
    assert (await service("sam", "GET", "/v1/slots")).json()["items"][0]["free"] is True
