"""Webhooks, signed as the Standard Webhooks specification has it, so that receivers find a library in their language."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.alerts.messages import safe_post

PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret: 32 bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, delivery_id: UUID, *, at: int, body: bytes) -> str:
    """The signature of a body: HMAC-SHA256 over id, instant and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{delivery_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


async def send(
    target: dict[str, str], content: Mapping[str, object], *, delivery_id: UUID, private: bool, now: datetime
) -> None:
    """Posts what has happened; `webhook-id` is the same each time, for the receiver to drop repeats by.

    Raises:
        NotDelivered: says what went wrong.
    """
    body, at = json.dumps(content, ensure_ascii=False).encode(), int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": str(delivery_id),
        "webhook-timestamp": str(at),
        "webhook-signature": sign(target["secret"], delivery_id, at=at, body=body),
    }
    await safe_post.send(target["url"], body, headers=headers, private=private)
