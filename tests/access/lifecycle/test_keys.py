"""A key of a machine does what its scopes say for the account it stands for, and ends."""

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Clock
from tests.support import Service, entry

pytestmark = pytest.mark.anyio


async def made(service: Service, who: str = "root", **more: Any) -> dict[str, Any]:
    answer = await service(who, "POST", "/v1/api_keys", json={"name": "export", "scopes": ["read"], **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    service.tokens["machine"] = told["key"]
    return told


async def test_a_key_reads_and_does_nothing_else(service: Service) -> None:
    told = await made(service)
    assert told["key"].startswith("rpk_")
    of_ada = f"/v1/patients/{service.ada_id}"
    assert (await service("machine", "GET", of_ada)).status_code == 200
    refused = [
        await service("machine", "PATCH", of_ada, json={"name": "X"}),
        await service("machine", "PUT", f"{of_ada}/diary/2026-04-28", json=entry(4)),
        await service("machine", "GET", "/v1/accounts"),
        await service("machine", "POST", "/v1/api_keys", json={"name": "another", "scopes": ["read"]}),
        await service("machine", "DELETE", f"{of_ada}?reason=asked"),
        await service("machine", "POST", "/v1/me/password", json={"password": "x", "new_password": "y" * 20}),
        await service("machine", "GET", "/v1/me/sessions"),
        await service("machine", "DELETE", "/v1/me/sessions"),
        await service("machine", "DELETE", "/v1/token"),
        await service("machine", "GET", "/v1/me/factors"),
    ]
    assert [one.status_code for one in refused] == [403] * 10
    assert (await service("machine", "GET", "/v1/me")).json()["role"] == "admin"
    seen = (await service("root", "GET", f"/v1/audit?patient_id={service.ada_id}")).json()["items"]
    assert "key: export" in {one["device"] for one in seen}
    (listed,) = (await service("root", "GET", "/v1/api_keys")).json()["items"]
    assert listed["used_at"] is not None and "key" not in listed
    assert told["key"] not in (await service("root", "GET", "/v1/api_keys")).text


async def test_a_key_ends_by_its_day_by_hand_and_with_its_account(service: Service, clock: Clock) -> None:
    async def works() -> bool:
        return (await service("machine", "GET", f"/v1/patients/{service.ada_id}")).status_code == 200

    await made(service, days=1)
    clock.now += timedelta(days=1)
    await service.sign_in_again()
    assert not await works()
    told = await made(service)
    assert await works()
    assert (await service("other", "DELETE", f"/v1/api_keys/{told['id']}")).status_code == 403
    assert (await service("root", "DELETE", f"/v1/api_keys/{told['id']}")).status_code == 204
    assert not await works()
    await made(service, account_id=str(service.accounts["cleo"][1]))
    assert await works()
    await service("root", "PATCH", f"/v1/accounts/{service.accounts['cleo'][1]}", json={"disabled": True})
    assert not await works()


async def test_a_key_is_for_no_more_than_its_account_may(service: Service) -> None:
    sam, ada, other = (str(service.accounts[who][1]) for who in ("sam", "ada", "other"))
    for body, pointer in (
        ({"account_id": sam, "scopes": ["read", "write_diary"]}, "/scopes/1"),
        ({"account_id": ada}, "/account_id"),
        ({"account_id": other}, "/account_id"),
        ({"scopes": ["manage_accounts"]}, "/scopes/0"),
        ({"scopes": []}, "/scopes"),
        ({"days": 400}, "/days"),
    ):
        answer = await service("root", "POST", "/v1/api_keys", json={"name": "x", "scopes": ["read"], **body})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), body
    for who in ("cleo", "sam", "ada"):
        assert (await service(who, "POST", "/v1/api_keys", json={"name": "x", "scopes": ["read"]})).status_code == 403


@pytest.mark.parametrize("key", ["rpk_", "rpk_x", "rpk_" + "a" * 43])
async def test_a_wrong_key_is_only_wrong(service: Service, key: str) -> None:
    service.tokens["machine"] = key
    assert (await service("machine", "GET", "/v1/me")).status_code == 401
