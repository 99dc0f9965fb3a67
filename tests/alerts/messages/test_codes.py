"""The code that confirms a mail address is kept no longer than it is needed: not once sent, dead, or without an address."""

import json

import pytest
from sqlalchemy import select

from app.alerts.messages.tables import Message
from app.base.store.typed import col
from tests.alerts.messages.conftest import send
from tests.alerts.messages.receivers import Mailbox
from tests.alerts.messages.test_sending import deliveries
from tests.support import Service

pytestmark = pytest.mark.anyio
MAIL = {"channel": "email", "email": "cleo@example.org"}


async def kept(service: Service) -> str:
    """What the outbox holds of every message."""
    async with service.app.state.database.read() as connection:
        return json.dumps([about for (about,) in (await connection.execute(select(col(Message.about)))).all()])


async def test_a_code_goes_when_its_letter_is_sent(sending: Service, mailbox: Mailbox) -> None:
    await sending("cleo", "POST", "/v1/addresses", json=MAIL)
    assert "code" in await kept(sending)
    await send(sending)
    assert len(mailbox.got) == 1 and "code" not in await kept(sending)


async def test_a_code_goes_when_its_letter_is_dead_and_no_letter_without_one_is_sent(
    sending: Service, mailbox: Mailbox
) -> None:
    mailbox.refuse = ["550 no such user"]
    await sending("cleo", "POST", "/v1/addresses", json=MAIL)
    await send(sending)
    (dead,) = await deliveries(sending, "state=dead")
    assert "code" not in await kept(sending)
    again = await sending("root", "POST", f"/v1/deliveries/{dead['id']}/replay")
    assert (again.status_code, "add the address anew" in again.json()["detail"]) == (409, True)
    await send(sending)
    assert mailbox.got == []


async def test_a_code_that_is_tried_again_is_kept_until_then(sending: Service, mailbox: Mailbox) -> None:
    mailbox.refuse = ["450 busy"]
    await sending("cleo", "POST", "/v1/addresses", json=MAIL)
    await send(sending)
    assert "code" in await kept(sending)


async def test_a_code_goes_with_its_address(sending: Service) -> None:
    made = await sending("cleo", "POST", "/v1/addresses", json=MAIL)
    gone = await sending("cleo", "DELETE", f"/v1/addresses/{made.json()['id']}")
    assert gone.status_code == 204 and "code" not in await kept(sending)
