"""Staff are invited and passwords reset by codes: bound, for a time, once, and worthless with whoever handed them over."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.access.accounts.test_hashing import FRESH, sign_in
from tests.conftest import Clock
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio


async def invited(service: Service, **body: str) -> dict[str, Any]:
    answer = await service("root", "POST", "/v1/accounts", json={"role": "scheduler", **body})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store"), answer.text
    return dict(answer.json())


async def accept(service: Service, code: str, username: str = "nina", password: str = FRESH) -> httpx.Response:
    sent = {"username": username, "password": password}
    return await service("nobody", "POST", f"/v1/invitations/{code}/accept", json=sent)


async def reset_of(service: Service, who: str) -> dict[str, Any]:
    answer = await service("root", "POST", f"/v1/accounts/{service.accounts[who][1]}/reset")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def set_by(service: Service, code: str, password: str = FRESH) -> int:
    return (await service("nobody", "POST", f"/v1/resets/{code}", json={"password": password})).status_code


async def pending(service: Service) -> list[dict[str, Any]]:
    return list((await service("root", "GET", "/v1/account_codes")).json()["items"])


async def test_one_of_the_staff_makes_an_account_by_a_code_once(service: Service) -> None:
    code = await invited(service)
    (waits,) = await pending(service)
    assert {**waits, "code": code["code"]} == code
    made = await accept(service, code["code"])
    assert (made.status_code, made.json()["role"], made.json()["patient_id"]) == (201, "scheduler", None)
    token = (await sign_in(service, "nina", FRESH)).json()["access_token"]
    me = (await service("nobody", "GET", "/v1/me", headers={"Authorization": f"Bearer {token}"})).json()
    assert (me["role"], me["clinic_id"]) == ("scheduler", str(service.clinic_id))
    assert (await accept(service, code["code"], "another")).status_code == 404
    assert await pending(service) == []


async def test_two_at_once_make_one_account(service: Service) -> None:
    code = (await invited(service))["code"]
    answers = await asyncio.gather(accept(service, code, "one of them"), accept(service, code, "the other"))
    assert sorted(one.status_code for one in answers) == [201, 404]


async def test_a_code_for_a_name_takes_no_other(service: Service, clock: Clock) -> None:
    assert (await service("root", "POST", "/v1/accounts", json={"role": "admin", "username": "sam"})).status_code == 409
    first = await invited(service, username="nina")
    second = await invited(service, username="nina", role="clinician")
    assert (await accept(service, first["code"])).status_code == 404, "a new code for a name ends the one before"
    other = await accept(service, second["code"], "nora")
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/username")
    taken = await accept(service, (await invited(service))["code"], "ada")
    assert (taken.status_code, taken.json()["detail"]) == (409, "The name is taken.")
    clock.now += timedelta(days=14, minutes=1)
    assert (await accept(service, second["code"])).status_code == 404


async def test_a_code_goes_with_whoever_handed_it_over_and_where_it_is_withdrawn(service: Service) -> None:
    await service.add("rita", service.clinic_id, "admin")
    answer = await service("rita", "POST", "/v1/accounts", json={"role": "admin"})
    kept = await invited(service)
    await service("root", "PATCH", f"/v1/accounts/{service.accounts['rita'][1]}", json={"role": "clinician"})
    assert (await accept(service, answer.json()["code"])).status_code == 404
    assert (await service("cleo", "DELETE", f"/v1/account_codes/{kept['id']}")).status_code == 403
    assert (await service("root", "DELETE", f"/v1/account_codes/{kept['id']}")).status_code == 204
    assert (await accept(service, kept["code"])).status_code == 404
    assert (await service("root", "DELETE", f"/v1/account_codes/{kept['id']}")).status_code == 404


async def test_a_forgotten_password_is_set_by_a_code_and_every_sign_in_ends(service: Service, clock: Clock) -> None:
    first, code = await reset_of(service, "ada"), await reset_of(service, "ada")
    assert (await service("ada", "GET", "/v1/me")).status_code == 200, "until the code is used"
    assert await set_by(service, first["code"]) == 404
    assert await set_by(service, code["code"], "password1234") == 422
    assert await set_by(service, code["code"]) == 204
    assert (await service("ada", "GET", "/v1/me")).status_code == 401
    assert [(await sign_in(service, "ada", word)).status_code for word in (PASSWORD, FRESH)] == [401, 200]
    assert await set_by(service, code["code"], "a third long password") == 404
    late = await reset_of(service, "cleo")
    clock.now += timedelta(days=1, minutes=1)
    assert await set_by(service, late["code"]) == 404


async def test_a_code_is_for_one_thing(service: Service) -> None:
    reset, invitation = await reset_of(service, "ada"), await invited(service)
    assert (await accept(service, reset["code"])).status_code == 404
    assert await set_by(service, invitation["code"]) == 404
    assert await set_by(service, reset["code"]) == 204


async def test_a_disabled_account_gets_no_new_password(service: Service) -> None:
    code, mine = await reset_of(service, "ada"), f"/v1/accounts/{service.accounts['ada'][1]}"
    await service("root", "PATCH", mine, json={"disabled": True})
    assert await set_by(service, code["code"]) == 404
    assert (await service("root", "POST", f"{mine}/reset")).status_code == 404
    stranger = f"/v1/accounts/{service.accounts['other'][1]}/reset"
    assert (await service("root", "POST", stranger)).status_code == 404


async def test_a_code_is_told_once_whatever_key_is_sent(service: Service) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await service("root", "POST", "/v1/accounts", json={"role": "admin"}, headers=headers)
    again = await service("root", "POST", "/v1/accounts", json={"role": "admin"}, headers=headers)
    assert first.status_code == 201 and "code" in first.json()
    assert again.status_code == 409 and len(await pending(service)) == 1


async def test_an_erased_patients_reset_goes_too(service: Service) -> None:
    code = await reset_of(service, "ada")
    await service("root", "DELETE", f"/v1/patients/{service.ada_id}?reason=asked")
    assert await set_by(service, code["code"]) == 404 and await pending(service) == []
