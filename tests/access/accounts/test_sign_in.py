from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.access.accounts.sessions import sign_in
from tests.conftest import Clock
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio


async def test_signing_in_with_the_oauth_form(service: Service) -> None:
    answer = await service("nobody", "POST", "/v1/token", data={"username": "cleo", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "bearer"
    assert answer.headers["cache-control"] == "no-store"
    service.tokens["new"] = answer.json()["access_token"]
    me = (await service("new", "GET", "/v1/me")).json()
    assert (me["role"], me["clinic_id"], me["patient_id"]) == ("clinician", str(service.clinic_id), None)


async def test_a_wrong_name_and_a_wrong_password_are_told_apart_by_nobody(service: Service) -> None:
    answers = [
        await service("nobody", "POST", "/v1/token", data={"username": name, "password": password})
        for name, password in (("cleo", "wrong"), ("nemo", PASSWORD))
    ]
    assert [a.status_code for a in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("name", ["nul\x00", "x" * 100_000, "' OR 1=1 --", "🙂"])
async def test_a_strange_name_is_only_unknown(service: Service, name: str) -> None:
    answer = await service("nobody", "POST", "/v1/token", data={"username": name, "password": "x"})
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["", "x", "Bearer", "a" * 5000])
async def test_a_wrong_token_is_401(service: Service, token: str) -> None:
    service.tokens["wrong"] = token
    answer = await service("wrong", "GET", "/v1/me")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_expires_and_is_cleared_away(service: Service, clock: Clock) -> None:
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200
    clock.now += timedelta(hours=13)
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    await service("nobody", "POST", "/v1/token", data={"username": "cleo", "password": PASSWORD})
    async with service.app.state.database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(sign_in))).scalar_one() == 1


async def test_signing_out_ends_the_token_at_once(service: Service) -> None:
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200
    assert (await service("cleo", "DELETE", "/v1/token")).status_code == 204
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    assert (await service("sam", "GET", "/v1/me")).status_code == 200


async def test_no_password_and_no_token_is_kept_in_the_clear(service: Service) -> None:
    async with service.app.state.database.read() as connection:
        kept = {row.token_hash for row in (await connection.execute(select(sign_in))).all()}
    assert kept
    assert not kept & set(service.tokens.values())
