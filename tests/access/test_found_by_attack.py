"""Ways that an attacker found once: each was open, and each is shut."""

from datetime import timedelta
from typing import Any

import pytest

from app.access.accounts.attempts import PASSWORDS
from tests.access.factors.test_codes import with_app
from tests.conftest import Clock
from tests.record.patients.test_proxies import FRESH, lena, let, writes
from tests.record.patients.test_teams import WHY, in_teams
from tests.support import PASSWORD, Service, entry

pytestmark = pytest.mark.anyio


async def key_of(service: Service, *scopes: str) -> None:
    made = await service("root", "POST", "/v1/api_keys", json={"name": "x", "scopes": list(scopes)})
    service.tokens["machine"] = made.json()["key"]


async def test_an_erased_proxy_leaves_what_he_wrote_for_another(service: Service) -> None:
    told = await let(service, may_write=True)
    await service("bob", "POST", f"/v1/proxies/{told['code']}/accept")
    for_ada = {"headers": {"Reprieve-For": service.ada_id}}
    assert (await writes(service, "bob", **for_ada)).status_code == 201
    event = {"kind": "injury", "happened_on": "2026-04-01"}
    made = await service("bob", "POST", f"/v1/patients/{service.ada_id}/events", json=event, **for_ada)
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    assert (await service("root", "DELETE", f"/v1/patients/{bob}?reason=asked")).status_code == 204
    day = f"/v1/patients/{service.ada_id}/diary/2026-04-28"
    for where in (day, f"{day}/revisions", f"/v1/events/{made.json()['id']}/history"):
        assert (await service("ada", "GET", where)).status_code == 200, where
    record = (await service("cleo", "GET", f"/v1/patients/{service.ada_id}/record")).text
    assert "2026-04-28" in record and "injury" in record


async def test_an_admin_does_not_become_operator(service: Service) -> None:
    await service.add("odo", service.clinic_id, "operator")
    odo = f"/v1/accounts/{service.accounts['odo'][1]}"
    tried = [
        await service("root", "POST", f"{odo}/reset"),
        await service("root", "PATCH", odo, json={"disabled": True}),
        await service("root", "DELETE", f"{odo}/factors"),
        await service("root", "DELETE", f"{odo}/sessions"),
    ]
    assert [one.status_code for one in tried] == [404] * 4
    assert "odo" not in (await service("root", "GET", "/v1/accounts")).text


async def test_a_broken_glass_lets_look_and_nothing_else(service: Service) -> None:
    await in_teams(service)
    of_ada = f"/v1/patients/{service.ada_id}"
    await service("cleo", "POST", f"{of_ada}/break_glass", json={"reason": WHY})
    clara, cleo = (str(service.accounts[who][1]) for who in ("clara", "cleo"))
    procedure = {"performed_on": "2025-07-11", "region": "lumbar", "laterality": "left"}
    tried = [
        await service("cleo", "POST", f"{of_ada}/team", json={"account_id": cleo}),
        await service("cleo", "DELETE", f"{of_ada}/team/{clara}"),
        await service("cleo", "POST", f"{of_ada}/proxies", json={"name": "x", "may_write": True}),
        await service("cleo", "POST", f"{of_ada}/procedures", json=procedure),
        await service("cleo", "PUT", f"{of_ada}/diary/2026-04-28", json=entry(4)),
        await service("cleo", "PATCH", of_ada, json={"name": "X"}),
    ]
    assert [one.status_code for one in tried] == [404] * 6
    assert (await service("cleo", "GET", of_ada)).status_code == 200
    assert (await service("clara", "PUT", f"{of_ada}/diary/2026-04-28", json=entry(4))).status_code == 201


async def test_refreshing_gives_no_more_guesses(service: Service) -> None:
    told = await service.show("phone", "ada", PASSWORD)
    wrong = {"password": "wrong", "new_password": FRESH}
    for _ in range(PASSWORDS.burst):
        assert (await service("phone", "POST", "/v1/me/password", json=wrong)).status_code == 422
    form = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    fresh = (await service("nobody", "POST", "/v1/token", data=form)).json()["access_token"]
    service.tokens["phone"] = fresh
    assert (await service("phone", "POST", "/v1/me/password", json=wrong)).status_code == 429


async def test_a_key_opens_no_page_and_no_address_and_no_feed(service: Service) -> None:
    await key_of(service, "add_slot")
    cookie = {"Cookie": f"reprieve_session={service.tokens['machine']}"}
    page = await service("nobody", "GET", "/clinic/account", headers=cookie)
    assert (page.status_code, page.headers["location"][:16]) == (303, "/clinic/sign-in?")
    for method, where in (("GET", "/v1/addresses"), ("POST", "/v1/calendar"), ("DELETE", "/v1/calendar")):
        assert (await service("machine", method, where)).status_code == 403, where
    nothing = "/v1/addresses/0199a3c4-7d00-7a00-8000-000000000001"
    assert (await service("machine", "DELETE", nothing)).status_code == 403


async def test_a_key_that_may_take_a_step_is_answered_as_it_did(service: Service) -> None:
    await service.put("2026-04-30", side_effects=[{"kind": "fever", "severity": 3}])
    (flag,) = (await service("cleo", "GET", "/v1/flags?kind=red_flag")).json()["items"]
    await key_of(service, "work_flag")
    assert (await service("machine", "POST", f"/v1/flags/{flag['id']}/acknowledge", json={})).status_code == 200


async def test_an_operator_has_no_feed(service: Service) -> None:
    await service.add("odo", service.clinic_id, "operator")
    assert (await service("odo", "POST", "/v1/calendar")).status_code == 403


async def test_who_acts_for_nobody_reads_nothing(service: Service) -> None:
    told = await lena(service)
    await service("root", "GET", "/v1/accounts")
    assert (await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/proxies/{told['id']}")).status_code == 204
    for where in ("/v1/audit", "/v1/patients", "/v1/flags", "/v1/reviews", "/v1/appointments", "/v1/waiting"):
        answer = await service("lena", "GET", where)
        assert answer.status_code in (200, 403) and answer.json().get("items", []) == [], where


async def test_codes_end_with_who_made_them(service: Service) -> None:
    new = {"name": "Nora", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    nora = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    invited = (await service("cleo", "POST", f"/v1/patients/{nora}/invitations")).json()["code"]
    carer = (await let(service, "cleo", reason="carer", may_write=True))["code"]
    await service("root", "PATCH", f"/v1/accounts/{service.accounts['cleo'][1]}", json={"disabled": True})
    for code in (invited, carer):
        chosen = {"username": f"x {code[:4]}", "password": FRESH}
        assert (await service("nobody", "POST", f"/v1/invitations/{code}/accept", json=chosen)).status_code == 404


async def test_a_new_password_ends_codes_that_were_made_for_the_old(service: Service) -> None:
    made = (await service("root", "POST", f"/v1/accounts/{service.accounts['cleo'][1]}/reset")).json()["code"]
    new = {"password": PASSWORD, "new_password": FRESH}
    assert (await service("cleo", "POST", "/v1/me/password", json=new)).status_code == 204
    assert (await service("nobody", "POST", f"/v1/resets/{made}", json={"password": FRESH})).status_code == 404


async def test_codes_that_ran_out_leave_room_for_others(service: Service, clock: Clock) -> None:
    for _ in range(20):
        await let(service)
    full = await service("ada", "POST", f"/v1/patients/{service.ada_id}/proxies", json={"name": "one more"})
    assert full.status_code == 409
    clock.now += timedelta(days=15)
    await service.sign_in_again()
    await let(service)


ODD: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/clinic/sign-in?next=//[", {}),
    ("POST", "/clinic/sign-in", {"headers": {"Origin": "http://["}, "data": {"username": "x", "password": "y"}}),
    ("POST", "/clinic/sign-out", {"headers": {"Referer": "http://["}}),
    ("GET", "/v1/outside_team?name=abc%00", {}),
)


@pytest.mark.parametrize(("method", "where", "more"), ODD)
async def test_what_is_no_address_is_no_failure(
    service: Service, method: str, where: str, more: dict[str, Any]
) -> None:
    for who in ("nobody", "cleo"):
        assert (await service(who, method, where, **more)).status_code < 500, who


@pytest.mark.parametrize("name", ["\ud800", "\x00", "x" * 2000])
async def test_what_is_no_passkey_is_no_failure(service: Service, name: str) -> None:
    told = (await service("nobody", "POST", "/v1/token/passkey/begin")).json()
    sent = (
        f'{{"challenge_id": "{told["challenge_id"]}", "credential": {{"id": {ascii(name).replace(chr(39), chr(34))}}}}}'
    )
    sent = sent.replace("\\x00", "\\u0000")
    headers = {"Content-Type": "application/json"}
    answer = await service("nobody", "POST", "/v1/token/passkey", content=sent, headers=headers)
    assert answer.status_code == 401, answer.text


async def test_who_takes_the_last_factor_off_where_it_is_asked_for_reaches_the_own_account_alone(
    service: Service,
) -> None:
    await with_app(service)
    await service("root", "PATCH", "/v1/clinic", json={"second_factor": True})
    assert (await service("cleo", "GET", "/v1/patients")).status_code == 200
    (held,) = (await service("cleo", "GET", "/v1/me/factors")).json()["items"]
    gone = await service("cleo", "POST", f"/v1/me/factors/{held['id']}/remove", json={"password": PASSWORD})
    assert gone.status_code == 204
    assert (await service("cleo", "GET", "/v1/patients")).status_code == 403
