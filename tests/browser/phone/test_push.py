"""A reminder all the way: asked for on the phone, due at the service, encrypted, received, and shown by the phone.

A browser without its vendor's push service can't subscribe, so that one step is given to the page: a subscription with
keys of its own, at a receiver that is here. What comes there is decrypted and handed to the browser as its vendor would.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Playwright, expect
from py_vapid import Vapid02
from sqlalchemy import update

from app.alerts.messages.outbox import address
from app.base.store.database import Database
from tests.alerts.messages.conftest import push_key
from tests.alerts.messages.receivers import Hook, web_server
from tests.aside import aside
from tests.browser.conftest import launched
from tests.browser.phone.clinic import ClinicOfOne, Phone, served
from tests.support import in_clear

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SUBSCRIBE = """
PushManager.prototype.subscribe = async function (wanted) {
  window.wanted = btoa(String.fromCharCode(...new Uint8Array(wanted.applicationServerKey)));
  return { toJSON: () => (%s) };
};
"""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A whole one: the light one shows no notifications."""
    with launched(playwright, whole=True) as one:
        yield one


@pytest.fixture
def receiver() -> Iterator[Hook]:
    with web_server() as one:
        yield one


@pytest.fixture
def service(database_url: str) -> Iterator[ClinicOfOne]:
    """The clinic whose service has a key to push with."""
    with served(database_url, push_key=push_key(), mail_from="reprieve@clinic.example", private_targets=True) as one:
        yield one


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def deliver(phone: Phone, service: ClinicOfOne, content: bytes) -> list[list[str]]:
    """Hands a push to the browser as its vendor does; what it shows then, as titles and texts."""
    devtools = phone.context.new_cdp_session(phone.page)
    found: list[str] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(r["registrationId"] for r in told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    while not found:
        phone.page.wait_for_timeout(20)  # events of the browser come in while it waits
    of = {"origin": service.url, "registrationId": found[-1], "data": content.decode()}
    devtools.send("ServiceWorker.deliverPushMessage", of)
    shown = """() => navigator.serviceWorker.ready.then((one) => one.getNotifications())
      .then((all) => (all.length ? all.map((one) => [one.title, one.body]) : null))"""
    for _ in range(200):
        if (told := phone.page.evaluate(shown)) is not None:
            return list(told)
        phone.page.wait_for_timeout(20)  # the worker hears of it by itself
    raise AssertionError("nothing was shown")


def test_a_reminder_goes_all_the_way(new_phone: Callable[..., Phone], service: ClinicOfOne, receiver: Hook) -> None:
    own, secret = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": text(point), "auth": text(secret)}
    phone = new_phone()
    phone.context.grant_permissions(["notifications"], origin=service.url)
    made = {"endpoint": "https://push.example.org/one", "keys": keys}
    phone.context.add_init_script(SUBSCRIBE % json.dumps(made))
    phone.sign_in().keeps_itself()
    phone.open("/reminder")
    phone.page.get_by_label("Time of the day").fill("12:00")
    phone.page.get_by_role("button", name="Remind me", exact=True).click()
    expect(phone.page.get_by_text("You are reminded at 12:00")).to_be_visible()
    key = service("ada", "GET", "/v1/push_key")["key"]
    assert phone.page.evaluate("window.wanted").rstrip("=") == key.replace("-", "+").replace("_", "/")

    send_to(service, {"endpoint": receiver.url, **keys})
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=1) + timedelta(days=1)
    service.work(noon)
    service.work(noon + timedelta(minutes=5))  # once that day, whatever comes
    ((_, headers, body),) = receiver.got
    assert Vapid02.verify(headers["authorization"])
    content = http_ece.decrypt(body, private_key=own, auth_secret=secret)
    assert deliver(phone, service, content) == [["How was today?", json.loads(content)["body"]]]


def send_to(service: ClinicOfOne, target: dict[str, Any]) -> None:
    """Lets the subscription lead to the receiver here, which has no name that a browser's vendor would have."""

    async def change() -> None:
        database = Database(service.settings.database_url.get_secret_value())
        is_push = address.c.channel == "push"
        await database.write(lambda c: c.execute(update(address).where(is_push).values(target=in_clear(target))))
        await database.close()

    aside(lambda: asyncio.run(change()))
