"""A passkey signs in alone, for staff and for patients; one that does not answer rightly signs in nobody."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.access.accounts.attempts import ADDRESS
from tests.access.factors.authenticator import PRESENT, Authenticator
from tests.conftest import Clock
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio


async def added(service: Service, who: str, **made: Any) -> tuple[Authenticator, httpx.Response]:
    begun = await service(who, "POST", "/v1/me/factors/passkey/begin", json={"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    one = Authenticator(**made)
    sent = {"challenge_id": begun.json()["challenge_id"], "credential": one.create(begun.json()["options"])}
    return one, await service(who, "POST", "/v1/me/factors/passkey", json={**sent, "name": "laptop"})


async def asked(service: Service) -> dict[str, Any]:
    begun = await service("nobody", "POST", "/v1/token/passkey/begin")
    assert begun.status_code == 200, begun.text
    told: dict[str, Any] = begun.json()
    assert told["options"].get("allowCredentials", []) == [], "nobody learns who has one"
    return told


async def answered(service: Service, one: Authenticator, told: dict[str, Any] | None = None) -> httpx.Response:
    told = told or await asked(service)
    sent = {"challenge_id": told["challenge_id"], "credential": one.get(told["options"])}
    return await service("nobody", "POST", "/v1/token/passkey", json=sent)


@pytest.mark.parametrize("who", ["ada", "cleo"])
async def test_a_passkey_signs_in_alone(service: Service, who: str) -> None:
    one, told = await added(service, who)
    assert told.status_code == 201, told.text
    assert len(told.json()["recovery_codes"]) == 10
    for _ in range(2):
        answer = await answered(service, one)
        assert answer.status_code == 200, answer.text
        service.tokens["key"] = answer.json()["access_token"]
        assert (await service("key", "GET", "/v1/me")).json()["account_id"] == str(service.accounts[who][1])
    sessions = (await service("key", "GET", "/v1/me/sessions")).json()["items"]
    assert sessions[0]["factor"] == "passkey"
    (held,) = (await service("key", "GET", "/v1/me/factors")).json()["items"]
    assert (held["kind"], held["name"], held["used_at"] is not None) == ("passkey", "laptop", True)


async def test_the_password_alone_is_no_longer_enough(service: Service) -> None:
    await added(service, "cleo")
    form = {"username": "cleo", "password": PASSWORD}
    answer = await service("nobody", "POST", "/v1/token", data=form)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (401, "/code")


WRONG: dict[str, dict[str, Any]] = {
    "another site's": {"origin": "https://evil.example.org"},
    "another host's": {"host": "evil.example.org"},
    "without a finger, a face or a PIN": {"flags": PRESENT},
    "without anybody": {"flags": 0},
}


@pytest.mark.parametrize("what", WRONG)
async def test_an_answer_that_is_not_for_here_adds_nothing_and_signs_nobody_in(service: Service, what: str) -> None:
    _, told = await added(service, "cleo", **WRONG[what])
    assert (told.status_code, told.json()["errors"][0]["pointer"]) == (422, "/credential")
    one, _ = await added(service, "cleo")
    assert (await answered(service, replace(one, **WRONG[what]))).status_code == 401
    assert (await answered(service, one)).status_code == 200


async def test_another_key_under_the_same_id_signs_nobody_in(service: Service) -> None:
    one, _ = await added(service, "cleo")
    assert (await answered(service, Authenticator(credential_id=one.credential_id))).status_code == 401


async def test_a_challenge_is_good_once_and_for_five_minutes(service: Service, clock: Clock) -> None:
    one, _ = await added(service, "cleo")
    told = await asked(service)
    assert (await answered(service, one, told)).status_code == 200
    assert (await answered(service, one, told)).status_code == 401
    late = await asked(service)
    clock.now += timedelta(minutes=5, seconds=1)
    assert (await answered(service, one, late)).status_code == 401


async def test_a_wrong_answer_uses_the_challenge_up(service: Service) -> None:
    one, _ = await added(service, "cleo")
    told = await asked(service)
    assert (await answered(service, replace(one, origin="https://evil.example.org"), told)).status_code == 401
    assert (await answered(service, one, told)).status_code == 401


async def test_a_copied_key_is_noticed_by_its_count(service: Service) -> None:
    one, _ = await added(service, "cleo")
    copy = replace(one)
    for _ in range(3):
        assert (await answered(service, one)).status_code == 200
    assert (await answered(service, copy)).status_code == 401


async def test_a_challenge_of_one_account_adds_no_key_to_another(service: Service) -> None:
    begun = (await service("sam", "POST", "/v1/me/factors/passkey/begin", json={"password": PASSWORD})).json()
    one = Authenticator()
    sent = {"challenge_id": begun["challenge_id"], "credential": one.create(begun["options"])}
    assert (await service("cleo", "POST", "/v1/me/factors/passkey", json=sent)).status_code == 422
    assert (await answered(service, one)).status_code == 401


async def test_a_key_is_added_once(service: Service) -> None:
    one, _ = await added(service, "cleo")
    begun = (await service("sam", "POST", "/v1/me/factors/passkey/begin", json={"password": PASSWORD})).json()
    sent = {"challenge_id": begun["challenge_id"], "credential": one.create(begun["options"])}
    assert (await service("sam", "POST", "/v1/me/factors/passkey", json=sent)).status_code == 422


async def test_a_disabled_account_has_no_passkey(service: Service) -> None:
    one, _ = await added(service, "cleo")
    await service("root", "PATCH", f"/v1/accounts/{service.accounts['cleo'][1]}", json={"disabled": True})
    assert (await answered(service, one)).status_code == 401


@pytest.mark.parametrize(
    "credential",
    [{}, {"id": 1}, {"id": None}, {"id": "x"}, {"id": "x", "rawId": "y", "type": "public-key", "response": {}}],
)
async def test_what_is_no_answer_is_refused(service: Service, credential: dict[str, Any]) -> None:
    one, _ = await added(service, "cleo")
    for named in (credential, {**one.get((await asked(service))["options"]), "response": credential}):
        told = await asked(service)
        sent = {"challenge_id": told["challenge_id"], "credential": named}
        assert (await service("nobody", "POST", "/v1/token/passkey", json=sent)).status_code == 401
    begun = (await service("cleo", "POST", "/v1/me/factors/passkey/begin", json={"password": PASSWORD})).json()
    sent = {"challenge_id": begun["challenge_id"], "credential": credential}
    assert (await service("cleo", "POST", "/v1/me/factors/passkey", json=sent)).status_code == 422


async def test_challenges_are_given_out_at_a_pace(service: Service) -> None:
    for _ in range(ADDRESS.burst):
        assert (await service("nobody", "POST", "/v1/token/passkey/begin")).status_code == 200
    assert (await service("nobody", "POST", "/v1/token/passkey/begin")).status_code == 429
