"""The clinic's own pages for its admins: settings, sites, red flags, policies, webhooks, keys."""

import re

import pytest

from app.access.accounts.service import add_clinic
from tests.alerts.flags.test_conclusions import returned, work
from tests.doors.pages.test_hub import fields_in
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service

pytestmark = pytest.mark.anyio
SETTINGS = "/clinic/settings"


async def test_settings_are_kept_and_an_old_tab_undoes_nothing(service: Service) -> None:
    await enter(service, "root")
    form = fields_in(await page(service, SETTINGS), SETTINGS)
    cleo = str(service.accounts["cleo"][1])
    new = {
        "phone": "+41 44 555 01 00",
        "jurisdiction": "CH",
        "alarm_budget": "20",
        "chain_1": cleo,
        "time_zone": "Europe/Zurich",
    }
    assert (await send_form(service, SETTINGS, **{**form, **new})).status_code == 303
    held = (await service("root", "GET", "/v1/clinic")).json()
    assert (held["phone"], held["jurisdiction"], held["alarm_budget"], held["chain"]) == (
        "+41 44 555 01 00",
        "CH",
        20,
        [cleo],
    )
    other = await send_form(service, SETTINGS, **{**form, "emergency_number": "144"})  # from before, of another field
    assert other.status_code == 303
    held = (await service("root", "GET", "/v1/clinic")).json()
    assert (held["phone"], held["emergency_number"]) == ("+41 44 555 01 00", "144")
    stale = await send_form(service, SETTINGS, **{**form, "phone": "+41 44 999 99 99"})
    assert stale.status_code == 412 and "You had typed: +41 44 999 99 99" in stale.text
    assert 'value="+41 44 999 99 99"' not in stale.text


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("name", "", "Name</a>"),
        ("phone", "call me", "Phone</a>"),
        ("jurisdiction", "Switzerland", "Country, two letters</a>"),
        ("time_zone", "Nowhere", "Time zone</a>"),
        ("alarm_budget", "-1", "Flags that can wait, shown a week</a>"),
        ("alarm_budget", "many", "Flags that can wait, shown a week</a>"),
        ("audit_days", "3", "Keep who saw what, days</a>"),
    ],
)
async def test_a_setting_that_can_not_be_is_said_beside_it(service: Service, name: str, value: str, says: str) -> None:
    await enter(service, "root")
    form = fields_in(await page(service, SETTINGS), SETTINGS)
    refused = await send_form(service, SETTINGS, **{**form, name: value})
    assert refused.status_code == 422 and says in refused.text and f'id="wrong-{name}"' in refused.text, refused.text
    assert (await service("root", "GET", "/v1/clinic")).json()["name"] != value


async def test_sites_and_red_flags(service: Service) -> None:
    await enter(service, "root")
    assert (await send_form(service, f"{SETTINGS}/sites", name="Lakeside", phone="+41 44 1")).status_code == 303
    again = await send_form(service, f"{SETTINGS}/sites", name="lakeside")
    assert (again.status_code, 'value="lakeside"' in again.text) == (409, True)
    text = await page(service, SETTINGS)
    site = re.search(rf'action="({SETTINGS}/sites/[0-9a-f-]+)"', text)
    assert site is not None
    assert (await send_form(service, site[1], name="Hillside", address="Hill 1")).status_code == 303
    assert (await send_form(service, f"{site[1]}/close")).status_code == 303
    text = await page(service, SETTINGS)
    assert "Hillside" in text and "Hill 1" in text and "Open again" in text
    assert (await send_form(service, f"{site[1]}/burn")).status_code == 404
    rule = {"kind": "headache", "least_severity": "2", "advice": "Call us today."}
    assert (await send_form(service, f"{SETTINGS}/red-flags", **rule)).status_code == 303
    assert "from severity 2 on: Call us today." in await page(service, SETTINGS)
    assert (await send_form(service, f"{SETTINGS}/red-flags", **{**rule, "advice": ""})).status_code == 422
    kept = await service.put("2026-04-30", 4, side_effects=[{"kind": "headache", "severity": 3}])
    assert "Call us today." in kept.json()["advice"]


async def test_a_policy_is_written_and_ended(service: Service) -> None:
    await enter(service, "root")
    text = await page(service, "/clinic/policies")
    own = fields_in(text, "/clinic/policies")["toml"].replace("&#34;", '"').replace("&gt;", ">").replace("&lt;", "<")
    bad = await send_form(service, "/clinic/policies", toml="name = ")
    assert bad.status_code == 422 and "name =</textarea>" in bad.text
    assert (await send_form(service, "/clinic/policies", toml=own)).status_code == 303
    assert "(own-payer)" in (await page(service, "/clinic/policies")).split('id="others"')[0]
    assert (await send_form(service, "/clinic/policies/own-payer/end")).status_code == 303
    assert "(own-payer)" not in await page(service, "/clinic/policies")
    await enter(service)
    assert "Write a policy" not in await page(service, "/clinic/policies")


async def test_before_a_policy_is_kept_one_sees_whose_answer_it_changes(service: Service) -> None:
    procedure = await returned(service)
    await work(service)
    await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"payer": "own payer"})
    await enter(service, "root")
    text = fields_in(await page(service, "/clinic/policies"), "/clinic/policies")["toml"]
    own = text.replace("&#34;", '"').replace("&gt;", ">").replace("&lt;", "<")
    seen = await send_form(service, "/clinic/policies/preview", toml=own)
    assert seen.status_code == 200 and "It answers for 1 of the open reviews; of 1 the answer changes" in seen.text
    assert "Ada Muster" in seen.text and "not asked" in seen.text
    assert "(own-payer)" not in await page(service, "/clinic/policies"), "nothing is kept"
    assert (await send_form(service, "/clinic/policies", toml=own)).status_code == 303
    again = await send_form(service, "/clinic/policies/preview", toml=own)
    assert "of 0 the answer changes" in again.text
    bad = await send_form(service, "/clinic/policies/preview", toml="nonsense")
    assert (bad.status_code, "nonsense</textarea>" in bad.text) == (422, True)


async def test_webhooks_and_keys_show_their_secret_once(service: Service) -> None:
    await enter(service, "root")
    bad = await send_form(service, "/clinic/webhooks", url="http://localhost/x")
    assert bad.status_code == 422 and 'value="http://localhost/x"' in bad.text
    made = await send_form(service, "/clinic/webhooks", url="https://ehr.example.org/hook", topics=["flag.raised"])
    secret = re.search(r"whsec_[^<]+", made.text)
    text = await page(service, "/clinic/webhooks")
    assert (
        secret is not None
        and secret[0] not in text
        and "https://ehr.example.org/hook" in text
        and "flag.raised" in text
    )
    gone = re.search(r'action="(/clinic/webhooks/[0-9a-f-]+/remove)"', text)
    assert gone is not None and (await send_form(service, gone[1])).status_code == 303
    for days, scopes in (("0", ["read"]), ("9", []), ("9", ["everything"]), ("soon", ["read"])):
        fields = {"name": "export", "days": days, "scopes": scopes}
        assert (await send_form(service, "/clinic/webhooks/keys", **fields)).status_code == 422, (days, scopes)
    made = await send_form(service, "/clinic/webhooks/keys", name="export", days="9", scopes=["read"])
    key = re.search(r"rpk_[^<]+", made.text)
    assert key is not None
    called = await service("nobody", "GET", "/v1/patients", headers={"Authorization": f"Bearer {key[0]}"})
    assert called.status_code == 200
    text = await page(service, "/clinic/webhooks")
    ended = re.search(r'action="(/clinic/webhooks/keys/[0-9a-f-]+/end)"', text)
    assert key[0] not in text and ended is not None
    assert (await send_form(service, ended[1])).status_code == 303
    called = await service("nobody", "GET", "/v1/patients", headers={"Authorization": f"Bearer {key[0]}"})
    assert called.status_code == 401


async def test_a_feed_is_made_and_revoked_on_ones_own_page(service: Service) -> None:
    await enter(service)
    made = await send_form(service, "/clinic/account/calendar")
    address = re.search(r"/v1/calendar/[^<]+\.ics", made.text)
    assert address is not None and (await service("nobody", "GET", address[0])).status_code == 200
    assert (await send_form(service, "/clinic/account/calendar/revoke")).status_code == 303
    assert (await service("nobody", "GET", address[0])).status_code == 404


async def test_the_menu_shows_what_one_may_open(service: Service) -> None:
    for who, shown in (("root", True), ("cleo", False), ("sam", False)):
        await enter(service, who)
        menu = (await page(service, "/clinic")).split("</nav>")[0]
        for where in ("accounts", "settings", "policies", "webhooks", "audit"):
            assert (f'href="/clinic/{where}"' in menu) is shown, (who, where)
        assert who in (await page(service, "/clinic")).split("</header>")[0]
        for address in re.findall(r'href="(/clinic[^"]*)"', menu):
            assert (await service("nobody", "GET", address)).status_code == 200, address


async def test_an_empty_clinic_leads_its_admin_through_the_first_steps(service: Service) -> None:
    state, now = service.app.state, service.app.state.clock()
    new = await state.database.write(lambda c: add_clinic(c, "Hillside", now))
    await service.add("hill", new, "admin")
    await enter(service, "hill")
    text = await page(service, "/clinic")
    assert [text.count(f'href="{one}"') >= 1 for one in ("/clinic/accounts#invite", "/clinic/patients/new")] == [
        True,
        True,
    ]
    form = fields_in(await page(service, SETTINGS), SETTINGS)
    kept = await send_form(service, SETTINGS, **{**form, "phone": "+41 44 1", "jurisdiction": "ch"})
    assert kept.status_code == 303
    assert (await service("hill", "GET", "/v1/clinic")).json()["jurisdiction"] == "CH", "as it is meant"
    assert "<span>Write down the clinic&#39;s phone" in await page(service, "/clinic")
    await service.add("dora", new, "clinician")
    added = await send_form(service, "/clinic/patients", name="Eva", born_on="1960-01-01", time_zone="Europe/Zurich")
    assert added.status_code == 303 and "First steps" not in await page(service, "/clinic")
    await enter(service)
    assert "First steps" not in await page(service, "/clinic?q=")


async def test_the_cohort_goes_out_as_a_sheet(service: Service) -> None:
    await returned(service)
    await work(service)
    await enter(service)
    rows = (await page(service, "/clinic/cohort.csv?group_by=region")).splitlines()
    assert rows[0] == "group,day,still_followed,still_in_relief,low_95,high_95"
    assert rows[1].startswith("lumbar,0,1,1") and rows[-1].split(",")[3] == "0"
    assert 'href="/clinic/cohort.csv?group_by=region"' in await page(service, "/clinic/cohort?group_by=region")
    assert (await service("nobody", "GET", "/clinic/cohort.csv?region=nowhere")).status_code == 422


async def test_a_slot_is_of_a_site_and_the_calendar_says_which(service: Service) -> None:
    await enter(service, "root")
    assert 'name="site_id"' not in await page(service, "/clinic/calendar"), "a clinic at one place is asked for none"
    site = (await service("root", "POST", "/v1/sites", json={"name": "Lakeside"})).json()["id"]
    cleo = str(service.accounts["cleo"][1])
    new = {
        "clinician_id": cleo,
        "on": "2026-05-04",
        "at": "09:00",
        "minutes": "30",
        "location": "Main",
        "room": "Room 2",
    }
    made = await send_form(service, "/clinic/calendar/slots?from=2026-05-04", **new, weeks="1", site_id=site)
    assert made.status_code == 303, made.text
    for where in ("/clinic/calendar?from=2026-05-04", "/clinic/calendar/grid?from=2026-05-04"):
        assert "Room 2, Lakeside" in await page(service, where), where
    wrong = await send_form(service, "/clinic/calendar/slots", **new, weeks="1", site_id=cleo)
    assert wrong.status_code == 422


async def test_the_grid_has_a_column_for_each_day_clinician_room_or_device(service: Service) -> None:
    cleo = str(service.accounts["cleo"][1])
    slot = {"clinician_id": cleo, "starts_at": "2026-05-05T09:00:00Z", "minutes": 30, "location": "Main"}
    for more in ({"room": "Room 1", "device": "Generator A"}, {"starts_at": "2026-05-05T10:00:00Z", "room": "Room 2"}):
        assert (await service("sam", "POST", "/v1/slots", json={**slot, **more})).status_code == 201
    await enter(service, "sam")
    heads = {
        by: re.findall(
            r'<th scope="col">([^<]+)</th>', await page(service, f"/clinic/calendar/grid?from=2026-05-05&by={by}")
        )
        for by in ("day", "clinician", "room", "device")
    }
    assert heads["day"][1] == "Monday, 4 May 2026" and len(heads["day"]) == 8
    assert heads["clinician"] == ["Time", "cleo"]
    assert heads["room"] == ["Time", "Room 1", "Room 2"]
    assert heads["device"] == ["Time", "Generator A", "no device named"]
    assert "No slots on this day" in await page(service, "/clinic/calendar/grid?from=2026-05-06&by=room")
    nobody = await page(service, "/clinic/calendar/grid?from=2026-05-05&who=nobody")
    assert "No slots in this week" in nobody
    assert (await service("nobody", "GET", "/clinic/calendar/grid?by=weather")).status_code == 422
