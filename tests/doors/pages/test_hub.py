"""The pages about one patient: everything that is recorded is seen, added, corrected and deleted there."""

import json
import re
from typing import Any

import pytest

from tests.doors.pages.test_pages import enter, form_token
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
FACTS: dict[str, tuple[dict[str, Any], dict[str, str], str, str]] = {  # as typed, what changes, said before and after
    "blocks": (
        {"performed_on": "2025-06-01", "side": "left", "joints": ["L4-5", "L5-S1"], "agent": "lidocaine"}
        | {"pain_before": "7", "after_30": "1", "after_60": "1,5", "relief_stated": "85"},
        {"after_60": "3", "agent": "bupivacaine"},
        "lidocaine · pain before 7 · best relief 86 %",
        "bupivacaine · pain before 7",
    ),
    "assessments": (
        {"kind": "peg", "answered_on": "2026-04-01", "item_1": "6", "item_2": "5", "item_3": "7"},
        {"item_3": "4"},
        "PEG: 6 of 10",
        "PEG: 5 of 10",
    ),
    "events": (
        {"kind": "injury", "happened_on": "2026-04-02", "region": "lumbar", "side": "left", "note": "a fall"},
        {"kind": "new_pain"},
        "injury · left lumbar · a fall",
        "new pain · left lumbar · a fall",
    ),
    "work_ups": (
        {
            "noted_on": "2025-04-01",
            "pain_since": "2023-09-01",
            "care_physiotherapy": "failed",
            "weeks_physiotherapy": "12",
        },
        {"care_nsaid": "helped"},
        "pain since 1 September 2023 · physiotherapy, 12 weeks, did not help",
        "physiotherapy, 12 weeks, did not help; nsaid, helped",
    ),
    "contacts": (
        {"contact": "weeks_2", "done_on": "2025-07-24", "note": "by phone"},
        {"note": "at the clinic"},
        "2 weeks · by phone",
        "2 weeks · at the clinic",
    ),
}


@pytest.mark.parametrize("plural", FACTS)
async def test_a_fact_is_recorded_seen_corrected_looked_back_at_and_deleted(service: Service, plural: str) -> None:
    typed, changes, before, after = FACTS[plural]
    procedure = await service.new_procedure(joints=["L4-5"])
    if plural == "contacts":
        typed = {**typed, "procedure_id": procedure}
    home = f"/clinic/patients/{service.ada_id}"
    await enter(service)
    made = await send_form(service, f"{home}/{plural}", **typed)
    assert made.status_code == 303, made.text
    where, _, fact_id = made.headers["location"].partition("#")
    assert where == f"{home}/treatments" and before in await page(service, where)
    form = await page(service, f"/clinic/{plural}/{fact_id}/edit")
    sent = {**fields_in(form, f"/clinic/{plural}/{fact_id}/edit"), **changes, "reason": "misheard"}
    assert (await send_form(service, f"/clinic/{plural}/{fact_id}/edit", **sent)).status_code == 303
    assert after in await page(service, where)
    past = await page(service, f"{where}?history={fact_id}")
    assert "because: misheard" in past and "changed 1×" in past
    del sent["idempotency_key"]  # another form, shown before that
    stale = await send_form(service, f"/clinic/{plural}/{fact_id}/edit", **sent)
    assert stale.status_code == 412 and "misheard" in stale.text, "an old tab undoes nothing"
    assert "Somebody has changed this since you opened it" in stale.text
    tag = fields_in(await page(service, f"/clinic/{plural}/{fact_id}/edit"), f"/clinic/{plural}/{fact_id}/edit")["tag"]
    assert (await send_form(service, f"/clinic/{plural}/{fact_id}/delete", tag=tag)).status_code == 422
    gone = await send_form(service, f"/clinic/{plural}/{fact_id}/delete", tag=tag, reason="another person's")
    assert gone.status_code == 303 and fact_id not in await page(service, where)
    history = (await service("cleo", "GET", f"/v1/{plural}/{fact_id}/history")).json()["items"]
    assert [one["reason"] for one in history] == [None, "misheard", "another person's"]


def fields_in(text: str, action: str) -> dict[str, Any]:
    """The fields of a form as a browser would send them, untouched."""
    form = text.split(f'action="{action}"')[1].split("</form>")[0]
    found: dict[str, Any] = dict(re.findall(r'<input type="(?!checkbox)\w+" name="([\w-]+)" value="([^"]*)"', form))
    for name, rest in re.findall(r'<select name="([\w-]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        options = re.findall(r'<option value="([^"]*)"( selected)?>', rest)
        found[name] = next((value for value, chosen in options if chosen), options[0][0] if options else "")
    found |= dict(re.findall(r'<textarea name="([\w-]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL))
    boxes = re.findall(r'<input type="checkbox" name="([\w-]+)" value="([^"]*)" checked>', form)
    for name, value in boxes:
        found.setdefault(name, [])
        found[name] = [*found[name], value] if isinstance(found[name], list) else [value]
    found.pop("form_token", None)
    return {name: value.replace("&#34;", '"') if isinstance(value, str) else value for name, value in found.items()}


async def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(service: Service) -> None:
    await enter(service)
    where = f"/clinic/patients/{service.ada_id}/blocks"
    sent = {"performed_on": "2025-06-01", "side": "left", "joints": "L4-5", "agent": "lidocaine", "pain_before": "77"}
    refused = await send_form(service, where, **sent)
    assert refused.status_code == 422
    assert '<a href="#field-pain_before">Pain just before</a>: is at most 10' in refused.text
    beside = re.search(
        r'name="pain_before" value="77"[^>]*aria-describedby="wrong-pain_before"[^>]*aria-invalid', refused.text
    )
    assert beside is not None and 'id="wrong-pain_before">is at most 10<' in refused.text
    item = {"kind": "peg", "answered_on": "2026-04-01", "item_1": "3", "item_2": "44", "item_3": "3"}
    odd = await send_form(service, f"/clinic/patients/{service.ada_id}/assessments", **item)
    assert 'id="wrong-item_2">' in odd.text


async def test_a_second_person_of_that_name_and_birth_is_asked_about(service: Service) -> None:
    await enter(service, "sam")
    ada = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).json()
    twin = {"name": "muster, ÁDA", "born_on": ada["born_on"], "time_zone": "Europe/Zurich"}
    asked = await send_form(service, "/clinic/patients", **twin)
    assert (asked.status_code, f'href="/clinic/patients/{service.ada_id}"' in asked.text) == (409, True)
    assert 'value="muster, ÁDA"' in asked.text
    assert (await send_form(service, "/clinic/patients", **twin, somebody_else="yes")).status_code == 303
    other = {**twin, "born_on": "1970-01-01"}
    assert (await send_form(service, "/clinic/patients", **other)).status_code == 303


async def test_who_it_is_stands_on_every_page_of_the_patient(service: Service) -> None:
    await enter(service)
    home = f"/clinic/patients/{service.ada_id}"
    more = {"mrn": "MRN-77 12", "phone": "+41 44 555 01 02", "mail": "ada@example.org"}
    form = fields_in(await page(service, f"{home}/edit"), f"{home}/edit")
    assert (await send_form(service, f"{home}/edit", **{**form, **more})).status_code == 303
    for tab in ("", "/treatments", "/diary", "/diary/2026-04-30", "/documents", "/account"):
        text = await page(service, home + tab)
        assert "no. MRN-77 12" in text and 'href="tel:+41445550102"' in text and "ada@example.org" in text
    assert "Ada Muster" in await page(service, "/clinic?q=mrn77")
    assert "Ada Muster" in await page(service, "/clinic?q=02.04.1961+muster")
    assert "Nobody fits" in await page(service, "/clinic?q=03.04.1961+muster")
    taken = await service("sam", "POST", "/v1/patients", json={**NEW, "mrn": "mrn-77 12"})
    assert (taken.status_code, "has this number" in taken.json()["detail"]) == (409, True)
    assert (await service("other", "POST", "/v1/patients", json={**NEW, "mrn": "MRN-77 12"})).status_code == 201


NEW = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}


async def test_a_day_is_written_corrected_and_deleted_for_the_patient(service: Service) -> None:
    await service.new_procedure(laterality="bilateral")
    noted = {
        "at": "2026-04-30T08:00:00+02:00",
        "pain": [{"region": "lumbar", "side": "left", "now": 5}],
        "note": "garden",
    }
    medicine = {"code": "10689", "dose": 50, "unit": "mg", "times": 2, "schedule": "as_needed"}
    kept = await service.put("2026-04-30", 4, moments=[noted], medications=[medicine, {"name": "herbs"}])
    assert kept.status_code == 201, kept.text
    await enter(service)
    where = f"/clinic/patients/{service.ada_id}/diary/2026-04-30"
    text = await page(service, where)
    assert "left lumbar: average 4" in text and "08:00 left lumbar 5 garden" in text and "by the patient" in text
    assert "tramadol 50 mg x 2 when needed; herbs</dd>" in text, "with a dose that is not known no sum is"
    form = fields_in(text, where)
    assert form["average-lumbar-left"] == "4" and form["average-lumbar-right"] == ""
    changed = {
        **form,
        "average-lumbar-right": "2,5",
        "flare_up": "no",
        "medicine-0-times": "3",
        "effect-0-kind": "numbness",
    }
    assert (await send_form(service, where, **changed)).status_code == 303
    now = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30")).json()
    assert {one["side"]: one["average"] for one in now["pain"]} == {"left": 4, "right": 2.5}
    assert now["moments"] == [{**noted, "pain": [{"region": "lumbar", "side": "left", "now": 5}]}]
    assert (now["flare_up"], now["opioid_mme"], now["medications"][1]) == (False, None, {"name": "herbs"})
    assert now["side_effects"] == [{"kind": "numbness"}]
    stale = await send_form(service, where, **{**changed, "note": "from an old tab"})
    assert stale.status_code == 412 and "You had typed: from an old tab" in stale.text
    wrong = await send_form(
        service, where, **{**fields_in(await page(service, where), where), "average-lumbar-left": "44"}
    )
    assert wrong.status_code == 422 and 'value="44"' in wrong.text
    assert "30 April 2026" in await page(service, f"/clinic/patients/{service.ada_id}/diary?month=2026-04")
    assert "no entry" in await page(service, f"/clinic/patients/{service.ada_id}/diary?month=2026-03")
    tag = fields_in(await page(service, where), f"{where}/delete")["tag"]
    assert (await send_form(service, f"{where}/delete", tag=tag)).status_code == 422
    assert (await send_form(service, f"{where}/delete", tag=tag, reason="of her sister")).status_code == 303
    after = await page(service, where)
    assert "No entry." in after and "Deleted." in after and "by cleo" in after
    await enter(service, "root")
    assert "of her sister" in await page(service, f"/clinic/audit?patient={service.ada_id}&action=delete")


async def test_an_entry_by_the_form_is_no_second_truth(service: Service) -> None:
    """Untouched, the form of any entry makes that entry again."""
    everything = {
        "pain": [{"region": "cervical", "side": "both", "average": 3, "worst": 6.5, "now": 2}],
        "medications": [],
        "activity": {"steps": 4200, "active_minutes": 35, "level": "usual"},
        "interference": 3,
        "temperature_c": 36.8,
        "flare_up": True,
        "work": "off_sick",
        "side_effects": [{"kind": "numbness", "severity": 2, "region": "lumbar", "side": "left"}, {"kind": "headache"}],
        "note": "two\nlines",
    }
    await service("ada", "PUT", f"/v1/patients/{service.ada_id}/diary/2026-04-29", json=everything)
    await enter(service)
    where = f"/clinic/patients/{service.ada_id}/diary/2026-04-29"
    before = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-29")).json()
    assert (await send_form(service, where, **fields_in(await page(service, where), where))).status_code == 303
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-29")).json() == before


async def test_who_may_not_write_sees_and_changes_nothing(service: Service) -> None:
    await service.put("2026-04-30", 4)
    home = f"/clinic/patients/{service.ada_id}"
    await enter(service, "sam")
    text = await page(service, f"{home}/diary/2026-04-30")
    assert "average 4" in text and "Correct the entry" not in text
    for where, fields in (
        (f"{home}/diary/2026-04-30", {"note": "x"}),
        (f"{home}/diary/2026-04-30/delete", {"reason": "x"}),
        (f"{home}/events", {"kind": "injury", "happened_on": "2026-04-01"}),
        (f"{home}/account/erase", {"reason": "asked", "name": "Ada Muster"}),
        ("/clinic/settings", {"name": "Mine"}),
        ("/clinic/policies", {"toml": "name = 'x'"}),
        ("/clinic/webhooks/keys", {"name": "x", "scopes": "read", "days": "9"}),
    ):
        assert (await send_form(service, where, **fields)).status_code == 403, where
    await enter(service, "other")
    for tab in ("", "/treatments", "/diary", "/diary/2026-04-30", "/documents", "/documents/record.json", "/account"):
        assert (await service("nobody", "GET", home + tab)).status_code == 404, tab


async def test_documents_go_out_and_a_record_goes_to_another_clinic(service: Service) -> None:
    procedure = await service.new_procedure()
    await service.put("2026-04-30", 4)
    home = f"/clinic/patients/{service.ada_id}"
    await enter(service)
    assert f"/clinic/procedures/{procedure}/report.pdf" in await page(service, f"{home}/documents")
    record = json.loads(await page(service, f"{home}/documents/record.json"))
    assert record["format"] == "reprieve-record/1"
    assert "2026-04-30,lumbar,left,4" in await page(service, f"{home}/documents/diary.csv")
    assert (await send_form(service, f"{home}/documents/hand-over")).status_code == 422
    made = await send_form(service, f"{home}/documents/hand-over", agreed="signed on paper")
    code = re.search(r'<code class="long">([^<]+)</code>', made.text)
    assert code is not None
    await enter(service, "other")
    assert 'href="/clinic/take-over"' in await page(service, "/clinic")
    wrong = await send_form(service, "/clinic/take-over", code="nonsense")
    assert (wrong.status_code, "wrong, used, or too old" in wrong.text) == (422, True)
    taken = await send_form(service, "/clinic/take-over", code=code[1])
    assert taken.status_code == 303 and "average 4" in await page(
        service, f"{taken.headers['location']}/diary/2026-04-30"
    )
    assert (await send_form(service, "/clinic/take-over", code=code[1])).status_code == 422
    await enter(service)
    said = await page(service, f"{home}/documents")
    assert "signed on paper" in said and "has it since" in said
    await enter(service, "sam")
    assert (await service("nobody", "GET", "/clinic/take-over")).status_code == 403


async def test_account_consent_proxies_and_team_on_the_page(service: Service) -> None:
    home = f"/clinic/patients/{service.ada_id}/account"
    await enter(service)
    assert (await send_form(service, f"{home}/consent", treatment="yes", research="no")).status_code == 303
    text = await page(service, home)
    assert "treatment: yes" in text and "research: no" in text and "recorded by the staff" in text
    assert "messages:" not in text
    refused = await send_form(service, f"{home}/proxies", name="Lena", until="2020-01-01")
    assert refused.status_code == 422 and 'value="Lena"' in refused.text
    made = await send_form(service, f"{home}/proxies", name="Lena", reason="carer", may_write="yes", until="2027-01-01")
    assert "A code for who acts for the patient" in made.text
    listed = await page(service, home)
    assert "reads and writes, as a carer, until 2 January 2027, 00:00" in listed.replace("1 January 2027, 24:00", "")
    ended = re.search(r'action="([^"]+/proxies/[^"]+/end)"', listed)
    assert ended is not None and (await send_form(service, ended[1])).status_code == 303
    assert "Nobody does." in await page(service, home)
    cleo = str(service.accounts["cleo"][1])
    assert (await send_form(service, f"{home}/team", account_id=cleo)).status_code == 303
    assert (await send_form(service, f"{home}/team/{cleo}/remove")).status_code == 303
    assert (await send_form(service, f"{home}/team", account_id="nobody")).status_code == 422


async def test_an_admin_signs_the_patient_out_of_one_device_or_all(service: Service) -> None:
    home = f"/clinic/patients/{service.ada_id}/account"
    form = {"username": "ada", "password": PASSWORD, "device": "Ada's tablet"}
    other = (await service("nobody", "POST", "/v1/token", data=form)).json()["access_token"]
    await enter(service)
    assert "Ada&#39;s tablet" not in await page(service, home), "for admins alone"
    await enter(service, "root")
    text = await page(service, home)
    ended = re.search(r'Ada&#39;s tablet.*?action="([^"]+/devices/[^"]+/end)"', text, re.DOTALL)
    assert ended is not None and (await send_form(service, ended[1])).status_code == 303
    called = await service("nobody", "GET", "/v1/me", headers={"Authorization": f"Bearer {other}"})
    assert (called.status_code, (await service("ada", "GET", "/v1/me")).status_code) == (401, 200)
    assert (await send_form(service, ended[1])).status_code == 404
    everywhere = re.search(rf'action="({home}/[0-9a-f-]+/end)"', text)
    assert everywhere is not None and (await send_form(service, everywhere[1])).status_code == 303
    assert (await service("ada", "GET", "/v1/me")).status_code == 401
    made = await send_form(service, everywhere[1].replace("/end", "/reset"))
    assert "A new password" in made.text and "code" in made.text
    wrong = everywhere[1].replace(service.ada_id, str(service.accounts["ada"][0]))
    assert (await send_form(service, wrong)).status_code == 404


async def test_a_patient_is_erased_only_with_reason_and_name(service: Service) -> None:
    home = f"/clinic/patients/{service.ada_id}"
    await enter(service, "root")
    for fields in ({"reason": "asked"}, {"reason": "asked", "name": "Bob"}, {"name": "Ada Muster"}):
        kept = await send_form(service, f"{home}/account/erase", **fields)
        assert kept.status_code == 422, fields
    gone = await send_form(service, f"{home}/account/erase", reason="asked by letter", name="ada muster")
    assert (gone.status_code, gone.headers["location"]) == (303, "/clinic")
    assert (await service("nobody", "GET", home)).status_code == 404


async def test_every_form_that_does_something_carries_its_word(service: Service) -> None:
    """Whichever page: a form without it would be done twice by a double click."""
    procedure = await service.new_procedure()
    await service.put("2026-04-30", 4)
    home, seen = f"/clinic/patients/{service.ada_id}", 0
    pages = [
        home,
        *(f"{home}/{tab}" for tab in ("treatments", "diary", "diary/2026-04-30", "documents", "account", "edit")),
    ]
    pages += ["/clinic/settings", "/clinic/policies", "/clinic/webhooks", "/clinic/accounts", "/clinic/account"]
    pages += [
        "/clinic/calendar",
        "/clinic/reviews",
        "/clinic/flags",
        f"/clinic/procedures/{procedure}",
        f"{home}/blocks/new",
    ]
    await enter(service, "root")
    for where in pages:
        text = await page(service, where)
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL):
            words = re.findall(r'name="idempotency_key" value="([\w-]{8,})"', form)
            assert len(words) == 1 and 'name="form_token"' in form, (where, form[:120])
            seen += 1
    assert seen > 40


async def test_a_step_that_is_sent_twice_is_taken_once_and_that_is_said(service: Service) -> None:
    home = f"/clinic/patients/{service.ada_id}"
    await service.put("2026-04-30", 4)
    await enter(service)
    where = f"{home}/diary/2026-04-30"
    sent = {**fields_in(await page(service, where), where), "form_token": await form_token(service), "note": "by phone"}
    first = await service("nobody", "POST", where, data=sent)
    assert (first.status_code, "Saved." in await page(service, where)) == (303, True)
    assert "Saved." not in await page(service, where), "it is said once"
    again = await service("nobody", "POST", where, data=sent)
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])
    assert "Nothing was done twice" in await page(service, where)
    revisions = (await service("cleo", "GET", f"/v1{where.removeprefix('/clinic')}/revisions")).json()["items"]
    assert len(revisions) == 2


async def test_an_error_page_has_the_menu(service: Service) -> None:
    await enter(service)
    for where in ("/clinic/nowhere", f"/clinic/patients/{service.ada_id}/diary/2026-13-01", "/clinic/settings"):
        answer = await service("nobody", "GET", where)
        assert answer.status_code in (403, 404, 422) and 'href="/clinic/calendar"' in answer.text, where
