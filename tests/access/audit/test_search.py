"""Looking through the audit: an admin in the clinic, a patient for who saw their own record, nobody else."""

from typing import Any

import pytest

from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page
from tests.support import Service

pytestmark = pytest.mark.anyio


async def found(service: Service, who: str = "root", **asked: Any) -> list[dict[str, Any]]:
    answer = await service(who, "GET", "/v1/audit", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_an_admin_sees_who_did_what_with_which_device_from_where(service: Service) -> None:
    name = "a-proxys-name-of-it"
    looked = await service(
        "cleo", "GET", f"/v1/patients/{service.ada_id}", headers={"X-Request-ID": name, "User-Agent": "Ward 3"}
    )
    assert looked.headers["x-request-id"] == name
    (one,) = await found(service, resource="patient", patient_id=service.ada_id, action="read")
    assert (one["username"], one["role"], one["account_id"]) == ("cleo", "clinician", str(service.accounts["cleo"][1]))
    assert (one["address"], one["request_id"]) == ("127.0.0.1", name)
    assert one["device"] is None, "what signed in said nothing of itself"
    mine = {"Authorization": f"Bearer {await token(service, 'cleo', 'Ward 3')}"}
    await service("nobody", "GET", f"/v1/patients/{service.ada_id}", headers=mine)
    (newest, _) = await found(service, resource="patient", patient_id=service.ada_id, action="read")
    assert newest["device"] == "Ward 3" and len(newest["request_id"]) == 32


async def token(service: Service, who: str, device: str) -> str:
    issued = await service.app.state.sign_ins.issue(*service.accounts[who], service.app.state.clock(), device=device)
    return str(issued.token)


@pytest.mark.parametrize("name", ["short", "with spaces in it", "x" * 41, "line\tbreak-in-it", "ümläuteumläut"])
async def test_a_request_that_is_named_oddly_gets_a_name_of_our_own(service: Service, name: str) -> None:
    answer = await service("cleo", "GET", "/v1/me", headers={"X-Request-ID": name.encode()})
    assert len(answer.headers["x-request-id"]) == 32


async def test_what_is_asked_for_is_found(service: Service) -> None:
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    until = service.app.state.clock().isoformat()
    await service("sam", "PATCH", f"/v1/patients/{service.ada_id}", json={"name": "Ada M."})
    sam = str(service.accounts["sam"][1])
    did = [(one["action"], one["resource"]) for one in await found(service, account_id=sam)]
    assert did == [("change", "patient"), ("create", "sign_in")]
    assert [one["username"] for one in await found(service, action="change", resource="patient")] == ["sam"]
    assert {one["username"] for one in await found(service, to=until, resource="patient")} == {"cleo"}
    since = await found(service, **{"from": until}, resource="patient")
    assert {one["username"] for one in since} == {"sam"}
    everything = await found(service, limit=200)
    assert [one["at"] for one in everything] == sorted((one["at"] for one in everything), reverse=True)
    assert {one["resource"] for one in everything} >= {"patient", "audit"}, "looking is on record as well"


async def test_pages_follow_one_another_without_a_gap(service: Service) -> None:
    for _ in range(9):
        await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    until = service.app.state.clock().isoformat()
    whole = await found(service, to=until, limit=200)
    seen, cursor = [], None
    while True:
        asked = {"to": until, "limit": "4"} | ({"cursor": cursor} if cursor else {})
        answer = (await service("root", "GET", "/v1/audit", params=asked)).json()
        seen += answer["items"]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == whole


async def test_a_patient_sees_who_looked_and_not_from_where(service: Service) -> None:
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    await service("cleo", "GET", f"/v1/patients/{bob}")
    mine = await found(service, "ada")
    assert {one["patient_id"] for one in mine} == {service.ada_id}
    assert ("cleo", "read", "patient") in {(one["username"], one["action"], one["resource"]) for one in mine}
    assert all(one[name] is None for one in mine for name in ("device", "address", "request_id"))
    assert await found(service, "ada", patient_id=bob) == []
    (newest, *_) = await found(service, resource="audit")
    assert newest["patient_id"] == service.ada_id, "nothing is written into another's record"
    assert (await service("ada", "GET", "/v1/audit?resource=%00")).status_code == 422


async def test_others_of_the_staff_and_other_clinics_see_nothing(service: Service) -> None:
    for who in ("cleo", "sam"):
        assert (await service(who, "GET", "/v1/audit")).status_code == 403
    await service.add("over", service.accounts["other"][0], "admin")
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    assert await found(service, "over", patient_id=service.ada_id) == []


async def test_it_comes_as_a_sheet(service: Service) -> None:
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    sheet = await service("root", "GET", "/v1/audit", headers={"Accept": "text/csv"}, params={"resource": "patient"})
    assert sheet.text.splitlines()[0].startswith("id,at,account_id,username,role,patient_id,action,resource,why")
    assert ",cleo,clinician," in sheet.text


async def test_a_page_shows_it_to_admins(service: Service) -> None:
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    await enter(service, "root")
    text = await page(service, f"/clinic/audit?patient={service.ada_id}&action=read&from=2026-05-01&to=2026-05-01")
    assert "Only what concerns Ada Muster" in text and "Nothing is sealed yet" in text
    assert text.count("read patient") == 1 and 'cleo <span class="soft">clinician</span>' in text
    assert "Nothing of that kind is on record." in await page(service, "/clinic/audit?from=2026-05-02")
    assert ">Audit</a>" in await page(service, "/clinic") and "Who looked at this record" in await page(
        service, f"/clinic/patients/{service.ada_id}/account"
    )
    sheet = await service("nobody", "GET", f"/clinic/audit.csv?patient={service.ada_id}")
    assert sheet.headers["content-type"].startswith("text/csv") and ",cleo," in sheet.text
    assert "attachment" in sheet.headers["content-disposition"]
    await enter(service, "sam")
    assert (await service("nobody", "GET", "/clinic/audit")).status_code == 403
    assert (await service("nobody", "GET", "/clinic/audit.csv")).status_code == 403
    assert ">Audit</a>" not in await page(service, "/clinic")


async def test_the_form_may_be_sent_with_fields_left_empty(service: Service) -> None:
    await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    await service("root", "PATCH", "/v1/clinic", json={"time_zone": "Pacific/Auckland"})
    await enter(service, "root")
    empty = await page(service, "/clinic/audit?who=&action=&from=&to=")
    assert "read patient" in empty
    cleo = service.accounts["cleo"][1]
    assert "read patient" in await page(service, f"/clinic/audit?who={cleo}&action=burn&from=&to=")
    assert "change clinic" not in await page(service, f"/clinic/audit?who={cleo}&action=&from=&to=")
    assert "read patient" in await page(service, "/clinic/audit?from=2026-05-02&to="), "days are those of the clinic"


async def test_a_sheet_that_is_cut_says_so(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.doors.pages.audit_page.SHEET", 3)
    await enter(service, "root")
    for _ in range(5):
        await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    sheet = await service("nobody", "GET", "/clinic/audit.csv")
    assert len(sheet.text.splitlines()) == 1 + 3 + 1 and "Older events are left out here" in sheet.text
    assert sheet.headers["cache-control"] == "private, no-store"


async def test_the_page_leads_to_older_events(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.doors.pages.audit_page.PAGE", 3)
    for _ in range(5):
        await service("cleo", "GET", f"/v1/patients/{service.ada_id}")
    await enter(service, "root")
    text = await page(service, f"/clinic/audit?patient={service.ada_id}")
    address = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert text.count("<tr>") == 1 + 3 and f"patient={service.ada_id}" in address
    assert "read patient" in await page(service, address)


async def test_what_others_did_is_found_without_ones_own(service: Service) -> None:
    for who in ("ada", "cleo"):
        await service(who, "GET", f"/v1/patients/{service.ada_id}")
    path = "/v1/audit?limit=100&resource=patient&action=read"
    for query, expected in (("", {"ada", "cleo"}), ("&by_others=true", {"cleo"})):
        items = (await service("ada", "GET", path + query)).json()["items"]
        assert {one["username"] for one in items} == expected
