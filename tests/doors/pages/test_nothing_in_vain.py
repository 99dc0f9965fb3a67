"""No page offers its reader what they may not do, and an address that is none is said on a page."""

import re

import pytest

from tests.doors.pages.test_pages import enter, form_token
from tests.support import Service
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
ROLES = ("cleo", "sam", "root")


async def furnished(service: Service) -> list[str]:
    """Pages of a patient with a review, an appointment and a red flag; their addresses."""
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    await service.put("2026-04-30", 4, side_effects=[{"kind": "fever", "severity": 2}])
    (booked,) = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    return [
        "/clinic",
        "/clinic/flags",
        "/clinic/reviews",
        "/clinic/calendar?from=2026-06-01",
        f"/clinic/patients/{service.ada_id}",
        f"/clinic/procedures/{review['procedure_id']}",
        f"/clinic/reviews/{review['id']}",
        f"/clinic/appointments/{booked['id']}",
    ]


@pytest.mark.parametrize("who", ROLES)
async def test_what_a_page_offers_its_reader_may_do(service: Service, who: str) -> None:
    pages = await furnished(service)
    await enter(service, who)
    links, forms = set(), set()
    for where in pages:
        text = (await service("nobody", "GET", where)).text
        links |= set(re.findall(r'href="(/clinic[^"#]*)"', text))
        forms |= set(re.findall(r'<form[^>]*method="post" action="(/clinic[^"]*)"', text))
    forms.discard("/clinic/sign-out")
    assert len(links) > 10 and len(forms) > 5
    for where in sorted(links):
        answer = await service("nobody", "GET", where.replace("&amp;", "&"))
        assert answer.status_code == 200, (who, where, answer.status_code)
    token = await form_token(service)
    for where in sorted(forms):
        answer = await service("nobody", "POST", where, data={"form_token": token})
        assert answer.status_code in (200, 303, 409, 412, 422), (who, where, answer.status_code)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_address_that_is_none_is_said_on_a_page(service: Service, method: str) -> None:
    pages = await furnished(service)
    for where in ("/clinic/nothing", "/clinic/flag", f"{pages[6]}/decided", "/clinic/patients/nobody"):
        answer = await service("nobody", "GET", where)
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/clinic/sign-in"), where
    await enter(service)
    token = await form_token(service)
    for where in ("/clinic/nothing", "/clinic/flag", f"{pages[6]}/decided", "/clinic/patients/nobody"):
        sent = {"data": {"form_token": token}} if method == "POST" else {}
        answer = await service("nobody", method, where, **sent)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html"), where
    answer = await service("nobody", "GET", f"{pages[6]}/decide")  # a step that only a form takes
    assert (answer.status_code, answer.headers["location"]) == (303, pages[6]), "to the page with the form"


async def test_steps_say_who_took_them_and_what_was_decided(service: Service) -> None:
    pages = await furnished(service)
    where = pages[6].replace("/clinic", "/v1")
    await service("cleo", "POST", f"{where}/decide", json={"decision": "other_treatment", "reason": "a block first"})
    await enter(service, "sam")
    text = (await service("nobody", "GET", pages[6])).text
    assert "decided by cleo: another treatment: a block first" in text
    assert "booked by sam" in text and "opened by sam" in text


@pytest.mark.parametrize(
    ("which", "step", "fields"),
    [
        (6, "decide", {"decision": "wait", "reason": "rather not yet"}),
        (6, "cancel", {"reason": "x" * 300, "tag": "no tag"}),
        (6, "work", {"note": "called twice", "check_function": "yes", "tag": "no tag"}),
        (6, "reopen", {"reason": "not over"}),
        (7, "move", {"reason": "the car broke down", "slot_id": "none"}),
        (7, "attendance", {"note": "late train", "step": "finish"}),
        (7, "cancel", {"reason": "y" * 300}),
        (4, "wait", {"kind": "consultation", "minutes": "1", "note": "mornings", "first_on": "2026-06-03"}),
    ],
)
async def test_a_form_that_is_refused_keeps_what_was_typed(
    service: Service, which: int, step: str, fields: dict[str, str]
) -> None:
    where = (await furnished(service))[which]
    if step == "reopen":
        decided = {"decision": "none", "reason": "well"}
        assert (
            await service("sam", "POST", f"{where.replace('/clinic', '/v1')}/decide", json=decided)
        ).status_code == 200
        fields = {**fields, "tag": "no tag"}
    await enter(service, "sam")
    answer = await service(
        "nobody", "POST", f"{where}/{step}", data={"form_token": await form_token(service), **fields}
    )
    assert answer.status_code in (409, 412, 422), answer.text[:300]
    form = answer.text.split(f'action="{where}/{step}"')
    if len(form) > 1:  # the step is still offered
        typed = [value for name, value in fields.items() if name not in ("tag", "step", "slot_id")]
        shown = [one.split("</form>")[0] for one in form[1:]]
        assert any(all(f'value="{v}"' in one or f"selected>{v}" in one for v in typed) for one in shown), shown


async def test_a_red_flag_that_is_not_resolved_keeps_the_words(service: Service) -> None:
    await furnished(service)
    await enter(service, "sam")
    flag = next(one for one in (await service("sam", "GET", "/v1/flags")).json()["items"] if one["kind"] == "red_flag")
    sent = {"form_token": await form_token(service), "tag": "no tag", "note": "sent to the emergency room"}
    answer = await service("nobody", "POST", f"/clinic/flags/{flag['id']}/resolve", data=sent)
    assert answer.status_code == 412 and 'value="sent to the emergency room"' in answer.text


async def test_a_slash_too_many_leads_to_the_page(service: Service) -> None:
    await enter(service)
    answer = await service("nobody", "GET", "/clinic/flags/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/clinic/flags")
    assert (await service("nobody", "GET", "/clinic/")).headers["location"] == "/clinic"


async def test_a_form_whose_sign_in_has_run_out_leads_back_to_its_page(service: Service) -> None:
    pages = await furnished(service)
    came_from = {"referer": f"http://test{pages[6]}?policy=nice-ng59"}
    answer = await service("nobody", "POST", f"{pages[6]}/decide", data={}, headers=came_from)
    assert answer.headers["location"] == f"/clinic/sign-in?next={pages[6]}%3Fpolicy%3Dnice-ng59"
    foreign = await service("nobody", "POST", f"{pages[6]}/decide", headers={"referer": "https://evil.example/x"})
    assert foreign.headers["location"].endswith("next=/clinic")


async def test_a_lost_update_shows_what_is_there_and_the_words_that_were_written(service: Service) -> None:
    where = (await furnished(service))[6]
    await service("cleo", "PATCH", where.replace("/clinic", "/v1"), json={"checklist": {"function": "yes"}})
    await enter(service, "sam")
    sent = {"form_token": await form_token(service), "tag": "old", "check_function": "no", "note": "called twice"}
    answer = await service("nobody", "POST", f"{where}/work", data=sent)
    assert answer.status_code == 412 and 'value="called twice"' in answer.text
    asked = answer.text.split('name="check_function"')[1].split("</select>")[0]
    assert 'value="yes" selected' in asked and 'value="no" selected' not in asked


async def test_an_answer_of_the_checklist_is_taken_back_also_where_the_form_is_refused_first(service: Service) -> None:
    where = (await furnished(service))[6]
    api = where.replace("/clinic", "/v1")
    await service("cleo", "PATCH", api, json={"checklist": {"function": "yes"}})
    await enter(service, "sam")
    sent = {"form_token": await form_token(service), "check_function": "open", "note": "n" * 300}
    refused = await service("nobody", "POST", f"{where}/work", data=sent)
    asked = refused.text.split('name="check_function"')[1].split("</select>")[0]
    assert refused.status_code == 422 and 'value="open" selected' in asked
    assert (await service("nobody", "POST", f"{where}/work", data={**sent, "note": "asked anew"})).status_code == 303
    assert (await service("sam", "GET", api)).json()["checklist"] == {}


async def test_many_reviews_that_are_refused_stay_ticked(service: Service) -> None:
    where = (await furnished(service))[6]
    await enter(service, "sam")
    sent = {
        "form_token": await form_token(service),
        "step": "wait",
        "review_id": where.split("/")[-1],
        "reason": "later",
    }
    answer = await service("nobody", "POST", "/clinic/reviews/bulk", data=sent)
    assert answer.status_code == 422
    assert f'value="{sent["review_id"]}" checked' in answer.text and 'value="later"' in answer.text
    assert '<option value="wait" selected>' in answer.text


async def test_words_about_a_flag_that_a_colleague_has_resolved_are_shown(service: Service) -> None:
    await furnished(service)
    flag = next(one for one in (await service("sam", "GET", "/v1/flags")).json()["items"] if one["kind"] == "red_flag")
    await service("cleo", "POST", f"/v1/flags/{flag['id']}/resolve", json={"note": "seen"})
    await enter(service, "sam")
    sent = {"form_token": await form_token(service), "note": "sent to the emergency room"}
    answer = await service("nobody", "POST", f"/clinic/flags/{flag['id']}/resolve", data=sent)
    assert answer.status_code == 409 and "Not kept: sent to the emergency room" in answer.text


async def test_a_pain_that_is_none_is_said_beside_its_field(service: Service) -> None:
    procedure = (await furnished(service))[5]
    await enter(service)
    sent = {"form_token": await form_token(service), "baseline_pain": "eleven"}
    answer = await service("nobody", "POST", f"{procedure}/baseline", data=sent)
    assert answer.status_code == 422 and 'value="eleven"' in answer.text
