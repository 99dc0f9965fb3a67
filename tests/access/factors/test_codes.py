"""Codes of an authenticator app: asked for after the password, good once; recovery codes stand in for them."""

from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from app.access.accounts.attempts import HERE
from app.access.factors.codes import recovery_code
from tests.conftest import Clock
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
STEP = timedelta(seconds=30)


async def with_app(service: Service, who: str = "cleo") -> tuple[pyotp.TOTP, list[str]]:
    begun = await service(who, "POST", "/v1/me/factors/code", json={"password": PASSWORD, "name": "phone"})
    assert begun.status_code == 201, begun.text
    told = begun.json()
    assert told["secret"] in told["address"] and told["picture"].startswith("<svg")
    app = pyotp.parse_uri(told["address"])
    assert isinstance(app, pyotp.TOTP)
    code = app.at(service.app.state.clock.now)
    done = await service(who, "POST", f"/v1/me/factors/{told['id']}/confirm", json={"code": code})
    assert done.status_code == 200, done.text
    return app, done.json()["recovery_codes"]


async def shown(service: Service, code: str | None, who: str = "cleo") -> int:
    form: dict[str, Any] = {"username": who, "password": PASSWORD} | ({} if code is None else {"code": code})
    answer = await service("nobody", "POST", "/v1/token", data=form)
    if answer.status_code == 200:
        service.tokens["new"] = answer.json()["access_token"]
    return answer.status_code


async def test_sign_in_asks_for_a_code_that_is_good_once(service: Service, clock: Clock) -> None:
    app, _ = await with_app(service)
    clock.now += STEP * 3
    assert await shown(service, None) == 401
    assert await shown(service, app.at(clock.now)) == 200
    assert (await service("new", "GET", "/v1/me/sessions")).json()["items"][0]["factor"] == "code"
    assert await shown(service, app.at(clock.now)) == 401, "somebody looked over the shoulder"
    clock.now += STEP
    assert await shown(service, " ".join(app.at(clock.now))) == 200, "blanks as apps show them"


async def test_the_code_that_confirmed_the_app_signs_nobody_in(service: Service, clock: Clock) -> None:
    app, _ = await with_app(service)
    assert await shown(service, app.at(clock.now)) == 401


@pytest.mark.parametrize(("off", "status"), [(-2, 401), (-1, 200), (0, 200), (1, 200), (2, 401)])
async def test_a_phones_clock_may_be_off_by_half_a_minute(
    service: Service, clock: Clock, off: int, status: int
) -> None:
    app, _ = await with_app(service)
    clock.now += STEP * 10
    assert await shown(service, app.at(clock.now + off * STEP)) == status


async def test_a_code_counts_for_nothing_without_the_password(service: Service, clock: Clock) -> None:
    app, _ = await with_app(service)
    clock.now += STEP * 3
    form = {"username": "cleo", "password": "wrong", "code": app.at(clock.now)}
    assert (await service("nobody", "POST", "/v1/token", data=form)).status_code == 401
    assert await shown(service, app.at(clock.now)) == 200, "it was not used up"


async def test_a_recovery_code_stands_in_once(service: Service) -> None:
    _, codes = await with_app(service)
    assert len(set(codes)) == 10
    assert await shown(service, codes[0].lower().replace("-", " ")) == 200
    assert await shown(service, codes[0]) == 401
    assert (await service("new", "GET", "/v1/me/factors")).json()["recovery_codes"] == 9
    async with service.app.state.database.read() as connection:
        kept = str((await connection.execute(select(recovery_code))).all())
    assert not any(code.replace("-", "") in kept for code in codes)


async def test_new_recovery_codes_end_those_of_before(service: Service) -> None:
    _, old = await with_app(service)
    made = await service("cleo", "POST", "/v1/me/recovery_codes", json={"password": PASSWORD})
    assert made.status_code == 201 and made.headers["cache-control"] == "no-store"
    assert await shown(service, old[1]) == 401
    assert await shown(service, made.json()["recovery_codes"][0]) == 200
    assert (await service("sam", "POST", "/v1/me/recovery_codes", json={"password": PASSWORD})).status_code == 409


async def test_codes_are_guessed_slowly_and_the_password_is_no_way_round(service: Service) -> None:
    await with_app(service)
    for _ in range(HERE.burst):
        assert await shown(service, "000000") == 401
        assert await shown(service, None) in (401, 429)
    assert await shown(service, "000000") == 429


async def test_an_app_that_was_never_confirmed_asks_for_nothing(service: Service) -> None:
    begun = await service("cleo", "POST", "/v1/me/factors/code", json={"password": PASSWORD})
    wrong = await service("cleo", "POST", f"/v1/me/factors/{begun.json()['id']}/confirm", json={"code": "000000"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/code")
    assert await shown(service, None) == 200
    again = await service("cleo", "POST", "/v1/me/factors/code", json={"password": PASSWORD})
    (held,) = (await service("cleo", "GET", "/v1/me/factors")).json()["items"]
    assert (held["id"], held["confirmed"]) == (again.json()["id"], False)


async def test_adding_a_factor_ends_other_sign_ins_and_removing_it_needs_the_password(service: Service) -> None:
    kept = service.tokens["cleo"]
    await service.sign_in_again("cleo")
    app, _ = await with_app(service)
    service.tokens["other device"] = kept
    assert (await service("other device", "GET", "/v1/me")).status_code == 401
    (held,) = (await service("cleo", "GET", "/v1/me/factors")).json()["items"]
    where = f"/v1/me/factors/{held['id']}/remove"
    assert (await service("cleo", "POST", where, json={"password": "wrong one"})).status_code == 422
    assert (await service("sam", "POST", where, json={"password": PASSWORD})).status_code == 404
    assert (await service("cleo", "POST", where, json={"password": PASSWORD})).status_code == 204
    assert await shown(service, None) == 200
    assert (await service("cleo", "GET", "/v1/me/factors")).json()["recovery_codes"] == 0
    assert app.secret not in (await service("cleo", "GET", "/v1/me/factors")).text


async def test_a_lost_phone_is_taken_off_by_an_admin(service: Service) -> None:
    await with_app(service)
    where = f"/v1/accounts/{service.accounts['cleo'][1]}/factors"
    (listed,) = [
        one for one in (await service("root", "GET", "/v1/accounts")).json()["items"] if one["username"] == "cleo"
    ]
    assert listed["second_factor"] is True
    for who, status in (("sam", 403), ("other", 403), ("root", 204)):
        assert (await service(who, "DELETE", where)).status_code == status
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401, "her sign-ins end"
    assert await shown(service, None) == 200
    mine = f"/v1/accounts/{service.accounts['root'][1]}/factors"
    assert (await service("root", "DELETE", mine)).status_code == 409


async def test_where_the_clinic_asks_for_one_it_is_added_and_opens_the_rest(service: Service, clock: Clock) -> None:
    await service("root", "PATCH", "/v1/clinic", json={"second_factor": True})
    assert (await service("cleo", "GET", "/v1/patients")).status_code == 403
    assert (await service("cleo", "GET", "/v1/me/factors")).json()["required"] is True
    app, _ = await with_app(service)
    assert (await service("cleo", "GET", "/v1/patients")).status_code == 200
    clock.now += STEP * 3
    assert await shown(service, app.at(clock.now)) == 200
    assert (await service("new", "GET", "/v1/patients")).status_code == 200
    assert (await service("ada", "GET", "/v1/me/factors")).json()["required"] is False
