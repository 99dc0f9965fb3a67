"""Passwords are hashed on a pool of their own, with a queue that ends; an account ends, and its password is changed."""

import asyncio

import httpx
import pytest

from app.access.accounts import service as accounts
from app.access.sign_in import service as signing_in
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
FRESH = "a quite new long one"


async def sign_in(service: Service, who: str, password: str = PASSWORD) -> httpx.Response:
    return await service("nobody", "POST", "/v1/token", data={"username": who, "password": password})


async def test_eighty_at_once_hash_on_two_threads_and_the_rest_hear_429(service: Service) -> None:
    answers = await asyncio.gather(*(sign_in(service, "nobody at all") for _ in range(80)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= 40
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 429)
    assert (await sign_in(service, "ada")).status_code == 200


async def test_a_wrong_code_hashes_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_password: str) -> str:
        raise AssertionError("a code is looked up before anything is hashed")

    monkeypatch.setattr(accounts, "hash_password", never)
    body = {"username": "eve", "password": PASSWORD}
    answer = await service("nobody", "POST", "/v1/invitations/nothing/accept", json=body)
    assert answer.status_code == 404


async def test_a_disabled_account_ends_at_once_everywhere(service: Service) -> None:
    mine = f"/v1/accounts/{service.accounts['cleo'][1]}"
    feed = (await service("ada", "POST", "/v1/calendar")).json()["url"]
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200
    done = await service("root", "PATCH", mine, json={"disabled": True})
    assert (done.status_code, done.json()["disabled"]) == (200, True)
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    refused = await sign_in(service, "cleo")
    assert (refused.status_code, refused.json()) == (401, (await sign_in(service, "nobody at all")).json())
    await service("root", "PATCH", f"/v1/accounts/{service.accounts['ada'][1]}", json={"disabled": True})
    assert (await service("nobody", "GET", feed)).status_code == 404
    assert (await service("root", "PATCH", mine, json={"disabled": False})).status_code == 200
    assert (await sign_in(service, "cleo")).status_code == 200
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401, "what has ended stays ended"


async def test_nobody_disables_herself_or_an_account_of_another_clinic(service: Service) -> None:
    for who, status in (("root", 409), ("other", 404)):
        answer = await service("root", "PATCH", f"/v1/accounts/{service.accounts[who][1]}", json={"disabled": True})
        assert answer.status_code == status, who


async def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(service: Service) -> None:
    elsewhere = (await sign_in(service, "ada")).json()["access_token"]
    wrong = await service("ada", "POST", "/v1/me/password", json={"password": FRESH, "new_password": FRESH})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/password")
    done = await service("ada", "POST", "/v1/me/password", json={"password": PASSWORD, "new_password": FRESH})
    assert done.status_code == 204
    assert (await service("ada", "GET", "/v1/me")).status_code == 200
    held = {"Authorization": f"Bearer {elsewhere}"}
    assert (await service("nobody", "GET", "/v1/me", headers=held)).status_code == 401
    assert [(await sign_in(service, "ada", word)).status_code for word in (PASSWORD, FRESH)] == [401, 200]


@pytest.mark.parametrize("change", ["password", "disabled", "erased"])
async def test_a_sign_in_under_way_ends_with_the_account_that_it_began_with(
    service: Service, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    matches, once = accounts.matches, [True]

    async def meanwhile(password: str, known: str) -> bool:
        right = await matches(password, known)
        if not once:
            return right
        once.clear()
        if change == "password":
            body = {"password": PASSWORD, "new_password": FRESH}
            done = await service("ada", "POST", "/v1/me/password", json=body)
        elif change == "disabled":
            done = await service("root", "PATCH", f"/v1/accounts/{service.accounts['ada'][1]}", json={"disabled": True})
        else:
            done = await service("root", "DELETE", f"/v1/patients/{service.ada_id}", params={"reason": "asked for it"})
        assert done.status_code in (200, 204)
        return right

    monkeypatch.setattr(signing_in, "matches", meanwhile)
    late = await sign_in(service, "ada")
    assert (late.status_code, late.json()["detail"]) == (401, "The name or the password is wrong.")


async def test_an_erased_patients_token_ends_at_once(service: Service) -> None:
    assert (await service("ada", "GET", "/v1/me")).status_code == 200
    gone = await service("root", "DELETE", f"/v1/patients/{service.ada_id}", params={"reason": "asked for it"})
    assert gone.status_code == 204
    assert (await service("ada", "GET", "/v1/me")).status_code == 401
