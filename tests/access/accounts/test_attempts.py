"""Guessing is slow, for whoever does it; nobody learns which names there are, and nobody is locked out by another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio
import httpx
import pytest
from sqlalchemy import func, select

from app.access.accounts.attempts import ADDRESS, CODES, HERE, KNOWN_FOR, NAME, PASSWORDS, network_of
from app.access.accounts.tables import FailedTries
from app.base.store.typed import table
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.support import PASSWORD, Service
from tests.work.calendar.test_clashes import patient

pytestmark = pytest.mark.anyio
LATE = "Too many attempts have failed. Try again in "


@asynccontextmanager
async def at(service: Service, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that comes from an address."""
    transport = httpx.ASGITransport(service.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def sign_in(service: Service, username: str, password: str, address: str = "192.0.2.1") -> httpx.Response:
    async with at(service, address) as client:
        return await client.post("/v1/token", data={"username": username, "password": password})


async def fails(service: Service, times: int, username: str = "cleo", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert (await sign_in(service, username, "wrong", address)).status_code == 401


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are compared as they stand: what counts here is how often."""

    async def same(password: str, _known: str) -> bool:
        return password == PASSWORD

    monkeypatch.setattr("app.access.sign_in.service.matches", same)


@pytest.mark.parametrize("username", ["cleo", "nobody at all", "\x00", "x" * 200])
async def test_a_name_and_an_address_have_so_many_tries_whether_or_not_there_is_an_account(
    service: Service, clock: Clock, username: str
) -> None:
    await fails(service, HERE.burst, username)
    late = await sign_in(service, username, PASSWORD)
    assert (late.status_code, late.json()["detail"]) == (429, LATE + "60 seconds.")
    assert late.headers["retry-after"] == "60"
    clock.now += timedelta(seconds=58)
    again = await sign_in(service, username, PASSWORD)
    assert (again.status_code, again.headers["retry-after"]) == (429, "2"), "a try that was refused costs nothing more"
    clock.now += timedelta(seconds=2)
    assert (await sign_in(service, username, PASSWORD)).status_code == (200 if username == "cleo" else 401)


async def test_what_succeeds_does_not_count_and_clears_what_failed(service: Service) -> None:
    for _ in range(3):
        await fails(service, HERE.burst - 1)
        assert (await sign_in(service, "cleo", PASSWORD)).status_code == 200
    for _ in range(2 * HERE.burst):
        assert (await sign_in(service, "cleo", PASSWORD)).status_code == 200


async def test_a_name_is_guessed_slowly_from_many_addresses_too(service: Service, clock: Clock) -> None:
    for number in range(NAME.burst):
        await fails(service, 1, address=f"198.51.100.{number}")
    late = await sign_in(service, "cleo", PASSWORD, "198.51.100.200")
    assert (late.status_code, late.json()["detail"]) == (429, LATE + "5 minutes.")
    assert (await sign_in(service, "sam", PASSWORD, "198.51.100.200")).status_code == 200
    clock.now += NAME.every
    assert (await sign_in(service, "cleo", PASSWORD, "198.51.100.200")).status_code == 200


async def test_nobody_is_locked_out_by_others_where_they_have_signed_in_before(service: Service, clock: Clock) -> None:
    home = "203.0.113.9"
    assert (await sign_in(service, "cleo", PASSWORD, home)).status_code == 200
    for number in range(NAME.burst):
        await fails(service, 1, address=f"198.51.100.{number}")
    assert (await sign_in(service, "cleo", PASSWORD, "198.51.100.200")).status_code == 429
    assert (await sign_in(service, "cleo", PASSWORD, home)).status_code == 200
    clock.now += KNOWN_FOR
    for number in range(NAME.burst):
        await fails(service, 1, address=f"198.51.100.{number}")
    assert (await sign_in(service, "cleo", PASSWORD, home)).status_code == 429, "that was too long ago"


async def test_an_address_has_so_many_tries_over_all_names(service: Service, clock: Clock) -> None:
    for number in range(ADDRESS.burst):
        await fails(service, 1, f"name {number}")
    assert (await sign_in(service, "sam", PASSWORD)).status_code == 429
    assert (await sign_in(service, "sam", PASSWORD, "192.0.2.2")).status_code == 200
    clock.now += ADDRESS.every
    assert (await sign_in(service, "sam", PASSWORD)).status_code == 200
    await fails(service, 1, "one more")
    assert (await sign_in(service, "root", PASSWORD)).status_code == 429, "a success gives back its own try alone"
    assert (await sign_in(service, "sam", PASSWORD)).status_code == 200, "they are known there"


async def test_many_at_once_are_counted_one_by_one(service: Service) -> None:
    found = []

    async def one() -> None:
        found.append((await sign_in(service, "cleo", "wrong")).status_code)

    async with anyio.create_task_group() as group:
        for _ in range(3 * HERE.burst):
            group.start_soon(one)
    assert sorted(found) == [401] * HERE.burst + [429] * 2 * HERE.burst


async def test_people_who_sign_in_at_once_do_not_get_in_one_anothers_way(service: Service) -> None:
    found = []

    async def one(address: str, password: str) -> None:
        found.append((await sign_in(service, "cleo", password, address)).status_code)

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(one, f"192.0.2.{number % 4}", PASSWORD if number % 3 else "wrong")
    assert sorted(found) == [200] * 13 + [401] * 7


async def test_codes_are_guessed_slowly(service: Service, clock: Clock) -> None:
    nina = await patient(service, "Nina")
    made = (await service("cleo", "POST", f"/v1/patients/{nina}/invitations")).json()["code"]
    new = {"username": "nina", "password": "long enough a one"}
    for number in range(CODES.burst):
        where, body = (
            ("invitations/wrong/accept", new) if number % 2 else ("resets/wrong", {"password": "another long one"})
        )
        assert (await service("nobody", "POST", f"/v1/{where}", json=body)).status_code == 404
    for where, body in (
        (f"invitations/{made}/accept", new),
        ("resets/wrong", {"password": "another long one"}),
    ):
        late = await service("nobody", "POST", f"/v1/{where}", json=body)
        assert (late.status_code, late.json()["detail"]) == (429, LATE + "60 seconds.")
    clock.now += CODES.every
    assert (await service("nobody", "POST", f"/v1/invitations/{made}/accept", json=new)).status_code == 201


async def test_a_name_is_cleared_by_a_success_and_known_for_90_days(service: Service, clock: Clock) -> None:
    assert timedelta(days=90) == KNOWN_FOR
    for number in range(NAME.burst - 1):
        await fails(service, 1, address=f"198.51.100.{number}")
    assert (await sign_in(service, "cleo", PASSWORD, "198.51.100.200")).status_code == 200
    for number in range(NAME.burst):
        await fails(service, 1, address=f"203.0.113.{number}")


async def test_an_old_password_is_guessed_slowly(service: Service) -> None:
    soon = {"password": PASSWORD, "new_password": "password1234"}
    for _ in range(PASSWORDS.burst + 1):
        assert (await service("sam", "POST", "/v1/me/password", json=soon)).status_code == 422
    wrong = {"password": "a wrong one it is", "new_password": "another long one"}
    for _ in range(PASSWORDS.burst):
        assert (await service("sam", "POST", "/v1/me/password", json=wrong)).status_code == 422
    assert (await service("sam", "POST", "/v1/me/password", json=wrong)).status_code == 429
    assert (await service("cleo", "POST", "/v1/me/password", json=wrong)).status_code == 422
    await service.sign_in_again("sam")  # who has found the token of one sign-in keeps the owner out of nothing
    assert (await service("sam", "POST", "/v1/me/password", json=wrong)).status_code == 422


async def test_the_pages_count_as_well_and_say_so(service: Service) -> None:
    form = {"username": "cleo", "password": "wrong"}
    for _ in range(HERE.burst):
        assert (await service("nobody", "POST", "/clinic/sign-in", data=form)).status_code == 401
    late = await service("nobody", "POST", "/clinic/sign-in", data={**form, "password": PASSWORD})
    assert late.status_code == 429 and LATE in late.text
    await enter(service, "sam")


async def test_what_has_run_dry_is_not_kept(service: Service, clock: Clock) -> None:
    for number in range(5):
        await fails(service, 1, f"name {number}")
    clock.now += timedelta(days=2)
    await fails(service, 1)
    async with service.app.state.database.read() as connection:
        left = (await connection.execute(select(func.count()).select_from(table(FailedTries)))).scalar_one()
    assert left == 3


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        (None, "unknown"),
        ("a socket", "unknown"),
    ],
)
def test_of_ipv6_a_subscriber_is_counted_and_not_each_address(address: str | None, counted: str) -> None:
    assert network_of(address) == counted
