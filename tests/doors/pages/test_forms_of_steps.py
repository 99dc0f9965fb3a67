"""What every form of a step owes: nothing of it in an address, blanks are nothing, faults on the page they came from."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.alerts.flags.test_conclusions import flags, returned
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service
from tests.work.calendar.test_waiting import waits
from tests.work.reviews.test_bulk import some
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio
MAY_BE_ASKED = {
    "kind",
    "severity",
    "show",
    "page",
    "state",
    "owner",
    "phase",
    "region",
    "waiting_days",
    "name",
    "bulk",
    "done",
    "refused",
    "from",
}
SECRET = "Zoster at her left side"


def asked(answer: httpx.Response) -> set[str]:
    """The names of what an address asks; nothing that was typed into a form may be in it."""
    assert answer.status_code == 303, answer.text[:300]
    where = answer.headers["location"]
    assert "Zoster" not in where
    return set(parse_qs(urlsplit(where).query))


async def test_nothing_that_was_typed_gets_into_an_address(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    ids = await some(service)
    free, other = await slot(service), await slot(service, "2026-06-09T09:00:00+02:00")
    await enter(service, "sam")
    review = f"/clinic/reviews/{ids[2]}"
    sent = (
        (f"/clinic/flags/{found['id']}/acknowledge", {"note": SECRET, "tag": "", "show": "mine"}),
        (f"/clinic/flags/{found['id']}/resolve", {"note": SECRET, "kind": "pain_return"}),
        ("/clinic/reviews/bulk", {"step": "cancel", "reason": SECRET, "review_id": ids[:2], "owner": "nobody"}),
        (f"{review}/work", {"note": SECRET, "check_function": "yes"}),
        (f"{review}/propose", {"note": SECRET, "laterality": "left"}),
        (f"{review}/book", {"slot_id": free}),
        (f"{review}/cancel", {"reason": SECRET}),
        (f"/clinic/patients/{service.ada_id}/wait", {"kind": "procedure", "minutes": "45", "note": SECRET}),
        ("/clinic/calendar/book", {"patient_id": service.ada_id, "slot_id": other}),
    )
    found_in = [asked(await send_form(service, where, **fields)) for where, fields in sent]
    assert set().union(*found_in) <= MAY_BE_ASKED
    assert found_in[0] == {"show"}
    assert {"owner", "bulk", "done"} <= found_in[2]


async def test_the_links_of_a_page_with_a_fault_hold_nothing_that_was_typed(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    stale = await send_form(service, f"/clinic/flags/{found['id']}/resolve", tag='"old"', note=SECRET)
    assert stale.status_code == 412
    assert not [part for part in stale.text.split('href="')[1:] if "Zoster" in part.split('"')[0]]


async def test_a_field_of_blanks_was_left_empty_and_blanks_around_it_do_not_count(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    wait = {"patient_id": f" {service.ada_id} ", "kind": "procedure", "minutes": " 45 ", "note": "   ", "first_on": " "}
    assert (await send_form(service, f"/clinic/patients/{service.ada_id}/wait", **wait)).status_code == 303
    assert "Ada Muster" in await page(service, "/clinic/calendar")
    done = await send_form(service, f"/clinic/flags/{found['id']}/acknowledge", note=" \t ", show=" mine ")
    assert (done.status_code, done.headers["location"]) == (303, "/clinic/flags?show=mine")


async def test_a_place_on_the_list_that_is_none_is_said_on_the_calendar(service: Service) -> None:
    await waits(service, minutes=45)
    await enter(service, "sam")
    for fields in ({"waiting_id": "x"}, {}):
        answer = await send_form(service, "/clinic/calendar/withdraw", **fields)
        assert (answer.status_code, "Nothing was changed" in answer.text) == (422, True), fields
        assert "Ada Muster" in answer.text


@pytest.mark.parametrize("where", ["calendar", "flags/x", "reviews/x", "appointments/x"])
async def test_a_step_that_is_none_is_said_on_a_page_to_who_has_signed_in(service: Service, where: str) -> None:
    stranger = await service("nobody", "POST", f"/clinic/{where}/dance", data={})
    assert stranger.status_code in (303, 403)
    await enter(service, "sam")
    assert (await service("nobody", "POST", f"/clinic/{where}/dance", data={})).status_code == 403
    answer = await send_form(service, f"/clinic/{where}/dance")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such step." in answer.text
