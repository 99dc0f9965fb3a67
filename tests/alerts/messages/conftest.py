"""A clinic whose service can send: mail, webhooks and Web Push to servers that are here."""

import base64
from collections.abc import AsyncIterator, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from app.alerts.messages.sending import send_due
from app.base.settings import Settings
from tests.alerts.messages.receivers import Hook, Mailbox, mail_server, web_server
from tests.conftest import Clock
from tests.support import Service, app_with, open_service


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_server() as got:
        yield got


def push_key() -> str:
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


@pytest.fixture
async def sending(database_url: str, clock: Clock, mailbox: Mailbox) -> AsyncIterator[Service]:
    """The app with everything set that sending needs."""
    settings = Settings.model_validate(
        {
            "database_url": database_url,
            "pool_size": 4,
            "worker_seconds": 0,
            "smtp_url": mailbox.url,
            "mail_from": "reprieve@clinic.example",
            "push_key": push_key(),
            "private_targets": True,
            "public_url": "https://reprieve.example/",
        }
    )
    async with open_service(app_with(settings, clock), clock) as running:
        yield running


async def send(service: Service) -> int:
    """The sender's rounds until nothing is due."""
    state, total = service.app.state, 0
    while done := await send_due(state.database, state.settings, state.clock):
        total += done
    return total


async def confirmed_mail(service: Service, mailbox: Mailbox, who: str, **more: object) -> str:
    """A confirmed mail address of somebody."""
    body = {"channel": "email", "email": f"{who}@example.org", **more}
    made = await service(who, "POST", "/v1/addresses", json=body)
    assert made.status_code == 201, made.text
    await send(service)
    code = str(mailbox.got.pop()["Subject"]).rpartition(" ")[2]
    done = await service(who, "POST", f"/v1/addresses/{made.json()['id']}/confirm", json={"code": code})
    assert done.json()["confirmed"] is True, done.text
    return str(made.json()["id"])


async def webhook(service: Service, hook: Hook, **more: object) -> tuple[str, str]:
    """A webhook of the clinic's that leads to a server here, its id and secret."""
    made = (await service("root", "POST", "/v1/webhooks", json={"url": hook.url, **more})).json()
    return made["id"], made["secret"]
