"""Small things that people saw on the pages: each would be seen again here."""

import re
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest

from tests.alerts.flags.test_conclusions import flags, returned, work
from tests.answers.follow_up.test_report import text_of
from tests.conftest import Clock
from tests.doors.pages.test_hub import fields_in
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.rules.test_policies import GOOD_FILE
from tests.support import Service, course
from tests.work.reviews.test_reviews import slot

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("what", ["procedures", "blocks", "events", "contacts", "assessments"])
async def test_what_nobody_chose_is_not_on_record(service: Service, what: str) -> None:
    """Each list of a form for something new begins with nothing chosen, and says that it is needed."""
    await service.new_procedure(performed_on="2025-06-03")
    await service.new_procedure(performed_on="2025-07-03", laterality="right")
    await enter(service)
    where = f"/clinic/patients/{service.ada_id}/{what}"
    form = fields_in(await page(service, f"{where}/new"), where)
    text = (await page(service, f"{where}/new")).split(f'action="{where}"')[1].split("</form>")[0]
    chosen = {name: form[name] for name in form if f'<select name="{name}"' in text}
    assert chosen and set(chosen.values()) == {""}, chosen
    day = {"events": "happened_on", "contacts": "done_on", "assessments": "answered_on"}.get(what, "performed_on")
    refused = await send_form(service, where, **{**form, day: "2026-04-01"})
    assert refused.status_code == 422 and "is needed" in refused.text, what


async def test_a_contact_of_a_deleted_procedure_can_still_be_corrected(service: Service) -> None:
    procedure = await service.new_procedure(performed_on="2026-03-03")
    made: dict[str, Any] = {"procedure_id": procedure, "contact": "weeks_2", "done_on": "2026-03-20"}
    contact = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/contacts", json=made)
    assert contact.status_code == 201, contact.text
    await service("cleo", "DELETE", f"/v1/procedures/{procedure}", params={"reason": "of another"})
    await enter(service)
    where = f"/clinic/contacts/{contact.json()['id']}/edit"
    text = await page(service, where)
    assert "a procedure that was deleted" in text and fields_in(text, where)["procedure_id"] == procedure
    kept = await send_form(service, where, **{**fields_in(text, where), "note": "by phone", "reason": "left out"})
    assert kept.status_code == 303


async def test_a_deletion_without_a_reason_says_so_where_it_was_asked(service: Service) -> None:
    event: dict[str, Any] = {"kind": "injury", "happened_on": "2025-08-01"}
    made = (await service("cleo", "POST", f"/v1/patients/{service.ada_id}/events", json=event)).json()["id"]
    await enter(service)
    refused = await send_form(service, f"/clinic/events/{made}/delete", reason=" ")
    assert refused.status_code == 422
    corrects, _, deletes = refused.text.partition("Recorded by mistake?")
    assert "<details open>" in corrects.rpartition("</form>")[2]
    assert "Nothing was changed" in deletes and "is needed" in deletes
    assert "Nothing was recorded yet" not in corrects and 'id="wrong-reason"' not in corrects


async def test_a_baseline_that_was_left_empty_is_not_saved(service: Service) -> None:
    procedure = await service.new_procedure()
    await enter(service)
    empty = await send_form(service, f"/clinic/procedures/{procedure}/baseline", baseline_pain=" ")
    assert empty.status_code == 422 and "is needed" in empty.text


async def test_a_payer_without_rules_is_told(service: Service) -> None:
    procedure = await service.new_procedure()
    said = "The patient's payer has no policy of that name here"
    for payer, told in ((None, False), ("no such payer", True), ("Medicare LCD", False)):
        await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"payer": payer})
        await enter(service)
        assert (said in (await page(service, f"/clinic/procedures/{procedure}")).replace("&#39;", "'")) is told, payer
    other = await service("cleo", "GET", f"/v1/procedures/{procedure}/follow_up")
    assert other.json()["payer_has_policy"] is True


async def test_a_silent_diary_that_never_began_invents_no_entry(service: Service) -> None:
    await service.new_procedure(performed_on="2026-03-03")
    await work(service)
    (found,) = await flags(service, "kind=silent_diary")
    assert found["says"] == "nothing logged since the procedure"
    await enter(service)
    text = await page(service, f"/clinic/patients/{service.ada_id}")
    assert "nothing logged since the procedure, flagged 1 May 2026" in text


async def test_the_report_names_the_number_of_the_record(service: Service) -> None:
    procedure = await service.new_procedure()
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"mrn": "QX-4711"})
    told = await service("cleo", "GET", f"/v1/procedures/{procedure}/follow_up")
    assert told.json()["patient"]["mrn"] == "QX-4711"
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"mrn": "QX-4712"})
    held = {"If-None-Match": report.headers["etag"]}
    again = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf", headers=held)
    assert again.status_code == 200 and "QX-4712" in text_of(again.content)
    assert "QX-4711" in text_of(report.content)


async def test_an_undone_hand_over_gives_the_flags_back(service: Service) -> None:
    procedure = await returned(service)
    await work(service)
    (before,) = await flags(service, "kind=pain_return")
    review = (await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()["id"]
    await enter(service, "sam")
    me = (await service("sam", "GET", "/v1/me")).json()["account_id"]
    done = await send_form(service, "/clinic/reviews/bulk", step="assign", review_id=[review], to=me)
    bulk = re.search(r"bulk=([0-9a-f-]+)", done.headers["location"])
    assert bulk is not None
    (held,) = await flags(service, "kind=pain_return")
    assert held["state"] == "acknowledged"
    undone = await send_form(service, f"/clinic/reviews/bulk/{bulk[1]}/undo")
    assert "Undone with 1 review." in await page(service, undone.headers["location"])
    (after,) = await flags(service, "kind=pain_return")
    told = ("state", "owner_id", "due_at")
    assert [after[name] for name in told] == [before[name] for name in told]


async def test_a_flag_that_somebody_had_before_stays_theirs_when_a_bulk_step_is_undone(service: Service) -> None:
    procedure = await returned(service)
    await work(service)
    (found,) = await flags(service, "kind=pain_return")
    await service("cleo", "POST", f"/v1/flags/{found['id']}/acknowledge", json={})
    review = (await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()["id"]
    me = (await service("sam", "GET", "/v1/me")).json()["account_id"]
    made = {"step": "assign", "review_ids": [review], "owner_id": me}
    bulk = (await service("sam", "POST", "/v1/reviews/bulk", json=made)).json()["id"]
    await service("sam", "POST", f"/v1/reviews/bulk/{bulk}/undo")
    (after,) = await flags(service, "kind=pain_return")
    assert (after["state"], after["owner_id"]) == ("acknowledged", str(service.accounts["cleo"][1]))


async def test_a_flag_that_somebody_has_taken_over_since_stays_theirs(service: Service) -> None:
    procedure = await returned(service)
    await work(service)
    review = (await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()["id"]
    me = (await service("sam", "GET", "/v1/me")).json()["account_id"]
    made = {"step": "assign", "review_ids": [review], "owner_id": me}
    bulk = (await service("sam", "POST", "/v1/reviews/bulk", json=made)).json()["id"]
    (held,) = await flags(service, "kind=pain_return")
    tag = (await service("cleo", "GET", f"/v1/flags/{held['id']}")).headers["etag"]
    over = await service("cleo", "POST", f"/v1/flags/{held['id']}/acknowledge", json={}, headers={"If-Match": tag})
    assert over.status_code == 200, over.text
    await service("sam", "POST", f"/v1/reviews/bulk/{bulk}/undo")
    (after,) = await flags(service, "kind=pain_return")
    assert (after["state"], after["owner_id"]) == ("acknowledged", str(service.accounts["cleo"][1]))


async def test_a_moved_appointment_is_not_called_cancelled(service: Service) -> None:
    first, second = await slot(service), await slot(service, "2026-06-09T09:00:00+02:00")
    at = {"patient_id": service.ada_id, "slot_id": first}
    old = (await service("sam", "POST", "/v1/appointments", json=at)).json()["id"]
    moved = await service("sam", "POST", f"/v1/appointments/{old}/move", json={"slot_id": second, "reason": "away"})
    new = moved.json()["id"]
    await enter(service, "sam")
    before, after = [await page(service, f"/clinic/appointments/{one}") for one in (old, new)]
    assert "moved to another time" in before and f'href="/clinic/appointments/{new}"' in before
    assert "It was moved here from" in after and f'href="/clinic/appointments/{old}"' in after
    late = await send_form(service, f"/clinic/appointments/{old}/move", slot_id=first, reason="again")
    assert late.status_code == 409 and "The appointment is moved to another time." in late.text
    gone = await service("sam", "POST", f"/v1/appointments/{new}/cancel", json={"reason": "ill"})
    assert gone.status_code == 200
    text = await page(service, f"/clinic/appointments/{new}")
    assert ">cancelled<" in text and "moved to another time" not in text


async def test_what_was_typed_of_a_flag_stays_in_the_form_that_was_sent(service: Service) -> None:
    await returned(service)
    (found,) = await flags(service, "kind=pain_return")
    await enter(service, "sam")
    sent = {
        "call": {"outcome": "reached", "again_on": "2020-01-01", "note": "will call back"},
        "hand": {"account_id": "nobody", "note": "will call back"},
        "resolve": {"note": "will call back", "tag": '"old"'},
    }
    for step, fields in sent.items():
        refused = await send_form(service, f"/clinic/flags/{found['id']}/{step}", **fields)
        assert refused.status_code in (412, 422), (step, refused.status_code)
        forms = [one.split("</form>")[0] for one in refused.text.split("<form")]
        assert [f"/{step}" in one for one in forms if 'value="will call back"' in one] == [True], step


async def test_a_country_is_one(service: Service) -> None:
    for code, status in (("CH", 200), ("XX", 422), ("ZZ", 422), (None, 200)):
        answer = await service("root", "PATCH", "/v1/clinic", json={"jurisdiction": code})
        assert answer.status_code == status, code
    await enter(service, "root")
    form = fields_in(await page(service, "/clinic/settings"), "/clinic/settings")
    refused = await send_form(service, "/clinic/settings", **{**form, "jurisdiction": "xx"})
    assert refused.status_code == 422 and 'id="wrong-jurisdiction"' in refused.text


async def test_a_policy_that_is_refused_stays_in_its_own_box(service: Service) -> None:
    await enter(service, "root")
    await send_form(service, "/clinic/policies", toml=GOOD_FILE)
    refused = await send_form(service, "/clinic/policies", toml=GOOD_FILE + "\nodd = 1", of="own")
    assert refused.status_code == 422
    own, _, new = refused.text.partition("Write a policy")
    assert "odd = 1" in own and "odd = 1" not in new and "<details open>" in own


async def test_a_slot_that_is_over_is_said_beside_its_day(service: Service) -> None:
    await enter(service, "sam")
    me = (await service("cleo", "GET", "/v1/me")).json()["account_id"]
    sent = {"clinician_id": me, "on": "2020-01-01", "at": "09:00", "minutes": "45", "location": "Room 2", "weeks": "1"}
    refused = await send_form(service, "/clinic/calendar/slots", **sent)
    assert refused.status_code == 422 and 'data-field="on"' in refused.text


async def test_the_sheet_of_a_day_says_who_comes(service: Service) -> None:
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"phone": "+41 44 987"})
    await slot(service, "2026-06-02T11:00:00+02:00")
    at = {"patient_id": service.ada_id, "slot_id": await slot(service)}
    assert (await service("sam", "POST", "/v1/appointments", json=at)).status_code == 201
    await enter(service, "sam")
    text = await page(service, "/clinic/calendar/day?from=2026-06-02")
    for part in (
        "Ada Muster",
        "+41 44 987",
        "2 April 1961",
        "1 slot is free.",
        "Here",
        "Tuesday, 2 June 2026",
        "data-print",
    ):
        assert part in text, part
    assert "Nobody is booked on this day." in await page(service, "/clinic/calendar/day?from=2026-06-03")
    assert "Nobody is booked on this day." in await page(service, "/clinic/calendar/day?from=2026-06-02&who=nobody")
    assert "/clinic/calendar/day?from=2026-06-02" in await page(service, "/clinic/calendar?from=2026-06-02")


async def test_the_pictures_line_is_the_definitions(service: Service) -> None:
    procedure = await service.new_procedure()
    entries = course("2025-06-26", [7.0] * 14 + [2.0] * 180)
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    drawn = {}
    for definition in ("half", "eighty"):
        where = f"/v1/procedures/{procedure}/relief.svg"
        drawn[definition] = (await service("cleo", "GET", where, params={"definition": definition})).text
    assert "half 3.5" in drawn["half"] and "a fifth" not in drawn["half"]
    assert "a fifth 1.4" in drawn["eighty"] and "half 3.5" not in drawn["eighty"]


async def test_a_long_name_of_the_clinic_stays_on_the_report(service: Service) -> None:
    await service("root", "PATCH", "/v1/clinic", json={"name": "Schmerzzentrum" * 10})
    procedure = await service.new_procedure()
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    (sheet,) = pypdfium2.PdfDocument(report.content)
    text = sheet.get_textpage()
    at = [n for n in range(text.count_chars()) if text.get_text_range(n, 8) == "zentrumS"]
    boxes = [text.get_charbox(n) for n in at]
    assert boxes and min(box[0] for box in boxes) > 0 and max(box[2] for box in boxes) < sheet.get_width()
    assert len({round(box[1]) for box in boxes}) > 1, "on several lines"


async def test_a_code_that_is_out_is_told(service: Service, clock: Clock) -> None:
    new = {"name": "Clara Neu", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    who = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    await enter(service)
    where = f"/clinic/patients/{who}/account"
    assert "A code that nobody has used" not in await page(service, where)
    await send_form(service, f"/clinic/patients/{who}/invite")
    assert "A code that nobody has used is good until 15 May 2026" in await page(service, where)
    clock.now += timedelta(days=14, minutes=1)
    await enter(service)
    assert "A code that nobody has used" not in await page(service, where)
