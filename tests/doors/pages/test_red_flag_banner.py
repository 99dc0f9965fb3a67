"""An open red flag stands on top of every page about its patient, whichever that is, until somebody has it."""

import re

import pytest

from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.doors.pages.addresses import addresses
from tests.doors.pages.test_page_audit import OPEN
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service

pytestmark = pytest.mark.anyio
NAME, BANNER = "Ada Muster", 'class="fault danger"'
OF_ALL = {"/clinic", "/clinic/flags", "/clinic/calendar", "/clinic/reviews", "/clinic/quality", "/clinic/cohort"}


async def red(service: Service) -> str:
    await service.put("2026-04-30", 7, side_effects=[{"kind": "fever", "severity": 2}])
    (flag,) = [one for one in await flags(service, "state=open") if one["kind"] == "red_flag"]
    return str(flag["id"])


async def test_every_page_about_a_patient_shows_the_red_flag(service: Service) -> None:
    procedure = await returned(service)
    await work(service)
    await red(service)
    review = (await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()["id"]
    slot = {"clinician_id": str(service.accounts["cleo"][1]), "starts_at": "2027-06-02T09:00:00+02:00"}
    made = await service("sam", "POST", "/v1/slots", json={**slot, "minutes": 45, "location": "Room 2"})
    about = {"patient_id": service.ada_id, "slot_id": made.json()["id"]}
    booked = (await service("sam", "POST", "/v1/appointments", json=about)).json()["id"]
    ids = {"patient_id": service.ada_id, "procedure_id": procedure, "review_id": review, "appointment_id": booked}
    await enter(service)
    seen = []
    for path in set(addresses(service.app)) - OPEN - OF_ALL:
        address = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: str(ids.get(found[1], "x")), path)
        answer = await service("nobody", "GET", address)
        if answer.status_code == 200 and NAME in answer.text and "<!doctype html>" in answer.text:
            seen.append(path)
            assert answer.text.count(BANNER) == 1, address
            assert "Red flag: fever" in answer.text, address
    assert len(seen) >= 8, seen


async def test_who_has_it_says_so_from_any_page(service: Service) -> None:
    procedure = await service.new_procedure()
    flag = await red(service)
    await enter(service)
    where = f"/clinic/procedures/{procedure}"
    assert "I have it</button>" in await page(service, where)
    done = await send_form(service, f"/clinic/flags/{flag}/acknowledge", patient_id=service.ada_id)
    assert (done.status_code, done.headers["location"]) == (303, f"/clinic/patients/{service.ada_id}")
    text = await page(service, where)
    assert ("cleo has it." in text, "I have it</button>" in text) == (True, False)
    await send_form(service, f"/clinic/flags/{flag}/resolve", note="seen, antibiotics")
    assert BANNER not in await page(service, where)
    assert "Take back" in await page(service, "/clinic/flags?show=over")
    await send_form(service, f"/clinic/flags/{flag}/undo")
    assert BANNER in await page(service, where)


async def test_an_answered_return_sits_low_in_the_list(service: Service) -> None:
    await returned(service)
    await work(service)
    await enter(service)
    assert 'class="badge return"' in await page(service, "/clinic")
    (flag,) = [one for one in await flags(service, "state=open") if one["kind"] == "pain_return"]
    await send_form(service, f"/clinic/flags/{flag['id']}/resolve", note="comes in June")
    text = await page(service, "/clinic")
    assert 'class="badge return"' not in text
    assert "answered" in text
    assert "answered" in await page(service, "/clinic?need=answered")


async def test_no_other_patients_page_shows_it(service: Service) -> None:
    await red(service)
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    await enter(service)
    assert BANNER in await page(service, f"/clinic/patients/{service.ada_id}")
    assert BANNER not in await page(service, f"/clinic/patients/{bob}")
