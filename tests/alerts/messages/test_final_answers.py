"""Answers of push services and webhooks that are final, and those that ask for patience."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.alerts.messages.push import is_contact
from app.alerts.messages.safe_post import NotDelivered
from tests.alerts.messages.conftest import send, webhook
from tests.alerts.messages.receivers import Hook
from tests.alerts.messages.test_sending import FEVER, browser, deliveries
from tests.commands import reprieve
from tests.conftest import Clock
from tests.support import Service

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.anyio
@pytest.mark.parametrize("status", [401, 403, 413])
async def test_an_answer_that_will_not_change_is_final(sending: Service, hook: Hook, status: int) -> None:
    await browser(sending, hook, "cleo")
    hook.answers = [(status, {})]
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    (dead,) = await deliveries(sending, "state=dead")
    assert (dead["fault"], dead["attempts"]) == (f"answered {status}", 1)


@pytest.mark.anyio
async def test_a_date_to_try_again_is_heeded(sending: Service, hook: Hook, clock: Clock) -> None:
    await webhook(sending, hook)
    later = (clock.now + timedelta(minutes=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    hook.answers = [(503, {"Retry-After": later}), (204, {})]
    await sending.put("2026-05-01", 4, **FEVER)
    await send(sending)
    clock.now += timedelta(minutes=89)
    assert await send(sending) == 0
    clock.now += timedelta(minutes=2)
    await send(sending)
    assert len(hook.got) == 2


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("120", 120),
        ("Fri, 01 May 2026 12:02:00 GMT", 120),
        ("Fri, 01 May 2099 00:00:00 GMT", 86_400),
        ("9" * 300, 86_400),
        ("Fri, 01 May 2020 00:00:00 GMT", 0),
    ],
)
def test_retry_after_in_both_forms(asked: str, seconds: int) -> None:
    assert NotDelivered("busy", retry_after=asked).again_at(NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("asked", ["", "soon", "-5", "1.5", "Fri, 99 May 2026"])
def test_retry_after_that_says_nothing(asked: str) -> None:
    assert NotDelivered("busy", retry_after=asked).again_at(NOW) is None


def test_a_push_key_needs_a_contact(tmp_path: Path) -> None:
    assert [is_contact(m) for m in ("a@clinic.ch", "reprieve@localhost", "a@host.local", "a@10.0.0.1")] == [
        True,
        False,
        False,
        False,
    ]
    key = reprieve("push-key").stdout.strip()
    done = reprieve("serve", "--migrate", url=f"sqlite:///{tmp_path}/new.db", REPRIEVE_PUSH_KEY=key)
    assert (done.returncode, "set REPRIEVE_MAIL_FROM" in done.stderr, key in done.stderr) == (2, True, False)
