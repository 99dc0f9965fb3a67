"""Messages go out: to a real mail server, a real web server, a browser's keys; what fails is tried again, and not lost."""

import asyncio
import base64
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02
from sqlalchemy import select, update
from standardwebhooks import Webhook

from app.alerts.messages.outbox import address, delivery, spread
from app.alerts.messages.sending import MOST_ATTEMPTS, claim, pause, send_due
from app.base.store.database import Database
from app.work.worker import work_once
from tests.alerts.messages.conftest import confirmed_mail, send, webhook
from tests.alerts.messages.receivers import Hook, Mailbox
from tests.conftest import Clock
from tests.support import Service, in_clear

pytestmark = pytest.mark.anyio
FEVER: dict[str, Any] = {"side_effects": [{"kind": "fever", "severity": 2}]}


async def deliveries(service: Service, query: str = "") -> list[dict[str, Any]]:
    return list((await service("root", "GET", f"/v1/deliveries?{query}")).json()["items"])


async def test_a_red_flag_is_mailed_without_a_word_about_anybody(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo")
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    (mail,) = mailbox.got
    text = mail.get_content()
    assert (mail["To"], mail["From"]) == ("cleo@example.org", "reprieve@clinic.example")
    assert "https://reprieve.example/clinic/flags" in text.splitlines()[2]
    assert mail["Content-Language"] == "en"
    for never in ("Ada", "Muster", "fever", "pain", "rhizotomy", "2026", sending.ada_id):
        assert never.lower() not in (str(mail["Subject"]) + text).lower(), never
    (sent,) = [d for d in await deliveries(sending) if d["topic"] == "flag.raised"]
    assert sent["id"] in mail["Message-ID"]
    assert await send(sending) == 0


async def test_the_same_red_flag_again_sends_nothing_more(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo")
    for average in (4, 5):
        await sending.put("2026-05-01", average, **FEVER)
        await send(sending)
    assert len(mailbox.got) == 1


async def test_nobody_is_written_to_before_the_code_came_back(sending: Service, mailbox: Mailbox) -> None:
    body = {"channel": "email", "email": "somebody@example.org"}
    made = (await sending("cleo", "POST", "/v1/addresses", json=body)).json()
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    assert [str(m["Subject"])[:22] for m in mailbox.got] == ["Your code for Reprieve"]
    wrong = await sending("cleo", "POST", f"/v1/addresses/{made['id']}/confirm", json={"code": "AAAA-AAAA"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/code")
    others = await sending("sam", "POST", f"/v1/addresses/{made['id']}/confirm", json={"code": "AAAA-AAAA"})
    assert others.status_code == 404


async def test_a_code_is_good_for_a_day(sending: Service, mailbox: Mailbox, clock: Clock) -> None:
    body = {"channel": "email", "email": "cleo@example.org", "locale": "de-CH"}
    made = (await sending("cleo", "POST", "/v1/addresses", json=body)).json()
    await send(sending)
    subject = str(mailbox.got[0]["Subject"])
    assert subject.startswith("Ihr Code für Reprieve")
    clock.now += timedelta(days=1, minutes=1)
    await sending.sign_in_again("cleo")
    late = await sending(
        "cleo", "POST", f"/v1/addresses/{made['id']}/confirm", json={"code": subject.rpartition(" ")[2]}
    )
    assert late.status_code == 422


async def test_a_webhook_is_signed_and_holds_ids_alone(sending: Service, hook: Hook, clock: Clock) -> None:
    _, secret = await webhook(sending, hook)
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    ((_, headers, body),) = hook.got
    sent_at = int(headers["webhook-timestamp"])
    assert abs(sent_at - clock.now.timestamp()) < 5
    fresh = Webhook(secret)
    fresh._Webhook__verify_timestamp = lambda _: clock.now  # type: ignore[attr-defined]  # its clock is today's
    told = fresh.verify(body, headers)
    (flag,) = (await sending("cleo", "GET", "/v1/flags")).json()["items"]
    assert told["type"] == "flag.raised"
    assert told["data"] == {"flag_id": flag["id"], "patient_id": sending.ada_id}
    with pytest.raises(Exception, match="signature"):
        fresh.verify(body.replace(b"flag.raised", b"flag.lapsed"), headers)


async def test_a_webhook_that_fails_is_tried_again_under_the_same_id(
    sending: Service, hook: Hook, clock: Clock
) -> None:
    await webhook(sending, hook)
    hook.answers = [(500, {}), (503, {"Retry-After": "120"}), (204, {})]
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    assert [d["fault"] for d in await deliveries(sending)] == ["answered 500"]
    clock.now += timedelta(seconds=31)
    await send(sending)
    (waiting,) = await deliveries(sending, "state=waiting")
    assert waiting["fault"] == "answered 503"
    clock.now += timedelta(seconds=100)  # the other side has asked for two minutes
    assert await send(sending) == 0
    clock.now += timedelta(seconds=21)
    await send(sending)
    assert len({headers["webhook-id"] for _, headers, _ in hook.got}) == 1
    assert len(hook.got) == 3
    (sent,) = await deliveries(sending, "state=sent")
    assert (sent["attempts"], sent["fault"]) == (3, None)


async def test_what_always_fails_becomes_a_dead_letter_and_is_replayed(
    sending: Service, hook: Hook, clock: Clock
) -> None:
    await webhook(sending, hook)
    hook.answers = [(500, {})] * MOST_ATTEMPTS
    await sending.put("2026-05-01", 4, **FEVER)
    for _ in range(MOST_ATTEMPTS):
        await send(sending)
        clock.now += timedelta(hours=7)
    assert len(hook.got) == MOST_ATTEMPTS
    await sending.sign_in_again()
    (dead,) = await deliveries(sending, "state=dead")
    assert await send(sending) == 0
    again = await sending("root", "POST", f"/v1/deliveries/{dead['id']}/replay")
    assert again.status_code == 204
    await send(sending)
    assert hook.got[-1][1]["webhook-id"] == dead["id"]
    once_more = await sending("root", "POST", f"/v1/deliveries/{dead['id']}/replay")
    assert once_more.status_code == 409


async def test_a_mail_that_is_refused_for_good_is_not_tried_again(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo")
    mailbox.refuse = ["550 no such mailbox"]
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    (dead,) = await deliveries(sending, "state=dead")
    assert dead["fault"] == "answered 550"


async def test_a_mail_server_that_is_busy_gets_it_later(sending: Service, mailbox: Mailbox, clock: Clock) -> None:
    await confirmed_mail(sending, mailbox, "cleo")
    mailbox.refuse = ["451 later"]
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    assert mailbox.got == []
    clock.now += timedelta(minutes=1)
    await send(sending)
    assert len(mailbox.got) == 1


async def browser(service: Service, hook: Hook, who: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """A subscription as a browser makes it, at a push service that is here."""
    own, secret = ec.generate_private_key(ec.SECP256R1()), b"0123456789abcdef"
    point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": text(point), "auth": text(secret)}
    body = {"channel": "push", "endpoint": "https://push.example.org/one", "keys": keys}
    made = await service(who, "POST", "/v1/addresses", json=body)
    assert (made.status_code, made.json()["shown"]) == (201, "push.example.org"), made.text
    target = {"endpoint": hook.url, **keys}
    await service.app.state.database.write(
        lambda c: c.execute(update(address).where(address.c.channel == "push").values(target=in_clear(target)))
    )
    return own, secret


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_a_browser_can_read_what_is_pushed_to_it(sending: Service, hook: Hook) -> None:
    own, secret = await browser(sending, hook, "cleo")
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    ((_, headers, body),) = hook.got
    told = json.loads(http_ece.decrypt(body, private_key=own, auth_secret=secret))
    assert told["title"] == "Reprieve: something to look at"
    assert "fever" not in str(told)
    key = (await sending("cleo", "GET", "/v1/push_key")).json()["key"]
    assert headers["authorization"].endswith(f"k={key}")
    assert Vapid02.verify(headers["authorization"])
    assert (headers["content-encoding"], len(headers["topic"]) <= 32) == ("aes128gcm", True)


async def test_a_browser_that_has_unsubscribed_is_forgotten(sending: Service, hook: Hook) -> None:
    await browser(sending, hook, "cleo")
    hook.answers = [(410, {})]
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    assert (await sending("cleo", "GET", "/v1/addresses")).json()["items"] == []


async def test_each_hears_of_what_she_asked_for_alone(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo", topics=["review.opened"])
    await confirmed_mail(sending, mailbox, "ada")
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    assert mailbox.got == []
    procedure = await sending.new_procedure()
    await sending("sam", "POST", f"/v1/procedures/{procedure}/reviews", json={})
    await send(sending)
    assert [m["To"] for m in mailbox.got] == ["cleo@example.org"]


async def test_whoever_does_something_is_not_told_of_it(sending: Service, mailbox: Mailbox) -> None:
    for who in ("cleo", "sam"):
        await confirmed_mail(sending, mailbox, who)
    procedure = await sending.new_procedure()
    await sending("sam", "POST", f"/v1/procedures/{procedure}/reviews", json={})
    await send(sending)
    assert [m["To"] for m in mailbox.got] == ["cleo@example.org"]


async def test_a_write_that_is_undone_tells_nobody(sending: Service, mailbox: Mailbox) -> None:
    await confirmed_mail(sending, mailbox, "cleo")
    refused = await sending.put("2026-05-02", 4, **FEVER)  # tomorrow
    assert refused.status_code == 422
    assert await send(sending) == 0


async def test_what_one_process_has_claimed_no_other_takes(sending: Service, hook: Hook, clock: Clock) -> None:
    await webhook(sending, hook)
    await sending.put("2026-05-01", 4, **FEVER)
    state = sending.app.state
    first = await state.database.write(lambda c: spread_and_claim(c, clock))
    assert len(first) == 1
    assert await send_due(state.database, state.settings, clock) == 0
    clock.now += timedelta(minutes=3)  # it died: the claim has run out
    await send(sending)
    assert len(hook.got) == 1
    async with state.database.read() as connection:
        row = (await connection.execute(select(delivery))).one()
    assert (row.state, row.attempts, row.id) == ("sent", 2, first[0].id)


async def spread_and_claim(connection: Any, clock: Clock) -> Any:

    await spread(connection, clock())
    return await claim(connection, clock())


async def test_what_was_sent_long_ago_is_forgotten(sending: Service, hook: Hook, clock: Clock) -> None:
    await webhook(sending, hook)
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    hook.answers = [(500, {})]
    await sending.put("2026-04-30", 4, **FEVER)
    await send(sending)
    for days, left in ((89, 2), (2, 1)):  # what still waits stays
        clock.now += timedelta(days=days)
        await work_once(sending.app.state.database, clock)
        async with sending.app.state.database.read() as connection:
            kinds = (await connection.execute(select(delivery.c.state))).scalars().all()
        assert len([kind for kind in kinds if kind in ("sent", "waiting")]) >= left
    assert list(kinds) == ["waiting"]
    await send(sending)
    times = Counter(headers["webhook-id"] for _, headers, _ in hook.got)
    assert max(times.values()) == 2


async def test_of_two_that_send_at_once_each_takes_its_own(sending: Service, hook: Hook, clock: Clock) -> None:
    await webhook(sending, hook)
    for day in range(1, 31):
        await sending.put(f"2026-04-{day:02d}", 4, **FEVER)
    state = sending.app.state
    other = Database(state.settings.url)
    while sum(await asyncio.gather(*(send_due(d, state.settings, clock) for d in (state.database, other)))):
        pass
    await other.close()
    ids = [headers["webhook-id"] for _, headers, _ in hook.got]
    assert (len(ids), len(set(ids))) == (30, 30)


def test_pauses_grow_and_differ() -> None:
    longest = [pause(n, lambda: 0.0) for n in range(1, MOST_ATTEMPTS)]
    assert longest[:3] == [30, 120, 480]
    assert max(longest) == 6 * 3600
    assert pause(1, lambda: 1.0) == 15
    assert 1.5 < sum(longest) / 86_400 < 3  # days that a receiver may be away
