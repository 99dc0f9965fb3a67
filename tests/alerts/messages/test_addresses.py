"""Where people and systems are told: added, refused, listed, removed, erased; and what the texts say in each language."""

from string import Formatter
from typing import Any, get_args

import pytest
from sqlalchemy import func, select

from app.alerts.messages.outbox import OF_CODES, Topic, address, delivery, message
from app.alerts.messages.texts import languages, text
from tests.alerts.messages.conftest import confirmed_mail, send
from tests.alerts.messages.receivers import Mailbox
from tests.support import Service

pytestmark = pytest.mark.anyio
KEYS = {
    "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
    "auth": "tBHItJI5svbpez7KI4CCXg",
}
PUSH: dict[str, Any] = {"channel": "push", "endpoint": "https://push.example.org/one", "keys": KEYS}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"channel": "email", "email": "nobody"}, "/email"),
        ({"channel": "email", "email": "a@b.example\nBcc: all@example.org"}, "/email"),
        ({"channel": "email", "email": "a@example.org", "topics": ["weather"]}, "/topics/0"),
        ({"channel": "email", "email": "a@example.org", "locale": "Deutsch!"}, "/locale"),
        ({"channel": "pigeon"}, ""),
        ({**PUSH, "endpoint": "http://push.example.org/one"}, "/endpoint"),
        ({**PUSH, "endpoint": "https://name:secret@push.example.org/one"}, "/endpoint"),
        ({**PUSH, "keys": {**KEYS, "p256dh": "AAAA"}}, "/keys/p256dh"),
        ({**PUSH, "keys": {**KEYS, "auth": "AAAA"}}, "/keys/auth"),
    ],
)
async def test_an_address_that_is_none_is_refused(sending: Service, body: dict[str, Any], pointer: str) -> None:
    answer = await sending("ada", "POST", "/v1/addresses", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].endswith(pointer)
    assert (await sending("ada", "GET", "/v1/addresses")).json()["items"] == []


async def test_a_service_without_mail_or_push_says_so(service: Service) -> None:
    for body in ({"channel": "email", "email": "ada@example.org"}, PUSH):
        answer = await service("ada", "POST", "/v1/addresses", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/channel")
    assert (await service("ada", "GET", "/v1/push_key")).json() == {"key": None}


async def test_each_has_her_own_and_may_have_ten(sending: Service) -> None:
    for i in range(10):
        made = await sending("ada", "POST", "/v1/addresses", json={**PUSH, "endpoint": f"https://push.example.org/{i}"})
        assert made.status_code == 201, made.text
    assert (await sending("ada", "POST", "/v1/addresses", json=PUSH)).status_code == 409
    items = (await sending("ada", "GET", "/v1/addresses")).json()["items"]
    assert {(i["channel"], i["shown"], i["confirmed"]) for i in items} == {("push", "push.example.org", True)}
    assert (await sending("cleo", "GET", "/v1/addresses")).json()["items"] == []
    assert (await sending("cleo", "DELETE", f"/v1/addresses/{items[0]['id']}")).status_code == 404
    assert (await sending("ada", "DELETE", f"/v1/addresses/{items[0]['id']}")).status_code == 204
    assert (await sending("ada", "POST", "/v1/addresses", json=PUSH)).status_code == 201


async def test_a_webhooks_secret_is_shown_once(sending: Service) -> None:
    body = {"url": "https://ehr.example.org/hook", "topics": ["flag.raised"]}
    made = (await sending("root", "POST", "/v1/webhooks", json=body)).json()
    assert made["secret"].startswith("whsec_")
    (listed,) = (await sending("root", "GET", "/v1/webhooks")).json()["items"]
    assert "secret" not in listed
    assert made["secret"] not in str(listed)
    assert (await sending("root", "GET", "/v1/addresses")).json()["items"] == []
    assert (await sending("root", "DELETE", f"/v1/webhooks/{made['id']}")).status_code == 204


@pytest.mark.parametrize("url", ["http://ehr.example.org", "https://", "ftp://ehr.example.org", "https://a:99999999/x"])
async def test_a_webhook_is_https(service: Service, url: str) -> None:
    answer = await service("root", "POST", "/v1/webhooks", json={"url": url})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/url")


async def test_erasing_a_person_takes_her_addresses_and_messages(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "ada")
    await sending.put("2026-05-01", 4, side_effects=[{"kind": "fever", "severity": 2}])
    await send(sending)
    gone = await sending("root", "DELETE", f"/v1/patients/{sending.ada_id}?reason=asked")
    assert gone.status_code == 204, gone.text
    async with sending.app.state.database.read() as connection:
        for table in (address, delivery):
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
        left = [row for row in await connection.execute(select(message)) if sending.ada_id in str(row)]
    assert left == []


@pytest.mark.parametrize("language", sorted(languages()))
def test_each_language_says_everything(language: str) -> None:
    about = {"review_id": "r", "address_id": "a", "code": "AAAA-BBBB"}
    for topic in get_args(Topic):
        said = text(topic, language, about=about, public_url="https://reprieve.example")
        assert said.subject
        assert "https://reprieve.example" in said.body or topic == "address.confirm"
        assert ("AAAA-BBBB" in said.body) == (topic in OF_CODES)
        fields = {name for _, name, _, _ in Formatter().parse(said.body) if name}
        assert fields == set()
    assert set(languages()[language]) == {"foot", *(topic.replace(".", "_") for topic in get_args(Topic))}


def test_a_locale_without_texts_reads_english() -> None:
    about = {"review_id": "r"}
    assert text("flag.raised", "fi", about=about, public_url="http://x") == text(
        "flag.raised", "en-GB", about=about, public_url="http://x"
    )
    assert text("flag.raised", "fr-CH", about=about, public_url="http://x") == text(
        "flag.raised", "fr", about=about, public_url="http://x"
    )
