"""A page that was shown before somebody else's change overwrites nothing, and what was typed goes to its own form alone."""

import re
from typing import Any

import pytest

from tests.alerts.flags.test_conclusions import flags, returned
from tests.alerts.flags.test_escalation import silent_patients
from tests.conftest import Clock
from tests.doors.pages.test_hub import fields_in
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service

pytestmark = pytest.mark.anyio
NEW = {"name": "Bea Roth", "born_on": "1971-02-03", "time_zone": "Europe/Zurich"}


@pytest.mark.parametrize(
    ("step", "fields"),
    [("call", {"outcome": "reached", "note": "well"}), ("hand", {"account_id": "cleo"}), ("acknowledge", {})],
)
async def test_a_flags_steps_heed_its_version(service: Service, step: str, fields: dict[str, str]) -> None:
    await returned(service)
    (before,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    sent = {name: str(service.accounts[value][1]) if name == "account_id" else value for name, value in fields.items()}
    late = await send_form(service, f"/clinic/flags/{before['id']}/{step}", tag='"old"', **sent)
    assert late.status_code == 412
    assert "Somebody has changed this since you opened it" in late.text and "nothing of yours was done" in late.text
    (after,) = await flags(service, "kind=pain_return")
    assert after == before


async def test_taking_back_heeds_the_version_too(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    await send_form(service, f"/clinic/flags/{found['id']}/resolve", note="called")
    late = await send_form(service, f"/clinic/flags/{found['id']}/undo", tag='"old"')
    assert late.status_code == 412
    assert [one["state"] for one in await flags(service, "state=resolved")] == ["resolved"]


async def test_what_was_typed_about_one_flag_stands_at_no_other(service: Service, clock: Clock) -> None:
    await silent_patients(service, clock, 2)
    first, *others = await flags(service)
    assert others
    await enter(service, "sam")
    refused = await send_form(
        service, f"/clinic/flags/{first['id']}/call", outcome="shouted", note="her sister answered"
    )
    assert refused.status_code == 422
    forms = [one for one in refused.text.split("<form") if 'value="her sister answered"' in one]
    assert forms and all(f"/clinic/flags/{first['id']}/" in one for one in forms)


async def test_the_question_about_a_twin_holds_the_version_of_the_form(service: Service) -> None:
    other = (await service("sam", "POST", "/v1/patients", json=NEW)).json()["id"]
    await enter(service)
    edit = f"/clinic/patients/{other}/edit"
    ada = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).json()
    typed = {**fields_in(await page(service, edit), edit), "name": "Ada Muster", "born_on": ada["born_on"]}
    changed = await service("sam", "PATCH", f"/v1/patients/{other}", json={"phone": "+41 44 1"})
    assert changed.status_code == 200
    asked = await send_form(service, edit, **typed)
    assert asked.status_code == 409
    late = await send_form(service, edit, **{**fields_in(asked.text, edit), "somebody_else": "yes"})
    assert late.status_code == 412
    now = (await service("cleo", "GET", f"/v1/patients/{other}")).json()
    assert (now["name"], now["phone"]) == ("Bea Roth", "+41 44 1")


async def test_who_is_renamed_is_not_their_own_twin(service: Service) -> None:
    await enter(service)
    edit = f"/clinic/patients/{service.ada_id}/edit"
    typed = {**fields_in(await page(service, edit), edit), "name": "Muster Ada"}
    assert (await send_form(service, edit, **typed)).status_code == 303


async def test_two_who_open_an_empty_day_do_not_overwrite_one_another(service: Service) -> None:
    await service.new_procedure()
    await enter(service)
    where = f"/clinic/patients/{service.ada_id}/diary/2026-04-30"
    form = fields_in(await page(service, where), where)
    await service.put("2026-04-30", 6)
    late = await send_form(service, where, **{**form, "average-lumbar-left": "2"})
    assert late.status_code in (409, 412), late.status_code
    now = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30")).json()
    assert now["pain"][0]["average"] == 6


async def test_a_day_that_was_written_anew_is_not_deleted_by_an_old_page(service: Service) -> None:
    await service.put("2026-04-30", 4)
    await enter(service)
    where = f"/clinic/patients/{service.ada_id}/diary/2026-04-30"
    tag = fields_in(await page(service, where), f"{where}/delete")["tag"]
    await service.put("2026-04-30", 6)
    late = await send_form(service, f"{where}/delete", tag=tag, reason="of her sister")
    assert late.status_code == 412 and "of her sister" in late.text
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30")).status_code == 200


async def test_after_a_lost_update_the_reason_is_still_there(service: Service) -> None:
    await enter(service)
    fact = {"kind": "injury", "happened_on": "2026-04-02", "note": "first"}
    made = await send_form(service, f"/clinic/patients/{service.ada_id}/events", **fact)
    where = f"/clinic/events/{made.headers['location'].partition('#')[2]}/edit"
    one, other = [fields_in(await page(service, where), where) for _ in range(2)]
    await send_form(service, where, **{**one, "note": "of the one", "reason": "a"})
    late = await send_form(service, where, **{**other, "note": "of the other", "reason": "misheard"})
    assert late.status_code == 412 and fields_in(late.text, where)["reason"] == "misheard"


@pytest.mark.parametrize("part", ["medications", "side_effects"])
async def test_that_there_was_none_is_kept_by_an_untouched_form(service: Service, part: str) -> None:
    none: dict[str, Any] = {part: []}
    await service.put("2026-04-29", 4, **none)
    await enter(service)
    address = f"/v1/patients/{service.ada_id}/diary/2026-04-29"
    before: dict[str, Any] = (await service("cleo", "GET", address)).json()
    where = f"/clinic/patients/{service.ada_id}/diary/2026-04-29"
    assert (await send_form(service, where, **fields_in(await page(service, where), where))).status_code == 303
    assert (await service("cleo", "GET", address)).json()[part] == before[part] == []


async def test_a_faults_line_names_the_field_of_its_form(service: Service) -> None:
    """By which the script puts it beside the field, too."""
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    refused = await send_form(service, f"/clinic/flags/{found['id']}/call", outcome="shouted")
    named = re.findall(r'<li data-field="(\w+)"', refused.text)
    assert (refused.status_code, named) == (422, ["outcome"])
    form = refused.text.split(f'action="/clinic/flags/{found["id"]}/call"')[1].split("</form>")[0]
    assert 'name="outcome"' in form
