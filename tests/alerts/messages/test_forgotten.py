"""A forgotten password: a code by mail to a confirmed address, for an hour; and nobody learns who has an account."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.accounts.attempts import CODES
from app.alerts.messages.outbox import message
from tests.alerts.messages.conftest import confirmed_mail, send
from tests.alerts.messages.receivers import Mailbox
from tests.conftest import Clock
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
FRESH = {"password": "nineteen grey herons waited"}


async def asked(service: Service, username: str) -> dict[str, str]:
    answer = await service("nobody", "POST", "/v1/resets", json={"username": username})
    assert answer.status_code == 202, answer.text
    said: dict[str, str] = answer.json()
    return said


async def mailed(service: Service, mailbox: Mailbox) -> list[str]:
    """The codes that were mailed since."""
    before = len(mailbox.got)
    await send(service)
    texts = [str(one.get_content()) for one in mailbox.got[before:]]
    return [found[1] for one in texts if (found := re.search(r"https://reprieve\.example/clinic/reset#([\w-]+)", one))]


async def test_a_mailed_code_gives_a_new_password_and_ends_every_sign_in(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo", password=PASSWORD)
    await asked(sending, "cleo")
    (code,) = await mailed(sending, mailbox)
    assert (await sending("cleo", "GET", "/v1/me")).status_code == 200, "asking ends nothing"
    assert (await sending("nobody", "POST", f"/v1/resets/{code}", json=FRESH)).status_code == 204
    assert (await sending("cleo", "GET", "/v1/me")).status_code == 401
    assert (await sending.show("cleo", "cleo", FRESH["password"]))["expires_in"] == 3600
    assert (await sending("nobody", "POST", f"/v1/resets/{code}", json=FRESH)).status_code == 404
    async with sending.app.state.database.read() as connection:
        assert code not in str((await connection.execute(select(message))).all()), "nobody needs it here any more"


async def test_a_code_holds_for_an_hour_and_nobodys_mailbox_is_filled(
    sending: Service, mailbox: Mailbox, clock: Clock
) -> None:
    await confirmed_mail(sending, mailbox, "cleo", password=PASSWORD)
    handed = (await sending("root", "POST", f"/v1/accounts/{sending.accounts['cleo'][1]}/reset")).json()["code"]
    for _ in range(5):
        await asked(sending, "cleo")
    (first,) = await mailed(sending, mailbox)
    clock.now += timedelta(minutes=11)
    await asked(sending, "cleo")
    (second,) = await mailed(sending, mailbox)
    clock.now += timedelta(minutes=48)
    assert (await sending("nobody", "POST", f"/v1/resets/{first}", json={"password": "x" * 12})).status_code == 422
    clock.now += timedelta(minutes=2)
    assert (await sending("nobody", "POST", f"/v1/resets/{first}", json=FRESH)).status_code == 404
    assert (await sending("nobody", "POST", f"/v1/resets/{second}", json={"password": "x" * 12})).status_code == 422
    assert (await sending("nobody", "POST", f"/v1/resets/{handed}", json=FRESH)).status_code == 204, (
        "what was handed over"
    )


async def test_an_address_that_a_thief_adds_gets_no_code(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo")
    await asked(sending, "cleo")
    assert await mailed(sending, mailbox) == []
    body = {"channel": "email", "email": "evil@example.org", "password": "wrong"}
    refused = await sending("cleo", "POST", "/v1/addresses", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/password")


async def test_nobody_learns_who_has_an_account(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo", password=PASSWORD)
    said = [await asked(sending, name) for name in ("cleo", "sam", "nemo", "nul\x00"[:3])]
    assert all(one == said[0] for one in said)
    await sending("root", "PATCH", f"/v1/accounts/{sending.accounts['cleo'][1]}", json={"disabled": True})
    assert len(await mailed(sending, mailbox)) <= 1
    await asked(sending, "cleo")
    assert await mailed(sending, mailbox) == [], "a disabled account is mailed nothing"


async def test_mail_is_sent_at_a_pace(sending: Service) -> None:
    for _ in range(CODES.burst):
        await asked(sending, "cleo")
    assert (await sending("nobody", "POST", "/v1/resets", json={"username": "cleo"})).status_code == 429
