"""A patient lets somebody read, or write for them; how far, until when, and marked as such."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.conftest import Clock
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
FRESH = "nineteen grey herons waited"


async def let(service: Service, who: str = "ada", **more: Any) -> dict[str, Any]:
    body = {"name": "Lena, daughter", **more}
    answer = await service(who, "POST", f"/v1/patients/{service.ada_id}/proxies", json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def lena(service: Service, **more: Any) -> dict[str, Any]:
    """Somebody with an account of her own making who may act for Ada."""
    told = await let(service, **more)
    chosen = {"username": "lena", "password": FRESH}
    made = await service("nobody", "POST", f"/v1/invitations/{told['code']}/accept", json=chosen)
    assert made.status_code == 201, made.text
    assert (made.json()["role"], made.json()["patient_id"]) == ("patient", None)
    await service.show("lena", "lena", FRESH)
    return told


async def writes(service: Service, who: str, **more: Any) -> httpx.Response:
    where = f"/v1/patients/{service.ada_id}/diary/2026-04-28"
    return await service(who, "PUT", where, json=entry(4), **more)


async def test_who_may_read_reads_and_writes_nothing(service: Service) -> None:
    await service.put("2026-04-29")
    await lena(service)
    assert (await service("lena", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-29")).status_code == 200
    assert (await writes(service, "lena")).status_code == 403
    names = [one["name"] for one in (await service("lena", "GET", "/v1/patients")).json()["items"]]
    assert names == ["Ada Muster"]
    assert (await service("lena", "GET", "/v1/me")).json()["patient_id"] == service.ada_id
    (acts,) = (await service("lena", "GET", "/v1/me/acts_for")).json()["items"]
    assert (acts["name"], acts["may_write"]) == ("Ada Muster", False)


async def test_what_a_proxy_writes_is_marked_and_seen(service: Service) -> None:
    await lena(service, may_write=True)
    assert (await writes(service, "lena")).status_code == 201
    assert (await writes(service, "ada")).status_code == 200
    where = f"/v1/patients/{service.ada_id}/diary/2026-04-28/revisions"
    first = (await service("cleo", "GET", where)).json()["items"][0]
    assert first["by_proxy"] is True
    event = {"kind": "injury", "happened_on": "2026-04-01"}
    made = await service("lena", "POST", f"/v1/patients/{service.ada_id}/events", json=event)
    assert made.status_code == 201
    history = (await service("ada", "GET", f"/v1/events/{made.json()['id']}/history")).json()["items"]
    assert [one["by_proxy"] for one in history] == [True]
    seen = (await service("ada", "GET", "/v1/audit")).json()["items"]
    assert any((one["username"], one["action"]) == ("lena", "create") for one in seen)


async def test_what_is_the_patients_own_is_not_the_proxys(service: Service) -> None:
    await lena(service, may_write=True)
    of_ada = f"/v1/patients/{service.ada_id}"
    refused = [
        await service("lena", "PATCH", of_ada, json={"time_zone": "Europe/Paris"}),
        await service("lena", "POST", f"{of_ada}/proxies", json={"name": "a friend"}),
        await service("lena", "GET", f"{of_ada}/proxies"),
        await service("lena", "POST", f"{of_ada}/consents", json={"kind": "research", "version": 1, "given": True}),
        await service("lena", "GET", "/v1/audit"),
        await service("lena", "DELETE", f"{of_ada}?reason=asked"),
    ]
    assert [one.status_code for one in refused] == [403] * 6


async def test_it_ends_when_it_says_and_when_it_is_ended(service: Service, clock: Clock) -> None:
    until = (clock.now + timedelta(minutes=30)).isoformat()
    await lena(service, until=until)
    of_ada = f"/v1/patients/{service.ada_id}"
    assert (await service("lena", "GET", of_ada)).status_code == 200
    clock.now += timedelta(minutes=31)
    assert (await service("lena", "GET", of_ada)).status_code == 404
    told = await let(service)
    taken = await service("lena", "POST", f"/v1/proxies/{told['code']}/accept")
    assert taken.status_code == 200, taken.text
    assert (await service("lena", "GET", of_ada)).status_code == 200
    assert (await service("bob", "DELETE", f"{of_ada}/proxies/{told['id']}")).status_code == 404
    assert (await service("ada", "DELETE", f"{of_ada}/proxies/{told['id']}")).status_code == 204
    assert (await service("lena", "GET", of_ada)).status_code == 404
    assert (await service("ada", "DELETE", f"{of_ada}/proxies/{told['id']}")).status_code == 404


async def test_a_patient_acts_for_another_by_name(service: Service) -> None:
    told = await let(service, may_write=True)
    assert (await service("bob", "POST", f"/v1/proxies/{told['code']}/accept")).status_code == 200
    assert (await writes(service, "bob")).status_code == 404, "it is himself who asks"
    for_ada = {"headers": {"Reprieve-For": service.ada_id}}
    assert (await writes(service, "bob", **for_ada)).status_code == 201
    own = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    assert (await service("bob", "GET", f"/v1/patients/{own}", **for_ada)).status_code == 404
    assert (await service("bob", "GET", f"/v1/patients/{own}", headers={"Reprieve-For": own})).status_code == 200


async def test_nobody_acts_for_whom_they_may_not(service: Service) -> None:
    for_ada = {"Reprieve-For": service.ada_id}
    assert (await service("bob", "GET", "/v1/me", headers=for_ada)).status_code == 404
    assert (await service("cleo", "GET", f"/v1/patients/{service.ada_id}", headers=for_ada)).status_code == 200
    assert (await service("other", "GET", f"/v1/patients/{service.ada_id}", headers=for_ada)).status_code == 404
    assert (await service("bob", "GET", "/v1/me", headers={"Reprieve-For": "x"})).status_code == 422


async def test_a_code_is_good_once_for_two_weeks_and_in_its_own_clinic(service: Service, clock: Clock) -> None:
    told = await lena(service)
    assert (await service("bob", "POST", f"/v1/proxies/{told['code']}/accept")).status_code == 404
    told = await let(service)
    assert (await service("other", "POST", f"/v1/proxies/{told['code']}/accept")).status_code == 403
    assert (await service("ada", "POST", f"/v1/proxies/{told['code']}/accept")).status_code == 404, "herself"
    clock.now += timedelta(days=14, seconds=1)
    await service.sign_in_again()
    assert (await service("bob", "POST", f"/v1/proxies/{told['code']}/accept")).status_code == 404


async def test_the_staff_lets_a_carer_write_and_a_patient_gives_no_such_reason(service: Service) -> None:
    assert (await let(service, "cleo", reason="carer", may_write=True))["reason"] == "carer"
    where = f"/v1/patients/{service.ada_id}/proxies"
    refused = await service("ada", "POST", where, json={"name": "x", "reason": "minor"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/reason")
    late = await service("ada", "POST", where, json={"name": "x", "until": "2020-01-01T00:00:00Z"})
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/until")
    assert (await service("sam", "POST", where, json={"name": "x"})).status_code == 403


async def test_who_acts_for_two_names_one(service: Service) -> None:
    await lena(service)
    own = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    told = (await service("bob", "POST", f"/v1/patients/{own}/proxies", json={"name": "Lena"})).json()
    assert (await service("lena", "POST", f"/v1/proxies/{told['code']}/accept")).status_code == 200
    assert (await service("lena", "GET", f"/v1/patients/{own}")).status_code == 404, "of two none is meant"
    for patient, name in ((own, "Bob"), (service.ada_id, "Ada Muster")):
        headers = {"Reprieve-For": patient}
        assert (await service("lena", "GET", f"/v1/patients/{patient}", headers=headers)).json()["name"] == name


async def test_an_erased_patient_leaves_no_proxy(service: Service) -> None:
    await lena(service, may_write=True)
    assert (await service("root", "DELETE", f"/v1/patients/{service.ada_id}?reason=asked")).status_code == 204
    assert (await service("lena", "GET", f"/v1/patients/{service.ada_id}")).status_code == 404
    assert (await service("lena", "GET", "/v1/me")).json()["patient_id"] is None
    assert (await service.show("lena", "lena", FRESH))["expires_in"] == 3600
