"""Lists and offers with more than one in them: filters filter, clocks are the clinic's, who is gone is not offered."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.doors.pages.session import COOKIE
from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.alerts.flags.test_escalation import set_clinic, silent_patients
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service, course
from tests.work.reviews.test_bulk import some
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio
GRID = "/clinic/calendar/grid"


async def new_slot(service: Service, starts_at: str, **more: Any) -> str:
    new = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": starts_at, "minutes": 30, "location": "Main"}
    made = await service("sam", "POST", "/v1/slots", json={**new, **more})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_the_grid_and_a_slot_go_by_the_clinics_clocks(service: Service) -> None:
    await set_clinic(service, time_zone="Europe/Zurich")
    await new_slot(service, "2026-05-05T09:00:00Z")
    late = await new_slot(service, "2026-05-03T22:30:00Z")
    await enter(service, "sam")
    assert '<th scope="row">11:00</th>' in await page(service, f"{GRID}?from=2026-05-05")
    gone = await send_form(service, f"/clinic/slots/{late}/delete")
    assert gone.headers["location"] == "/clinic/calendar?from=2026-05-04", "half past midnight in Zurich"


async def test_an_hour_that_the_clocks_leave_out_is_no_slot(service: Service) -> None:
    await set_clinic(service, time_zone="Europe/Zurich")
    await enter(service, "sam")
    new = {"clinician_id": str(service.accounts["cleo"][1]), "on": "2027-03-28", "at": "02:30", "minutes": "30"}
    refused = await send_form(service, "/clinic/calendar/slots", **new, location="Main", weeks="1", kind="procedure")
    assert refused.status_code == 422 and "Nothing was changed" in refused.text
    assert (await service("sam", "GET", "/v1/slots?from=2027-03-01T00:00:00Z")).json()["items"] == []


async def test_ones_own_flags_are_those_that_one_has(service: Service, clock: Clock) -> None:
    await silent_patients(service, clock, 2)
    first, second, *_ = await flags(service)
    await enter(service, "sam")
    for who, one in (("sam", first), ("cleo", second)):
        await service(who, "POST", f"/v1/flags/{one['id']}/acknowledge", json={})
    mine = await page(service, "/clinic/flags?show=mine")
    assert first["id"] in mine and second["id"] not in mine


async def test_what_has_lapsed_is_among_what_is_over(service: Service) -> None:
    procedure = await returned(service)
    await service("cleo", "DELETE", f"/v1/procedures/{procedure}", params={"reason": "another patient's"})
    await enter(service)
    assert "pain returned after" in await page(service, "/clinic/flags?show=over")


async def test_a_step_leads_back_to_the_list_as_it_was(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    done = await send_form(service, f"/clinic/flags/{found['id']}/call", outcome="reached", show="mine")
    assert done.headers["location"] == "/clinic/flags?show=mine"


async def test_who_was_shut_out_is_offered_nowhere(service: Service) -> None:
    await service.add("dora", service.clinic_id, "clinician")
    dora = str(service.accounts["dora"][1])
    await returned(service)
    places = {"/clinic/flags": "sam", "/clinic/calendar": "sam", "/clinic/settings": "root"}
    for where, who in places.items():
        await enter(service, who)
        assert f'value="{dora}"' in await page(service, where), where
    assert (await service("root", "PATCH", f"/v1/accounts/{dora}", json={"disabled": True})).status_code == 200
    for where, who in places.items():
        await enter(service, who)
        assert f'value="{dora}"' not in await page(service, where), where


async def test_the_first_steps_stay_until_all_are_done(service: Service) -> None:
    await enter(service, "root")
    text = await page(service, "/clinic")
    assert "First steps" in text, "there are patients, and no phone number yet"
    assert text.count('class="done"') == 2
    await set_clinic(service, phone="+41 44 1")
    assert "First steps" not in await page(service, "/clinic")
    disabled = {"disabled": True}
    await service("root", "PATCH", f"/v1/accounts/{service.accounts['cleo'][1]}", json=disabled)
    assert "Invite a clinician" in await page(service, "/clinic"), "who is shut out treats nobody"


async def test_one_is_found_by_the_new_birth_date_and_not_by_the_old(service: Service) -> None:
    await enter(service, "sam")
    assert "Ada Muster" in await page(service, "/clinic?q=1961-04-02")
    moved = await service("sam", "PATCH", f"/v1/patients/{service.ada_id}", json={"born_on": "1962-05-03"})
    assert moved.status_code == 200
    assert "Ada Muster" in await page(service, "/clinic?q=1962-05-03")
    assert "Ada Muster" not in await page(service, "/clinic?q=1961-04-02")


async def test_who_has_died_is_not_invited(service: Service) -> None:
    await enter(service)
    new = {"name": "Bea Roth", "born_on": "1971-02-03", "time_zone": "Europe/Zurich"}
    one = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    home = f"/clinic/patients/{one}"
    assert f'action="{home}/invite"' in await page(service, home)
    died = {"kind": "death", "happened_on": "2026-04-02"}
    assert (await service("cleo", "POST", f"/v1/patients/{one}/events", json=died)).status_code == 201
    assert f'action="{home}/invite"' not in await page(service, home)


async def test_the_bands_of_a_sheet_lie_around_the_curve(service: Service) -> None:
    await service.new_procedure(joints=["L4-5"])
    scores = [7.0] * 14 + [7.0] * 8 + [1.5] * 180 + [6.5] * 90
    entries = course("2025-06-26", scores)
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    for number in range(5):
        new = {"name": f"Person {number}", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
        one = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
        treated = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left", "baseline_pain": 7}
        await service("cleo", "POST", f"/v1/patients/{one}/procedures", json=treated)
        lasting = course("2025-06-26", [*[7.0] * 22, *[1.5] * (100 + 40 * number), *[6.5] * 60])
        await service("cleo", "POST", f"/v1/patients/{one}/diary", json={"entries": lasting})
    await work(service)
    await enter(service)
    rows = [one.split(",") for one in (await page(service, "/clinic/cohort.csv")).splitlines()[1:]]
    around = [tuple(map(float, (row[4], row[3], row[5]))) for row in rows if row[4] and row[5]]
    assert around and all(low <= share <= high for low, share, high in around)
    assert any(low < high for low, _, high in around)


async def test_a_patients_own_token_opens_no_page_of_the_clinic(service: Service) -> None:
    for where in ("/clinic", f"/clinic/patients/{service.ada_id}"):
        answer = await service("nobody", "GET", where, headers={"cookie": f"{COOKIE}={service.tokens['ada']}"})
        assert answer.status_code == 403, where


async def test_an_absence_of_one_sunday_stands_in_its_week(service: Service) -> None:
    away = {"clinician_id": str(service.accounts["cleo"][1]), "first_on": "2026-06-07", "last_on": "2026-06-07"}
    assert (await service("sam", "POST", "/v1/absences", json={**away, "reason": "a course"})).status_code == 201
    await enter(service, "sam")
    assert "a course" in await page(service, "/clinic/calendar?from=2026-06-01")
    assert "a course" not in await page(service, "/clinic/calendar?from=2026-06-08")


async def test_the_weeks_of_a_grid_keep_whom_it_is_of(service: Service) -> None:
    await slot(service)
    await enter(service, "sam")
    text = await page(service, f"{GRID}?from=2026-06-02&who=cleo")
    for turn in ("prev", "next"):
        (link,) = re.findall(rf'rel="{turn}" href="([^"]+)"', text)
        assert "who=cleo" in link


async def test_only_an_admin_is_asked_why_a_slot_may_overlap(service: Service) -> None:
    for who, offered in (("sam", False), ("root", True)):
        await enter(service, who)
        assert ('name="overrule"' in await page(service, "/clinic/calendar")) is offered, who


async def test_the_queue_of_ones_own_is_of_ones_own(service: Service) -> None:
    ids = await some(service)
    sam = str(service.accounts["sam"][1])
    await enter(service, "sam")
    await send_form(service, "/clinic/reviews/bulk", step="assign", to=sam, review_id=ids[:1])
    assert len(re.findall(r'class="person"', await page(service, "/clinic/reviews?owner=me"))) == 1
    assert len(re.findall(r'class="person"', await page(service, "/clinic/reviews"))) == 3


async def test_no_month_to_come_is_offered(service: Service, clock: Clock) -> None:
    home = f"/clinic/patients/{service.ada_id}/diary"
    clock.now = datetime.fromisoformat("2026-04-30T10:00:00+00:00")
    await service.sign_in_again()
    await enter(service)
    assert "month=2026-05" not in await page(service, f"{home}?month=2026-04")
    clock.now += timedelta(days=1)
    await enter(service)
    assert "month=2026-05" in await page(service, f"{home}?month=2026-04")


async def test_the_same_host_on_another_port_is_another_site(service: Service) -> None:
    await enter(service)
    text = await page(service, "/clinic")
    token = re.findall(r'name="form_token" value="(\w+)"', text)[0]
    new = {"form_token": token, "name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    answer = await service("nobody", "POST", "/clinic/patients", data=new, headers={"Origin": "http://test:8081"})
    assert answer.status_code == 403
