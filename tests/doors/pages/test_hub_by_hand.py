"""What somebody found who used a patient's pages for a day: old tabs, numbers, twins, addresses, names."""

import pytest

from tests.doors.pages.test_hub import NEW, fields_in
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_what_an_old_tab_had_typed_stands_beside_what_is_there_now(service: Service) -> None:
    await enter(service)
    home = f"/clinic/patients/{service.ada_id}"
    fact = {"kind": "injury", "happened_on": "2026-04-02", "note": "first"}
    made = await send_form(service, f"{home}/events", **fact)
    where = f"/clinic/events/{made.headers['location'].partition('#')[2]}/edit"
    one, other = [fields_in(await page(service, where), where) for _ in range(2)]
    await send_form(service, where, **{**one, "note": "of the one", "reason": "a"})
    late = await send_form(service, where, **{**other, "note": "of the other", "reason": "b"})
    assert late.status_code == 412 and ">of the one</textarea>" in late.text
    assert "You had typed: of the other" in late.text and "You had typed: injury" not in late.text
    edit = f"{home}/edit"
    one, other = [fields_in(await page(service, edit), edit) for _ in range(2)]
    await send_form(service, edit, **{**one, "phone": "+41 44 1"})
    late = await send_form(service, edit, **{**other, "phone": "+41 44 2"})
    assert 'value="+41 44 1"' in late.text and "You had typed: +41 44 2" in late.text


async def test_a_number_that_may_be_read_in_two_ways_is_asked_about(service: Service) -> None:
    await enter(service)
    home = f"/clinic/patients/{service.ada_id}"
    done = {"performed_on": "2026-03-02", "region": "lumbar", "laterality": "left", "seconds": "1,000"}
    refused = await send_form(service, f"{home}/procedures", **done)
    assert refused.status_code == 422 and 'id="wrong-seconds"' in refused.text
    where = f"{home}/diary/2026-04-30"
    for field, value in (("steps", "4,000"), ("medicine-1-dose", "1.000"), ("average-lumbar-both", "44")):
        typed = {"note": "x", "medicine-1-name": "ibuprofen", "medicine-1-unit": "mg", field: value}
        refused = await send_form(service, where, **typed)
        assert refused.status_code == 422 and f'id="wrong-{field}"' in refused.text, field
    for field, none in (("medicine-0-name", "no_medicine"), ("effect-0-kind", "no_effect")):
        both = await send_form(service, where, note="x", **{field: "numbness", none: "yes"})
        assert both.status_code == 422 and "is ticked, and one is written down" in both.text, none
    whole = await send_form(
        service, where, **{"medicine-0-name": "ibuprofen", "medicine-0-dose": "2,5", "medicine-0-unit": "mg"}
    )
    assert whole.status_code == 303 and "ibuprofen 2.5 mg" in await page(service, where)


async def test_who_becomes_the_twin_of_another_is_asked_about(service: Service) -> None:
    other = (await service("sam", "POST", "/v1/patients", json=NEW)).json()["id"]
    await enter(service)
    edit = f"/clinic/patients/{other}/edit"
    ada = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).json()
    typed = {**fields_in(await page(service, edit), edit), "name": "Ada Muster", "born_on": ada["born_on"]}
    asked = await send_form(service, edit, **typed)
    assert (asked.status_code, f'href="/clinic/patients/{service.ada_id}"' in asked.text) == (409, True)
    del typed["idempotency_key"]
    assert (await send_form(service, edit, **typed, somebody_else="yes")).status_code == 303


async def test_an_address_that_only_takes_forms_leads_to_the_form(service: Service) -> None:
    await enter(service)
    home = f"/clinic/patients/{service.ada_id}"
    for address, there in (
        (f"{home}/events", f"{home}/events/new"),
        ("/clinic/patients", "/clinic/patients/new"),
        (f"{home}/account/proxies", f"{home}/account"),
        (f"{home}/documents/hand-over", f"{home}/documents"),
        ("/clinic/settings/sites", "/clinic/settings"),
        ("/clinic/calendar/slots", "/clinic/calendar"),
    ):
        answer = await service("nobody", "GET", address)
        assert (answer.status_code, answer.headers.get("location")) == (303, there), address
    assert (await service("nobody", "GET", "/clinic/nowhere/else")).status_code == 404


@pytest.mark.parametrize("name", ["\u200b", "\u200b \u2060", "Ada\u202eretsuM", "\u2066x"])
async def test_a_name_that_can_not_be_seen_or_turns_the_line_is_refused(service: Service, name: str) -> None:
    refused = await service("sam", "POST", "/v1/patients", json={**NEW, "name": name})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/name")


async def test_names_of_every_script_are_taken(service: Service) -> None:
    for name in ("李 小龍", "أحمد", "नमस्ते", "Zoë Ünal", "می\u200cخواهم"):
        assert (await service("sam", "POST", "/v1/patients", json={**NEW, "name": name})).status_code == 201, name
