"""Everybody sees where they are signed in, and ends it from anywhere else; passwords that are soon guessed are not taken."""

import json

import pytest
from pydantic import SecretStr

from app.access.accounts.passwords import hash_new
from app.access.accounts.sessions import named
from app.base.http.problems import Problem
from tests.access.accounts.test_hashing import FRESH
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
LONG = ("the heron stood beside a grey canal while nobody counted boats; " * 4)[:200]


async def signed_in(service: Service, who: str, **more: str) -> str:
    sent = {"username": who, "password": PASSWORD, **more}
    answer = await service("nobody", "POST", "/v1/token", data=sent, headers={"User-Agent": "Phone/1.0 (of hers)"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def held(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_lost_phone_is_signed_out_from_another(service: Service) -> None:
    phone, other = await signed_in(service, "ada", device="Ada's  old\nphone"), await signed_in(service, "ada")
    mine = (await service("nobody", "GET", "/v1/me/sessions", headers=held(other))).json()["items"]
    assert [(one["device"], one["current"]) for one in mine] == [
        ("Phone/1.0 (of hers)", True),
        ("Ada's old phone", False),
        (None, False),
    ]
    assert phone not in json.dumps(mine) and other not in json.dumps(mine)
    ended = await service("nobody", "DELETE", f"/v1/me/sessions/{mine[1]['id']}", headers=held(other))
    assert ended.status_code == 204
    for token, status in ((phone, 401), (other, 200)):
        assert (await service("nobody", "GET", "/v1/me", headers=held(token))).status_code == status
    again = await service("nobody", "DELETE", f"/v1/me/sessions/{mine[1]['id']}", headers=held(other))
    assert again.status_code == 404


async def test_nobody_ends_a_session_of_somebody_else(service: Service) -> None:
    (theirs,) = (await service("bob", "GET", "/v1/me/sessions")).json()["items"]
    for who in ("ada", "root", "other"):
        assert (await service(who, "DELETE", f"/v1/me/sessions/{theirs['id']}")).status_code == 404
    assert (await service("bob", "GET", "/v1/me")).status_code == 200


async def test_signing_out_everywhere_ends_this_one_as_well_and_nobody_elses(service: Service) -> None:
    phone = await signed_in(service, "ada")
    assert (await service("ada", "DELETE", "/v1/me/sessions")).status_code == 204
    assert (await service("ada", "GET", "/v1/me")).status_code == 401
    assert (await service("nobody", "GET", "/v1/me", headers=held(phone))).status_code == 401
    assert (await service("bob", "GET", "/v1/me")).status_code == 200


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "123456789012",
        "qwertyuiop12",
        "aaaaaaaaaaaa",
        "P@ssw0rd1234",
        "adaadaadaada",
        "reprieve2026",
        "iloveyou1234",
    ],
)
async def test_a_password_that_is_soon_guessed_is_refused(service: Service, password: str) -> None:
    sent = {"password": PASSWORD, "new_password": password}
    answer = await service("ada", "POST", "/v1/me/password", json=sent)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, "/new_password")
    assert error["detail"].startswith("is a common password") and password not in answer.text


@pytest.mark.parametrize(
    "password", [PASSWORD, FRESH, "kein gutes wort hat vier", "xkcdlkjweoiu", "häßlich-süße Öfen", LONG]
)
async def test_no_rule_says_of_which_characters_it_is_made(password: str) -> None:
    assert (await hash_new(SecretStr(password), username="ada", pointer="/password")).startswith("$argon2id$")


@pytest.mark.parametrize(
    ("password", "says"), [("short", "needs 12 characters or more"), ("x" * 201, "has over 200 characters")]
)
async def test_what_is_too_short_or_too_long_is_told_in_characters(service: Service, password: str, says: str) -> None:
    bodies = {
        "/v1/me/password": {"password": PASSWORD, "new_password": password},
        "/v1/invitations/x/accept": {"username": "x", "password": password},
        "/v1/resets/x": {"password": password},
    }
    for path, body in bodies.items():
        answer = await service("ada", "POST", path, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (422, says), path


async def test_the_name_of_the_account_makes_a_password_weak() -> None:
    for name, good in (("waldburga.hohenfels", False), ("ada", True)):
        try:
            await hash_new(SecretStr("waldburga.hohenfels1"), username=name, pointer="/password")
        except Problem:
            assert not good
        else:
            assert good


def test_the_name_of_a_device_is_one_line() -> None:
    assert named(" Ada's\tphone\x00\n ") == "Ada's phone"
    assert (named(None), named(" \n"), len(named("x" * 999) or "")) == (None, None, 200)
