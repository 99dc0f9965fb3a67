"""Where a clinic works in teams, a clinician reaches the patients of whose team they are; others after saying why."""

from datetime import timedelta

import pytest

from tests.access.accounts.calls import CALLS, EXPECTED, FACTS
from tests.alerts.flags.test_conclusions import returned, work
from tests.conftest import Clock
from tests.doors.pages.addresses import addresses
from tests.doors.pages.test_pages import enter, form_token
from tests.support import Service

pytestmark = pytest.mark.anyio
WHY = "called by the emergency department"


async def in_teams(service: Service) -> str:
    """Ada has a team that cleo, a clinician, is not of; her procedure, on which a flag and a review are open."""
    procedure = await returned(service)
    await work(service)
    await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={})
    await service.add("clara", service.clinic_id, "clinician")
    team = f"/v1/patients/{service.ada_id}/team"
    body = {"account_id": str(service.accounts["clara"][1])}
    assert (await service("root", "POST", team, json=body)).status_code == 204
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).status_code == 200, "nobody asked for teams"
    assert (await service("root", "PATCH", "/v1/clinic", json={"treating_teams": True})).status_code == 200
    return procedure


async def test_a_clinician_outside_the_team_reaches_nothing_of_the_patient(service: Service) -> None:
    procedure = await in_teams(service)
    flag = (await service("clara", "GET", "/v1/flags")).json()["items"][0]["id"]
    review = (await service("clara", "GET", "/v1/reviews")).json()["items"][0]["id"]
    own = {"/v1/flags/{procedure}": flag, "/v1/reviews/{procedure}": review}
    for name, (method, path, body) in CALLS.items():
        if "{patient}" not in path and "{procedure}" not in path and not isinstance(body, dict):
            said = await service("cleo", method, path)
            assert (service.ada_id not in said.text and "Ada" not in said.text) or name == "list outside team", name
            continue
        named = next((one for start, one in own.items() if path.startswith(start)), procedure)
        where = path.format(patient=service.ada_id, procedure=named, nobody=procedure)
        sent = {**body, "patient_id": service.ada_id} if isinstance(body, dict) and "patient_id" in body else body
        if name == "break glass":
            continue
        said = await service("cleo", method, where, json=sent)
        assert service.ada_id not in said.text and "Ada Muster" not in said.text, name
        if "{patient}" in path or path.startswith(tuple(own)) or "/procedures/{procedure}" in path:
            allowed = (404, 403, 422) if EXPECTED[name][2] in (403, 422) else (404,)
            assert said.status_code in (*allowed, *((200,) if "?patient_id=" in path else ())), (name, said.status_code)
    for plural, body, _, _ in FACTS.values():
        of_ada = f"/v1/patients/{service.ada_id}/{plural}"
        assert (await service("cleo", "GET", of_ada)).status_code == 404, plural
        assert (await service("cleo", "POST", of_ada, json=body)).status_code in (403, 404, 422), plural
    for who in ("clara", "sam", "root", "ada"):
        assert (await service(who, "GET", f"/v1/patients/{service.ada_id}")).status_code == 200, who


async def test_no_page_shows_the_patient_to_who_is_outside(service: Service) -> None:
    procedure = await in_teams(service)
    await enter(service, "cleo")
    ids = {"patient_id:uuid": service.ada_id, "procedure_id:uuid": procedure}
    seen = 0
    for path in addresses(service.app):
        where = path
        for name, one in ids.items():
            where = where.replace(f"{{{name}}}", one)
        if "{" in where:
            continue
        said = await service("nobody", "GET", where)
        assert "Ada Muster" not in said.text and service.ada_id not in said.text.replace(where, ""), where
        seen += said.status_code == 200
    assert seen >= 6


async def test_the_glass_is_broken_for_a_reason_that_the_log_shows(service: Service, clock: Clock) -> None:
    await in_teams(service)
    of_ada = f"/v1/patients/{service.ada_id}"
    (found,) = (await service("cleo", "GET", "/v1/outside_team?name=must")).json()["items"]
    assert (found["id"], found["name"]) == (service.ada_id, "Ada Muster")
    short = await service("cleo", "POST", f"{of_ada}/break_glass", json={"reason": "x"})
    assert (short.status_code, short.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert (await service("cleo", "POST", f"{of_ada}/break_glass", json={"reason": WHY})).status_code == 204
    assert (await service("cleo", "GET", of_ada)).status_code == 200
    assert (await service("cleo", "GET", f"{of_ada}/record")).status_code == 200
    for who in ("ada", "root"):
        log = (await service(who, "GET", f"/v1/audit?patient_id={service.ada_id}")).json()["items"]
        assert [one["why"] for one in log if one["resource"] == "break_glass"] == [WHY], who
        assert any(one["resource"] == "outside_team" for one in log), who
    members = (await service("root", "GET", f"{of_ada}/team")).json()["items"]
    assert [(one["username"], one["reason"]) for one in members] == [("clara", None), ("cleo", WHY)]
    clock.now += timedelta(hours=4, seconds=1)
    await service.sign_in_again()
    assert (await service("cleo", "GET", of_ada)).status_code == 404


async def test_who_may_look_breaks_no_glass_and_who_has_no_team_is_everybodys(service: Service) -> None:
    await in_teams(service)
    again = await service("clara", "POST", f"/v1/patients/{service.ada_id}/break_glass", json={"reason": WHY})
    assert again.status_code == 409
    names = [one["name"] for one in (await service("cleo", "GET", "/v1/patients")).json()["items"]]
    assert names == ["Bob"]
    clara = service.accounts["clara"][1]
    assert (await service("clara", "DELETE", f"/v1/patients/{service.ada_id}/team/{clara}")).status_code == 204
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}")).status_code == 200


async def test_a_page_opens_the_record_for_a_reason(service: Service) -> None:
    await in_teams(service)
    await enter(service, "cleo")
    assert "/clinic/outside-team" in (await service("nobody", "GET", "/clinic")).text
    assert "Ada Muster" in (await service("nobody", "GET", "/clinic/outside-team?q=Muster")).text
    token = await form_token(service)
    where = f"/clinic/outside-team/{service.ada_id}"
    bare = await service("nobody", "POST", where, data={"form_token": token, "reason": "x", "q": "Muster"})
    assert bare.status_code == 422 and "Ada Muster" in bare.text
    done = await service("nobody", "POST", where, data={"form_token": token, "reason": WHY, "q": "Muster"})
    assert (done.status_code, done.headers["location"]) == (303, f"/clinic/patients/{service.ada_id}")
    assert (await service("nobody", "GET", f"/clinic/patients/{service.ada_id}")).status_code == 200
