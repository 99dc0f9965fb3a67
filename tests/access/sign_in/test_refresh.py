"""An app's token holds for an hour and is refreshed for months; a copy of a refresh token ends the sign-in for both."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.accounts.sessions import sign_in
from tests.conftest import Clock
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio


async def refreshed(service: Service, token: str, status: int = 200) -> dict[str, Any]:
    answer = await service("nobody", "POST", "/v1/token", data={"grant_type": "refresh_token", "refresh_token": token})
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    if status == 200:
        service.tokens["phone"] = told["access_token"]
    return told


async def holds(service: Service, token: str) -> bool:
    service.tokens["held"] = token
    return (await service("held", "GET", "/v1/me")).status_code == 200


async def test_a_phone_stays_signed_in_for_months(service: Service, clock: Clock) -> None:
    told = await service.show("phone", "ada", PASSWORD, device="Ada's phone")
    assert told["expires_in"] == 3600
    for _ in range(4):
        clock.now += timedelta(days=80)
        assert not await holds(service, service.tokens["phone"])
        told = await refreshed(service, told["refresh_token"])
        assert await holds(service, told["access_token"])
    (mine,) = (await service("phone", "GET", "/v1/me/sessions")).json()["items"]
    assert (mine["device"], mine["current"]) == ("Ada's phone", True)
    clock.now += timedelta(days=60)  # a year after it began
    await refreshed(service, told["refresh_token"], 401)


async def test_a_phone_that_is_not_used_for_ninety_days_is_signed_out(service: Service, clock: Clock) -> None:
    told = await service.show("phone", "ada", PASSWORD)
    clock.now += timedelta(days=90)
    await refreshed(service, told["refresh_token"], 401)


async def test_staff_are_signed_out_after_a_shift(service: Service, clock: Clock) -> None:
    told = await service.show("phone", "cleo", PASSWORD)
    clock.now += timedelta(hours=11, minutes=30)
    told = await refreshed(service, told["refresh_token"])
    assert told["expires_in"] == pytest.approx(1800, abs=2)
    clock.now += timedelta(minutes=31)
    await refreshed(service, told["refresh_token"], 401)


async def test_the_token_of_before_is_no_longer_good(service: Service) -> None:
    first = await service.show("phone", "ada", PASSWORD)
    second = await refreshed(service, first["refresh_token"])
    assert not await holds(service, first["access_token"])
    assert await holds(service, second["access_token"])


async def test_a_lost_answer_is_asked_for_again(service: Service) -> None:
    first = await service.show("phone", "ada", PASSWORD)
    lost = await refreshed(service, first["refresh_token"])
    again = await refreshed(service, first["refresh_token"])
    assert not await holds(service, lost["access_token"])
    assert await holds(service, again["access_token"])


@pytest.mark.parametrize("kept", [0, 1])
async def test_two_that_refresh_at_once_sign_nobody_out(service: Service, kept: int) -> None:
    """Two tabs of one app: whichever answer it keeps goes on, and the other is then of no use."""
    first = await service.show("phone", "ada", PASSWORD)
    both = [await refreshed(service, first["refresh_token"]) for _ in range(2)]
    after = await refreshed(service, both[kept]["refresh_token"])
    assert await holds(service, after["access_token"])
    await refreshed(service, both[1 - kept]["refresh_token"], 401)
    assert not await holds(service, after["access_token"]), "somebody else has the other"


@pytest.mark.parametrize("first_to_come", ["thief", "owner"])
async def test_a_copied_token_ends_the_sign_in_for_both(service: Service, first_to_come: str) -> None:
    """Whoever comes second shows what has been used: nobody knows which of the two is the thief."""
    copied = (await service.show("phone", "ada", PASSWORD))["refresh_token"]
    winner = await refreshed(service, copied)
    assert await holds(service, winner["access_token"])
    await refreshed(service, copied, 401)
    assert not await holds(service, winner["access_token"])
    await refreshed(service, winner["refresh_token"], 401)
    seen = (await service("root", "GET", f"/v1/audit?patient_id={service.ada_id}")).json()["items"]
    assert ("delete", "copied_sign_in") in [(one["action"], one["resource"]) for one in seen]


@pytest.mark.parametrize("token", ["x", "x.y", ".", "a" * 150, "ü.ü", "x\x00.y"])
async def test_a_wrong_refresh_token_is_only_wrong(service: Service, token: str) -> None:
    await refreshed(service, token, 401)


async def test_a_family_without_its_secret_ends_it_and_a_guessed_family_ends_nothing(service: Service) -> None:
    told = await service.show("phone", "ada", PASSWORD)
    await refreshed(service, "A" * 24 + "." + told["refresh_token"].partition(".")[2], 401)
    assert await holds(service, told["access_token"])


@pytest.mark.parametrize("by", ["sign-out", "elsewhere", "disabled", "password"])
async def test_what_is_ended_is_not_refreshed(service: Service, by: str) -> None:
    told = await service.show("phone", "ada", PASSWORD)
    account = service.accounts["ada"][1]
    if by == "sign-out":
        await service("phone", "DELETE", "/v1/token")
    elif by == "elsewhere":
        await service("ada", "DELETE", "/v1/me/sessions")
    elif by == "disabled":
        await service("root", "PATCH", f"/v1/accounts/{account}", json={"disabled": True})
    else:
        new = {"password": PASSWORD, "new_password": "nineteen grey herons waited"}
        assert (await service("ada", "POST", "/v1/me/password", json=new)).status_code == 204
    await refreshed(service, told["refresh_token"], 401)
    assert not await holds(service, told["access_token"])


async def test_an_access_token_refreshes_nothing_and_a_refresh_token_opens_nothing(service: Service) -> None:
    told = await service.show("phone", "ada", PASSWORD)
    await refreshed(service, told["access_token"], 401)
    for part in (told["refresh_token"], *told["refresh_token"].split(".")):
        assert not await holds(service, part)


async def test_no_token_is_kept_in_the_clear(service: Service) -> None:
    told = await service.show("phone", "ada", PASSWORD)
    told = await refreshed(service, told["refresh_token"])
    async with service.app.state.database.read() as connection:
        kept = str((await connection.execute(select(sign_in))).all())
    for part in (told["access_token"], *told["refresh_token"].split(".")):
        assert part not in kept


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({"grant_type": "refresh_token"}, "/refresh_token"),
        ({"username": "ada"}, "/password"),
        ({"password": PASSWORD}, "/username"),
        ({"grant_type": "implicit", "username": "ada", "password": PASSWORD}, "/grant_type"),
    ],
)
async def test_a_form_that_lacks_something_names_it(service: Service, form: dict[str, str], pointer: str) -> None:
    answer = await service("nobody", "POST", "/v1/token", data=form)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
