"""One's own account, the clinic's accounts, and what a handed-over code opens, on pages."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest

from app.doors.pages.session import COOKIE
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter, form_token
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
OWN, ALL = "/clinic/account", "/clinic/accounts"
FRESH = "nineteen grey herons waited"


async def send(service: Service, where: str, **fields: Any) -> httpx.Response:
    token = await form_token(service, OWN)
    return await service("nobody", "POST", where, data={"form_token": token, **fields})


def code_of(page: str) -> str:
    found = re.search(r'Code: <code class="long">([\w-]+)</code>', page)
    assert found is not None and (f"#{found[1]}" in page or f"#/join/{found[1]}" in page) and "<svg" in page
    return found[1]


async def with_app(service: Service) -> tuple[pyotp.TOTP, list[str]]:
    """An authenticator app for whoever is signed in, by the page's forms."""
    begun = await send(service, f"{OWN}/code", password=PASSWORD, name="phone")
    secret = re.search(r"type this in the app: <code class=\"long\">(\w+)<", begun.text)
    where = re.search(r'action="(/clinic/account/code/[\w-]+)"', begun.text)
    assert secret is not None and where is not None and "<svg" in begun.text
    app = pyotp.TOTP(secret[1])
    done = await send(service, where[1], code=app.at(service.app.state.clock.now))
    codes = re.findall(r"<li><code>([A-Z2-7-]+)</code>", done.text)
    assert len(codes) == 10 and "is added" in done.text
    return app, codes


async def half_way(service: Service, who: str = "cleo") -> str:
    asked = await enter(service, who)
    assert asked.status_code == 200 and COOKIE not in asked.cookies
    found = re.search(r'name="half" value="([^"]+)"', asked.text)
    assert found is not None
    return found[1]


async def test_the_second_step_asks_for_the_code(service: Service, clock: Clock) -> None:
    await enter(service)
    app, codes = await with_app(service)
    await send(service, "/clinic/sign-out")
    clock.now += timedelta(seconds=90)
    half = await half_way(service)
    wrong = await service("nobody", "POST", "/clinic/sign-in/code", data={"half": half, "code": "000000"})
    assert (wrong.status_code, "The code is wrong" in wrong.text) == (401, True)
    right = {"half": half, "code": app.at(clock.now), "next": "/clinic/reviews"}
    done = await service("nobody", "POST", "/clinic/sign-in/code", data=right)
    assert (done.status_code, done.headers["location"]) == (303, "/clinic/reviews")
    again = await service("nobody", "POST", "/clinic/sign-in/code", data={**right, "code": codes[0]})
    assert again.status_code == 403, "a half is used once"


@pytest.mark.parametrize("how", ["too late", "another password", "made up", "no id"])
async def test_half_a_sign_in_that_is_none_begins_anew(service: Service, clock: Clock, how: str) -> None:
    await enter(service)
    _, codes = await with_app(service)
    half = await half_way(service)
    if how == "too late":
        clock.now += timedelta(minutes=5, seconds=1)
    elif how == "another password":
        new = {"password": PASSWORD, "new_password": FRESH}
        assert (await service("cleo", "POST", "/v1/me/password", json=new)).status_code == 401, "her token has ended"
        assert (await send(service, f"{OWN}/password", **new)).status_code == 200
    else:
        half = half.partition(".")[0] + ".made-up" if how == "made up" else "x.y"
    done = await service("nobody", "POST", "/clinic/sign-in/code", data={"half": half, "code": codes[0]})
    assert done.status_code == 403 and 'name="password"' in done.text and COOKIE not in done.cookies


async def test_who_needs_a_factor_is_led_to_the_account_and_on_from_there(service: Service) -> None:
    await service("root", "PATCH", "/v1/clinic", json={"second_factor": True})
    await enter(service)
    for where in ("/clinic", "/clinic/reviews", f"/clinic/patients/{service.ada_id}"):
        away = await service("nobody", "GET", where)
        assert (away.status_code, away.headers["location"]) == (303, OWN)
    assert "Your clinic asks for a second factor" in (await service("nobody", "GET", OWN)).text
    await with_app(service)
    assert (await service("nobody", "GET", "/clinic")).status_code == 200


async def test_the_own_account_shows_and_ends_sign_ins(service: Service) -> None:
    await enter(service)
    text = (await service("nobody", "GET", OWN)).text
    ended = re.search(r'action="(/clinic/account/sessions/[\w-]+/end)"', text)
    assert ended is not None
    assert (await send(service, ended[1])).status_code == 303
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401, "the token of her other device"
    assert (await send(service, f"{OWN}/sessions/end")).headers["location"] == "/clinic/sign-in"
    assert (await service("nobody", "GET", OWN)).status_code == 303


@pytest.mark.parametrize("step", ["password", "code", "recovery-codes", "passkey/begin"])
async def test_a_wrong_password_changes_nothing(service: Service, step: str) -> None:
    await enter(service)
    said = await send(service, f"{OWN}/{step}", password="wrong", new_password=FRESH)
    assert said.status_code == 422 and "is not the one that you sign in with" in said.text
    assert (await enter(service)).status_code == 303


async def test_one_of_the_staff_is_invited_and_joins(service: Service) -> None:
    await enter(service, "root")
    made = await send(service, f"{ALL}/invite", role="scheduler", username="nina", idempotency_key="one")
    code = code_of(made.text)
    again = await send(service, f"{ALL}/invite", role="scheduler", username="nina", idempotency_key="one")
    assert again.status_code == 409 and code not in again.text
    assert "named nina" in (await service("nobody", "GET", ALL)).text
    chosen = {"code": code, "username": "nina", "password": FRESH}
    soon = await service("nobody", "POST", "/clinic/join", data={**chosen, "password": "password1234"})
    assert soon.status_code == 422 and FRESH not in soon.text
    done = await service("nobody", "POST", "/clinic/join", data=chosen)
    assert done.status_code == 200 and "Your account is made" in done.text
    assert (await service("nobody", "POST", "/clinic/join", data=chosen)).status_code == 404
    assert (await service.show("nina", "nina", FRESH))["expires_in"] == 3600


async def test_a_patient_is_invited_from_their_page(service: Service) -> None:
    new = {"name": "Nora", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    patient = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
    await enter(service, "sam")
    made = await send(service, f"/clinic/patients/{patient}/invite", sent="two")
    chosen = {"code": code_of(made.text), "username": "nora", "password": FRESH}
    done = await service("nobody", "POST", "/clinic/join", data=chosen)
    assert "on your phone" in done.text
    refused = await send(service, f"/clinic/patients/{patient}/invite", sent="three")
    assert refused.status_code == 409 and "has an account already" in refused.text


async def test_an_admin_takes_the_steps_of_an_accounts_life(service: Service) -> None:
    await enter(service, "root")
    cleo = f"{ALL}/{service.accounts['cleo'][1]}"
    assert (await send(service, f"{cleo}/change", role="scheduler")).status_code == 303
    await service.sign_in_again("cleo")
    assert (await service("cleo", "GET", "/v1/me")).json()["role"] == "scheduler"
    assert (await send(service, f"{cleo}/sessions/end")).status_code == 303
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    code = code_of((await send(service, f"{cleo}/reset", sent="x")).text)
    assert (await service("nobody", "POST", "/clinic/reset", data={"code": code, "password": FRESH})).status_code == 200
    await service.show("cleo", "cleo", FRESH)
    assert (await send(service, f"{cleo}/change", disabled="yes")).status_code == 303
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    text = (await service("nobody", "GET", ALL)).text
    assert "Let in again" in text and "disabled" in text
    assert (await send(service, f"{ALL}/second-factor", asked="yes")).status_code == 303
    assert (await service("nobody", "GET", ALL)).headers["location"] == OWN, "the admin has none either"


async def test_the_accounts_are_for_admins_alone(service: Service) -> None:
    for who in ("cleo", "sam"):
        await enter(service, who)
        assert (await service("nobody", "GET", ALL)).status_code == 403
        refused = await send(service, f"{ALL}/{service.accounts['root'][1]}/change", disabled="yes")
        assert refused.status_code == 403
    await enter(service, "other")
    assert "Ada" not in (await service("nobody", "GET", ALL)).text


async def test_a_wrong_code_is_only_wrong(service: Service) -> None:
    for where in ("join", "reset"):
        sent = {"code": "made-up", "username": "x", "password": FRESH}
        said = await service("nobody", "POST", f"/clinic/{where}", data=sent)
        assert (said.status_code, "The code is wrong" in said.text) == (404, True)
        foreign = {"Origin": "https://evil.example.org"}
        assert (await service("nobody", "POST", f"/clinic/{where}", data=sent, headers=foreign)).status_code == 403
