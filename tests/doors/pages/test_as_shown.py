"""A form that changes what others change, too, carries the state that it was shown with, and shows again what was typed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.pages.test_hub import fields_in
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.rules.test_policies import GOOD_FILE
from tests.support import Service
from tests.work.calendar.test_waiting import listed, waits
from tests.work.reviews.test_bulk import some
from tests.work.reviews.test_reviews import slot

TEMPLATES = Path(__file__).parents[3] / "app" / "doors" / "pages" / "templates"
FORM = re.compile(r'<form[^>]*method="post".*?</form>', re.DOTALL)
FIELD = re.compile(
    r"<(input|select|textarea)\b((?:{{.*?}}|{%.*?%}|[^>])*)>(.*?)(?=<(?:input|select|textarea|button)|$)", re.DOTALL
)
TAGGED = re.compile(r'hidden\([^)]|name="(?:tag|was|based_on)"|{{ (?:as_shown\(\)|filters) }}')
CHANGED = "Somebody has changed this since you opened it"
# Steps of templates, by the last word of their address, that need none: what they make is new or the end of something, or
# nobody else works on it. An empty set: all of that template's.
WITHOUT: dict[str, set[str]] = {
    "account.html": set(),
    "accounts.html": {"invite", "reset", "remove", "end", "withdraw"},
    "base.html": set(),
    "calendar.html": {"slots", "away", "back", "withdraw"},
    "clinic.html": {"sites", "red-flags"},
    "documents.html": set(),
    "forgotten.html": set(),
    "grid.html": set(),  # an appointment that was moved meanwhile is another one
    "join.html": set(),
    "machines.html": set(),
    "outside.html": set(),
    "patient.html": {"invite"},
    "patient_account.html": {"end", "reset", "invite", "ask", "consent", "proxies", "remove", "team", "erase"},
    "policies.html": {"policies"},  # a new one
    "procedure.html": {"baseline", "reviews", "contacts"},  # where it was done already, it says so
    "reset.html": set(),
    "reviews.html": set(),  # each row carries its own
    "sign_in.html": set(),
    "sign_in_code.html": set(),
    "take_over.html": set(),
}
# Fields whose text is never written into a page, or is a choice among what is there.
LET_GO = {
    "account.html": {"code", "name", "new_password"},
    "accounts.html": {"role", "client_secret"},
    "forgotten.html": {"username"},
    "join.html": {"code", "username", "password"},
    "patient_account.html": {"{{ kind }}", "site_id", "account_id", "name"},
    "procedure.html": {"baseline_pain"},
    "reset.html": {"code", "password"},
    "sign_in.html": {"password"},
    "sign_in_code.html": {"code"},
    "take_over.html": {"code", "password"},
    "outside.html": {"reason"},
    "calendar.html": {"slot_id"},
    "form.html": {"somebody_else"},
    "grid.html": {"reason"},  # its step is shown on the appointment's page
    "policies.html": {"toml"},  # is shown again in the form for a new one
}


def forms() -> Iterator[tuple[str, str, str]]:
    """Each form of a template that does something: the template, the last word of its address, and its text."""
    for file in sorted(TEMPLATES.glob("*.html")):
        for form in FORM.findall(file.read_text()):
            action = re.search(r'action="((?:{{.*?}}|[^"])*)"', form)
            assert action is not None, form[:100]
            yield file.name, re.sub(r"{{.*?}}", "", action[1]).rstrip("/").rpartition("/")[2], form


def test_each_form_that_changes_what_is_there_carries_the_state_that_it_was_shown_with() -> None:
    seen = list(forms())
    assert len(seen) > 80
    bare = [(template, step) for template, step, form in seen if not TAGGED.search(form)]
    assert [one for one in bare if one[0] not in WITHOUT or (WITHOUT[one[0]] and one[1] not in WITHOUT[one[0]])] == []
    named = {(template, step) for template, steps in WITHOUT.items() for step in steps}
    assert named <= set(bare)


def test_what_was_typed_is_shown_again_in_each_field_that_was_typed_in() -> None:
    lost = []
    for template, _, form in forms():
        for tag, attributes, rest in FIELD.findall(form):
            name = re.search(r'name="([^"]*)"', attributes)
            if name is None or 'type="hidden"' in attributes or name[1] in LET_GO.get(template, ()):
                continue
            ticked = re.search('type="(checkbox|radio)"', attributes)
            again = r"typed|values|kept|yours" + ('|value="{{' if tag == "input" and not ticked else "")
            if not re.search(again, attributes if tag == "input" else attributes + rest):
                lost.append((template, name[1]))
    assert lost == []


pytestmark = pytest.mark.anyio


async def old_tab(service: Service, shown: str, action: str, *, who: str = "sam") -> dict[str, Any]:
    """The fields of a form as it is shown now."""
    await enter(service, who)
    return fields_in(await page(service, shown), action)


@pytest.mark.parametrize("step", ["place", "close", "delete", "book"])
async def test_an_old_tab_of_a_slot(service: Service, step: str) -> None:
    free = await slot(service)
    where = f"/clinic/slots/{free}"
    form = await old_tab(service, f"{where}?q=Ada" if step == "book" else where, f"{where}/{step}")
    await service("sam", "PATCH", f"/v1/slots/{free}", json={"room": "7"})
    late = await send_form(service, f"{where}/{step}", **form)
    assert (late.status_code, CHANGED in late.text) == (412, True)
    assert 'name="room" maxlength="60" value="7"' in late.text
    listing = (await service("sam", "GET", "/v1/slots", params={"from": "2026-06-01T00:00:00Z"})).json()["items"]
    assert [(one["room"], one["free"], one["closed"]) for one in listing] == [("7", True, False)]
    again = await send_form(service, f"{where}/close", **fields_in(late.text, f"{where}/close"))
    assert again.status_code == 303


async def test_an_old_tab_of_a_closed_slot_does_not_open_it_again(service: Service) -> None:
    free = await slot(service)
    await service("sam", "PATCH", f"/v1/slots/{free}", json={"closed": True})
    where = f"/clinic/slots/{free}"
    form = await old_tab(service, where, f"{where}/open")
    for closed in (False, True):
        await service("sam", "PATCH", f"/v1/slots/{free}", json={"closed": closed})
    assert (await send_form(service, f"{where}/open", **form)).status_code == 412


@pytest.mark.parametrize(("step", "more"), [("cancel", {"reason": "she called"}), ("confirm", {})])
async def test_an_old_tab_of_an_appointment(service: Service, step: str, more: dict[str, str]) -> None:
    at = {"patient_id": service.ada_id, "slot_id": await slot(service)}
    booked = (await service("sam", "POST", "/v1/appointments", json=at)).json()["id"]
    where = f"/clinic/appointments/{booked}"
    form = await old_tab(service, where, f"{where}/{step}")
    await service("cleo", "POST", f"/v1/appointments/{booked}/confirm")
    late = await send_form(service, f"{where}/{step}", **{**form, **more})
    assert (late.status_code, CHANGED in late.text) == (412, True)
    assert more.get("reason", "") in late.text
    (now,) = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    assert now["state"] == "confirmed"


async def test_an_old_tab_books_nobody_who_waits_no_more(service: Service) -> None:
    await slot(service)
    wait = await waits(service, kind="procedure", minutes=30)
    form = await old_tab(service, "/clinic/calendar?from=2026-06-01", "/clinic/calendar/book?from=2026-06-01")
    assert form["slot_id"]
    assert (await service("sam", "DELETE", f"/v1/waiting/{wait['id']}")).status_code == 204
    assert await listed(service) == []
    late = await send_form(service, "/clinic/calendar/book", **form)
    assert (late.status_code, CHANGED in late.text) == (412, True)


async def test_an_old_tab_of_the_accounts(service: Service) -> None:
    cleo = f"/clinic/accounts/{service.accounts['cleo'][1]}"
    form = await old_tab(service, "/clinic/accounts", f"{cleo}/change", who="root")
    await service("root", "PATCH", f"/v1/accounts/{service.accounts['cleo'][1]}", json={"disabled": True})
    late = await send_form(service, f"{cleo}/change", **{**form, "role": "scheduler"})
    assert (late.status_code, CHANGED in late.text) == (412, True)
    found = (await service("root", "GET", "/v1/accounts")).json()["items"]
    assert [(one["role"], one["disabled"]) for one in found if one["username"].startswith("cleo")] == [
        ("clinician", True)
    ]
    form = await old_tab(service, "/clinic/accounts", "/clinic/accounts/second-factor", who="root")
    late = await send_form(service, "/clinic/accounts/second-factor", **{**form, "tag": "of another state"})
    assert late.status_code == 412
    assert not (await service("root", "GET", "/v1/clinic")).json()["second_factor"]


async def test_an_old_tab_of_a_site(service: Service) -> None:
    site = (await service("root", "POST", "/v1/sites", json={"name": "Lakeside"})).json()["id"]
    where = f"/clinic/settings/sites/{site}"
    form = await old_tab(service, "/clinic/settings", where, who="root")
    home = f"/clinic/patients/{service.ada_id}/account"
    of_ada = await old_tab(service, home, f"{home}/site", who="cleo")
    await service("root", "PATCH", f"/v1/sites/{site}", json={"phone": "+41 44 1"})
    await enter(service, "root")
    for step in ("", "/close"):
        late = await send_form(service, where + step, **{**form, "name": "Hillside"})
        assert (late.status_code, CHANGED in late.text) == (412, True)
    told = (await service("root", "GET", "/v1/sites")).json()["items"]
    assert [(one["name"], one["phone"], one["closed"]) for one in told] == [("Lakeside", "+41 44 1", False)]
    await service("cleo", "PUT", f"/v1/patients/{service.ada_id}/site", json={"site_id": site})
    await enter(service, "cleo")
    assert (await send_form(service, f"{home}/site", **of_ada)).status_code == 412


async def test_an_old_tab_of_a_policy_keeps_the_text_that_was_typed(service: Service) -> None:
    await enter(service, "root")
    assert (await send_form(service, "/clinic/policies", toml=GOOD_FILE)).status_code == 303
    shown = await page(service, "/clinic/policies")
    tag = re.search(r'name="tag" value="([0-9a-f]+)"><input type="hidden" name="of" value="own"', shown)
    assert tag is not None
    theirs, mine = GOOD_FILE.replace("most = 2", "most = 3"), GOOD_FILE.replace("most = 2", "most = 4")
    assert (await send_form(service, "/clinic/policies", toml=theirs)).status_code == 303
    sent = {"tag": tag[1], "of": "own"}
    late = await send_form(service, "/clinic/policies", toml=mine, **sent)
    assert (late.status_code, CHANGED in late.text, "most = 4" in late.text) == (412, True, True)
    assert (await send_form(service, "/clinic/policies/own/end", tag=tag[1])).status_code == 412
    seen = await send_form(service, "/clinic/policies/preview", toml=mine, **sent)
    assert f'name="tag" value="{tag[1]}"' in seen.text  # looking does not make an old page a new one
    (own,) = (form for form in late.text.split("<form") if "most = 4" in form)
    assert 'name="of" value="own"' in own and 'name="tag"' not in own  # who sends it again means it


async def test_an_old_queue_leaves_alone_who_was_changed_meanwhile(service: Service) -> None:
    ids = await some(service, 2)
    await enter(service, "sam")
    seen = re.findall(r'name="seen" value="([^"]*)"', (await page(service, "/clinic/reviews")).replace("&#34;", "'"))
    seen = [one.replace("'", '"') for one in seen]
    assert len(seen) == 2
    await service("cleo", "PATCH", f"/v1/reviews/{ids[0]}", json={"note": "she is called back on Friday"})
    late = await send_form(service, "/clinic/reviews/bulk", step="cancel", reason="too old", review_id=ids, seen=seen)
    assert (late.status_code, CHANGED in late.text) == (200, True)
    states = [(await service("sam", "GET", f"/v1/reviews/{one}")).json()["state"] for one in ids]
    assert states == ["in_work", "cancelled"]


async def test_the_pain_before_is_not_written_over_by_an_old_tab(service: Service) -> None:
    procedure = await service.new_procedure()
    await service("cleo", "PATCH", f"/v1/procedures/{procedure}", json={"baseline_pain": 7, "reason": "of the chart"})
    await enter(service)
    late = await send_form(service, f"/clinic/procedures/{procedure}/baseline", baseline_pain="4")
    assert (late.status_code, CHANGED in late.text) == (412, True)
    assert (await service("cleo", "GET", f"/v1/procedures/{procedure}")).json()["baseline_pain"] == 7


async def test_what_was_ticked_stays_ticked(service: Service) -> None:
    """A webhook without topics is told everything: who corrects the address must not come to that unknowingly."""
    await enter(service, "root")
    refused = await send_form(service, "/clinic/webhooks", url="nowhere", topics=["review.opened"])
    assert refused.status_code == 422
    assert re.findall(r'name="topics" value="([^"]*)" checked', refused.text) == ["review.opened"]
    refused = await send_form(service, "/clinic/webhooks/keys", name="EHR", days="0", scopes=["read"])
    assert refused.status_code == 422
    assert re.findall(r'name="scopes" value="([^"]*)" checked', refused.text) == ["read"]


async def test_who_waits_already_is_not_put_on_the_list_over_what_stands_there(service: Service) -> None:
    home = f"/clinic/patients/{service.ada_id}"
    form = await old_tab(service, home, f"{home}/wait", who="cleo")
    assert form["kind"] == "procedure"
    wish = {"kind": "procedure", "minutes": 45, "first_on": "2026-06-07", "note": "mornings"}
    me = (await service("cleo", "GET", "/v1/me")).json()["account_id"]
    await waits(service, **wish, clinician_id=me)
    late = await send_form(service, f"{home}/wait", **{**form, "note": "afternoons"})
    assert (late.status_code, CHANGED in late.text, "afternoons" in late.text) == (412, True, True)
    text = await page(service, home)
    assert "Waits for a procedure" in text and "45 minutes, from 7 June 2026 · mornings" in text
    (own,) = (one for one in text.split("<form") if 'name="kind" value="procedure"' in one)
    tag = re.search(r'name="tag" value="([^"]*)"', own)
    assert tag is not None and 'value="45"' in own and 'value="2026-06-07"' in own
    anew = {"kind": "procedure", "minutes": "30", "first_on": "2026-06-07", "note": "mornings", "tag": tag[1]}
    assert (await send_form(service, f"{home}/wait", **anew)).headers["location"] == home
    (held,) = await listed(service)
    assert (held["minutes"], held["clinician_id"]) == (30, me), "what the form does not ask for stays"


async def test_what_was_typed_into_an_old_tab_is_told(service: Service) -> None:
    site = (await service("root", "POST", "/v1/sites", json={"name": "Lakeside"})).json()["id"]
    where = f"/clinic/settings/sites/{site}"
    form = await old_tab(service, "/clinic/settings", where, who="root")
    await service("root", "PATCH", f"/v1/sites/{site}", json={"phone": "+41 44 1"})
    late = await send_form(service, where, **{**form, "name": "Hillside", "address": "Lake Street 7"})
    assert late.status_code == 412
    assert "You had typed: name: Hillside; address: Lake Street 7" in " ".join(late.text.split())
