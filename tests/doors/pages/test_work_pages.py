"""Flags, the queue and the calendar over HTTP: steps, faults that lose nothing, bulk steps with undo, time zones."""

import re
from typing import Any

import httpx
import pytest

from tests.alerts.flags.test_conclusions import flags, returned
from tests.alerts.flags.test_escalation import set_clinic, silent_patients
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter, form_token
from tests.support import Service
from tests.work.calendar.test_waiting import waits
from tests.work.reviews.test_bulk import some
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio


async def page(service: Service, where: str) -> str:
    answer = await service("nobody", "GET", where)
    assert answer.status_code == 200, (answer.status_code, answer.text[:500])
    return answer.text


async def send_form(service: Service, where: str, **fields: Any) -> httpx.Response:
    token = await form_token(service)
    return await service("nobody", "POST", where, data={"form_token": token, **fields})


async def test_a_flag_is_taken_up_and_ended(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    text = await page(service, "/clinic/flags")
    assert "pain returned after" in text
    assert "with nobody yet" in text
    done = await send_form(service, f"/clinic/flags/{found['id']}/acknowledge", show="")
    assert (done.status_code, done.headers["location"]) == (303, "/clinic/flags?")
    assert "sam has it" in await page(service, "/clinic/flags?show=mine")
    stale = await send_form(service, f"/clinic/flags/{found['id']}/resolve", tag='"old"', note="called her")
    assert (stale.status_code, "Nothing was changed" in stale.text) == (412, True)
    await send_form(service, f"/clinic/flags/{found['id']}/resolve", note="called her")
    assert "called her" in await page(service, "/clinic/flags?show=over")
    assert "Nothing waits to be looked at." in await page(service, "/clinic/flags")


async def test_booking_for_who_waits_takes_the_open_review_along(service: Service) -> None:
    review = (await some(service, 1))[0]
    patient = (await service("sam", "GET", f"/v1/reviews/{review}")).json()["patient_id"]
    await service("sam", "POST", "/v1/waiting", json={"patient_id": patient})
    one = await slot(service)
    await enter(service, "sam")
    await send_form(service, "/clinic/calendar/book", patient_id=patient, slot_id=one)
    now = (await service("sam", "GET", f"/v1/reviews/{review}")).json()
    assert (now["state"], now["appointment_id"] is not None) == ("booked", True)


async def test_what_is_held_back_is_in_the_open(service: Service, clock: Clock) -> None:
    await set_clinic(service, alarm_budget=0)
    await enter(service)
    assert "Nothing is held back." in await page(service, "/clinic/flags?show=held")
    await silent_patients(service, clock, 2)
    await enter(service)
    text = await page(service, "/clinic/flags?show=held")
    assert text.count('class="flag"') == 4  # a missed contact and a silent diary each
    assert "Held back, for the clinic" in text
    assert "the alarm budget of 0 in seven days is used up" in text
    assert "0 of 0 that can wait shown in seven days" in text
    assert "Nothing waits to be looked at." in await page(service, "/clinic/flags")


@pytest.mark.parametrize("query", ["kind=nonsense", "severity=loud", "show=everything", "cursor=AAAA"])
async def test_a_filter_that_is_none_is_no_error_of_ours(service: Service, query: str) -> None:
    await enter(service)
    assert (await service("nobody", "GET", f"/clinic/flags?{query}")).status_code == 200
    assert (await service("nobody", "GET", f"/clinic/reviews?{query}&owner=x&waiting_days=-1")).status_code == 200


async def test_many_reviews_are_handed_over_and_back(service: Service) -> None:
    ids = await some(service)
    await enter(service, "sam")
    sam = str(service.accounts["sam"][1])
    done = await send_form(service, "/clinic/reviews/bulk", step="assign", to=sam, review_id=ids[:2], owner="nobody")
    assert done.status_code == 303
    told = await page(service, done.headers["location"])
    assert "Done with 2 reviews" in told
    assert len(re.findall(r'class="person"', told)) == 1  # the filter stays: nobody's
    undo = re.search(r'action="(/clinic/reviews/bulk/[^"]+/undo)"', told)
    assert undo is not None
    back = await send_form(service, undo[1])
    assert "Undone with 2 reviews" in await page(service, back.headers["location"])
    assert len(re.findall(r'class="person"', await page(service, "/clinic/reviews?owner=nobody"))) == 3
    again = await send_form(service, undo[1])
    assert (again.status_code, "taken back already" in again.text) == (409, True)


async def test_a_bulk_step_without_what_it_needs_changes_nothing(service: Service) -> None:
    ids = await some(service, 1)
    await enter(service, "sam")
    for fields in ({"step": "cancel", "review_id": ids}, {"step": "cancel", "reason": "x"}, {"step": "nonsense"}, {}):
        answer = await send_form(service, "/clinic/reviews/bulk", **fields)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (422, True), fields
    assert (await service("sam", "GET", f"/v1/reviews/{ids[0]}")).json()["state"] == "opened"


async def test_the_queue_is_filtered_by_its_address(service: Service) -> None:
    await some(service)
    await enter(service)
    text = await page(service, "/clinic/reviews?name=person+1")
    assert re.findall(r"<strong>(Person \d)</strong>", text) == ["Person 1"]
    assert "No review waits here" in await page(service, "/clinic/reviews?region=cervical")


async def test_slots_are_added_by_the_clinics_clocks(service: Service) -> None:
    await set_clinic(service, time_zone="Europe/Zurich")
    await enter(service, "sam")
    fields = {
        "clinician_id": str(service.accounts["cleo"][1]),
        "on": "2026-10-20",
        "at": "09:00",
        "minutes": "45",
        "location": "Room 2",
        "kind": "procedure",
        "weeks": "2",
    }
    made = await send_form(service, "/clinic/calendar/slots?from=2026-10-19", **fields)
    assert (made.status_code, made.headers["location"]) == (303, "/clinic/calendar?from=2026-10-19")
    items = (await service("sam", "GET", "/v1/slots?from=2026-10-01T00:00:00Z")).json()["items"]
    assert [i["starts_at"][:16] for i in items] == ["2026-10-20T07:00", "2026-10-27T08:00"]
    assert re.findall(r"<strong>(\d\d:\d\d)</strong>", await page(service, "/clinic/calendar?from=2026-10-28")) == [
        "09:00"
    ]
    for wrong in ({"on": "soon"}, {"minutes": "many"}, {"weeks": "5000"}, {"location": ""}, {"clinician_id": "x"}):
        answer = await send_form(service, "/clinic/calendar/slots", **{**fields, **wrong})
        assert (answer.status_code, "Nothing was changed" in answer.text) == (422, True), wrong
    theirs = f"/clinic/patients/{service.ada_id}/wait"
    long = await send_form(service, theirs, kind="consultation", minutes="long", note="mornings")
    assert (long.status_code, "Nothing was changed" in long.text) == (422, True)
    (own,) = (form for form in long.text.split("<form") if 'value="mornings"' in form)
    assert 'name="kind" value="consultation"' in own
    assert len((await service("sam", "GET", "/v1/slots?from=2026-10-01T00:00:00Z")).json()["items"]) == 2


async def test_who_waits_is_booked_moved_and_cancelled(service: Service) -> None:
    first, second = await slot(service), await slot(service, "2026-06-09T09:00:00+02:00")
    await waits(service, minutes=45)
    await enter(service, "sam")
    assert "Ada Muster" in await page(service, "/clinic/calendar")
    booked = await send_form(service, "/clinic/calendar/book", patient_id=service.ada_id, slot_id=first)
    assert booked.status_code == 303
    text = await page(service, "/clinic/calendar?from=2026-06-02")
    assert "Nobody waits." in text
    where = re.search(r'href="(/clinic/appointments/[^"]+)"', text)
    assert where is not None
    assert "2 June 2026, 07:00" in await page(service, where[1])  # the clinic has no time zone yet
    sure = await send_form(service, f"{where[1]}/confirm")
    assert ">confirmed<" in await page(service, sure.headers["location"])
    without = await send_form(service, f"{where[1]}/move", slot_id=second)
    assert (without.status_code, "Nothing was changed" in without.text) == (422, True)
    moved = await send_form(service, f"{where[1]}/move", slot_id=second, reason="she is away")
    assert "9 June 2026" in await page(service, moved.headers["location"])
    gone = await send_form(service, f"{moved.headers['location']}/cancel", reason="ill")
    assert ">cancelled<" in await page(service, gone.headers["location"])
    taken = await send_form(service, f"{moved.headers['location']}/move", slot_id=first, reason="again")
    assert taken.status_code == 409


async def test_a_patient_is_put_on_the_list_from_her_page(service: Service) -> None:
    await enter(service, "sam")
    assert "Let them wait for a procedure" in await page(service, f"/clinic/patients/{service.ada_id}")
    made = await send_form(service, f"/clinic/patients/{service.ada_id}/wait", minutes="45", first_on="2026-06-01")
    assert made.status_code == 303
    text = await page(service, "/clinic/calendar")
    assert "from 1 June 2026" in text
    waiting_id = re.search(r'name="waiting_id" value="([^"]+)"', text)
    assert waiting_id is not None
    await send_form(service, "/clinic/calendar/withdraw", waiting_id=waiting_id[1])
    assert "Nobody waits." in await page(service, "/clinic/calendar")


async def test_another_clinics_appointment_is_not_there(service: Service) -> None:
    await waits(service)
    await enter(service, "other")
    assert "Nobody waits." in await page(service, "/clinic/calendar")
    answer = await service("nobody", "GET", "/clinic/appointments/0199a3c4-7d00-7a00-8000-000000000001")
    assert answer.status_code == 404


async def test_a_patient_is_corrected_on_a_page(service: Service) -> None:
    await enter(service, "sam")
    where = f"/clinic/patients/{service.ada_id}/edit"
    form = await page(service, where)
    assert 'value="Ada Muster"' in form and '<option value="medicare-lcd">' in form
    typed = {"name": "Ada M. Muster", "born_on": "1960-02-29", "time_zone": "Europe/Zurich", "payer": "medicare-lcd"}
    refused = await send_form(service, where, **{**typed, "time_zone": "Nowhere", "language": "de"})
    assert (refused.status_code, ">Time zone</a>: " in refused.text, 'value="Ada M. Muster"' in refused.text) == (
        422,
        True,
        True,
    )
    assert (await send_form(service, where, **typed, language="de")).status_code == 303
    assert "paid by medicare-lcd" in await page(service, f"/clinic/patients/{service.ada_id}")
    assert (await send_form(service, where, **{**typed, "payer": ""})).status_code == 303
    now = (await service("sam", "GET", f"/v1/patients/{service.ada_id}")).json()
    assert (now["name"], now["payer"], now["language"]) == ("Ada M. Muster", None, None)
    nameless = await send_form(service, where, **{**typed, "name": "  "})
    assert (nameless.status_code, ">Name</a>: is needed" in nameless.text) == (422, True)
    stale = await send_form(service, where, **{**typed, "name": "Ada Old"}, tag="old")
    assert (stale.status_code, 'value="Ada M. Muster"' in stale.text) == (412, True)


async def test_a_bulk_step_says_who_refused_it_and_why_and_keeps_them_ticked(service: Service) -> None:
    ids = await some(service, 2)
    body = {"decision": "none", "reason": "better again"}
    assert (await service("cleo", "POST", f"/v1/reviews/{ids[0]}/decide", json=body)).status_code == 200
    await enter(service, "sam")
    wait = {"step": "wait", "reason": "holidays", "wait_until": "2026-09-01", "state": "decided"}
    told = await send_form(service, "/clinic/reviews/bulk", review_id=ids, **wait)
    assert told.status_code == 200
    assert "Done with 1 review; 1 did not allow it and stayed as it was" in told.text
    assert (
        f'<a href="/clinic/reviews/{ids[0]}">Person 0</a>: A review that is decided does not allow this step.'
        in told.text
    )
    ticked = [f'value="{one}" checked' in told.text for one in ids]
    assert (ticked, 'value="holidays"' in told.text, "/undo" in told.text) == ([True, False], True, True)
    none = await send_form(service, "/clinic/reviews/bulk", review_id=ids, **wait)
    assert ("Nothing was changed; 2 did not allow it" in none.text, "/undo" in none.text) == (True, False)


async def test_a_free_slot_is_booked_on_its_own_page(service: Service) -> None:
    review = (await some(service, 1))[0]
    patient = (await service("sam", "GET", f"/v1/reviews/{review}")).json()["patient_id"]
    name = (await service("sam", "GET", f"/v1/patients/{patient}")).json()["name"]
    where = f"/clinic/slots/{await slot(service)}"
    await enter(service, "sam")
    for sought in ("zzzz", "%00", "%20zz%20", "2026-99-99", "%F0%9F%98%80"):
        assert "Book for" not in await page(service, f"{where}?q={sought}"), sought
    assert "Nobody fits." in await page(service, f"{where}?q=zzzz")
    assert (await service("nobody", "GET", f"{where}?q={'z' * 201}")).status_code == 422
    assert (await send_form(service, f"{where}/book", patient_id="x", q="z" * 5_000)).status_code == 422
    found = await page(service, f"{where}?q={name.split()[0]}")
    assert f'aria-label="Book for {name}"' in found
    done = await send_form(service, f"{where}/book", patient_id=patient, q=name)
    assert (done.status_code, done.headers["location"]) == (303, where)
    text = await page(service, where)
    assert "It is booked" in text and name in text and 'name="q"' not in text
    now = (await service("sam", "GET", f"/v1/reviews/{review}")).json()
    assert (now["state"], now["appointment_id"] is not None) == ("booked", True), "for the review that waits"
    again = await send_form(service, f"{where}/book", patient_id=service.ada_id, q="ada")
    assert again.status_code == 409 and "Nothing was changed" in again.text


async def test_who_may_not_book_is_offered_none_and_a_closed_slot_is_nobodys(service: Service) -> None:
    where = f"/clinic/slots/{await slot(service)}"
    await enter(service, "sam")
    assert (await send_form(service, f"{where}/book", patient_id="somebody")).status_code == 422
    assert (await send_form(service, f"{where}/book", patient_id=str(service.accounts["sam"][1]))).status_code == 404
    await send_form(service, f"{where}/close")
    assert 'name="q"' not in await page(service, where)
    assert (await send_form(service, f"{where}/book", patient_id=service.ada_id)).status_code == 409
