"""A patient gets an account: invited once, accepted once, and never by a wrong or old code."""

import asyncio
from datetime import timedelta

import pytest

from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
PASSWORD = "a long and good one"


async def eve(service: Service) -> str:
    new = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    return str((await service("cleo", "POST", "/v1/patients", json=new)).json()["id"])


async def test_she_is_invited_and_signs_in(service: Service) -> None:
    patient = await eve(service)
    invited = await service("sam", "POST", f"/v1/patients/{patient}/invitations")
    assert (invited.status_code, invited.json()["expires_at"][:10]) == (201, "2026-05-15")
    where = f"/v1/invitations/{invited.json()['code']}/accept"
    made = await service("nobody", "POST", where, json={"username": "eve", "password": PASSWORD})
    assert (made.status_code, made.json()["patient_id"]) == (201, patient)
    token = (await service("nobody", "POST", "/v1/token", data={"username": "eve", "password": PASSWORD})).json()
    service.tokens["eve"] = token["access_token"]
    assert (await service("eve", "GET", "/v1/me")).json()["patient_id"] == patient
    again = await service("nobody", "POST", where, json={"username": "eve2", "password": PASSWORD})
    assert again.status_code == 404
    twice = await service("sam", "POST", f"/v1/patients/{patient}/invitations")
    assert twice.status_code == 409


async def test_a_new_code_ends_the_old_one_and_each_ends_after_two_weeks(service: Service, clock: Clock) -> None:
    patient = await eve(service)
    codes = [(await service("cleo", "POST", f"/v1/patients/{patient}/invitations")).json()["code"] for _ in range(2)]
    body = {"username": "eve", "password": PASSWORD}
    assert (await service("nobody", "POST", f"/v1/invitations/{codes[0]}/accept", json=body)).status_code == 404
    clock.now += timedelta(days=14, minutes=1)
    assert (await service("nobody", "POST", f"/v1/invitations/{codes[1]}/accept", json=body)).status_code == 404


async def test_what_fails_does_not_use_the_code_up(service: Service) -> None:
    patient = await eve(service)
    code = (await service("cleo", "POST", f"/v1/patients/{patient}/invitations")).json()["code"]
    where = f"/v1/invitations/{code}/accept"
    for body, status in (
        ({"username": "cleo", "password": PASSWORD}, 409),
        ({"username": "eve", "password": "short"}, 422),
        ({"username": " ", "password": PASSWORD}, 422),
    ):
        answer = await service("nobody", "POST", where, json=body)
        assert answer.status_code == status
        assert "short" not in answer.text
    made = await service("nobody", "POST", where, json={"username": "eve", "password": PASSWORD})
    assert made.status_code == 201


async def test_of_two_that_accept_at_once_one_does(service: Service) -> None:
    patient = await eve(service)
    code = (await service("cleo", "POST", f"/v1/patients/{patient}/invitations")).json()["code"]
    where = f"/v1/invitations/{code}/accept"
    answers = await asyncio.gather(
        *(service("nobody", "POST", where, json={"username": name, "password": PASSWORD}) for name in ("eve", "eva"))
    )
    assert sorted(a.status_code for a in answers) == [201, 404]
