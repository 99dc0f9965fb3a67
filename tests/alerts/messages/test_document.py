"""The page on messages is true: its code verifies what is sent, and its table has every topic."""

import re
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import pytest

from app.alerts.messages.outbox import KEPT_FOR, Topic
from app.alerts.messages.sending import MOST_ATTEMPTS, pause
from app.alerts.messages.webhook import new_secret, sign
from app.base.http.outgoing import TIMEOUT

PAGE = (Path(__file__).parents[3] / "docs" / "messages.md").read_text()


def test_its_code_tells_a_true_body_from_a_false_one() -> None:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    named: dict[str, Any] = {}
    exec(found[1], named)
    secret, one, body = new_secret(), uuid4(), b'{"type": "flag.raised"}'
    headers = {
        "webhook-id": str(one),
        "webhook-timestamp": "1777636800",
        "webhook-signature": sign(secret, one, at=1777636800, body=body),
    }
    assert named["verified"](secret, headers, body) == {"type": "flag.raised"}
    with pytest.raises(ValueError, match="not from Reprieve"):
        named["verified"](new_secret(), headers, body)


def test_its_table_has_every_topic() -> None:
    table = PAGE[PAGE.index("| topic") : PAGE.index("A clinic's webhooks")]
    topics = r"`((?:flag|review|appointment|slot|waiting|patient|diary|address|account)\.\w+)`"
    assert set(re.findall(topics, table)) == set(get_args(Topic))


def test_its_numbers_are_those_of_the_code() -> None:
    assert f"within {TIMEOUT:.0f} seconds" in PAGE
    assert f"after {KEPT_FOR.days} days" in PAGE
    assert MOST_ATTEMPTS == 12
    assert [round(pause(n, lambda: 0.0) / 60, 1) for n in range(1, 7)] == [0.5, 2, 8, 32, 128, 360]
