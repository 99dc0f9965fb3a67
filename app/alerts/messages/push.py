"""Web Push (RFC 8030): encrypted for the browser (RFC 8291), signed with the service's own key (RFC 8292)."""

import base64
import json
import os
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from app.alerts.messages import safe_post
from app.alerts.messages.texts import Text

KEPT_FOR = timedelta(days=3)  # how long the push service holds it for a browser that is off
AT_HOME = (".localhost", ".local", ".localdomain", ".internal", ".invalid", ".lan", ".home", ".home.arpa")
SIGNED_FOR = timedelta(hours=12)


def plain(text: Text, delivery_id: UUID) -> bytes:
    """What the browser gets: the title, the first paragraph and an id to drop repeats by."""
    body = {"id": str(delivery_id), "title": text.subject, "body": text.body.partition("\n\n")[0]}
    return json.dumps(body, ensure_ascii=False).encode()


def encrypt(content: bytes, keys: dict[str, str]) -> bytes:
    """Encrypts the content for one browser.

    Args:
        keys: its `p256dh` and `auth`, as the browser gave them.
    """
    own = ec.generate_private_key(ec.SECP256R1())
    return bytes(
        http_ece.encrypt(
            content,
            salt=os.urandom(16),
            private_key=own,
            dh=unbase64(keys["p256dh"]),
            auth_secret=unbase64(keys["auth"]),
        )
    )


@cache
def signer(key: str) -> Vapid02:
    """The service's key: a P-256 private key, base64 of its 32 bytes or of its DER.

    Raises:
        ValueError: the text is not such a key.
    """
    try:
        return Vapid02.from_string(key)
    except Exception:  # the library raises what its parser happens to
        raise ValueError("not a P-256 private key in base64; make one with: reprieve push-key") from None


def is_contact(mail: str) -> bool:
    """Whether a push service could write to an address: one vendor refuses every message of a sender that it can't reach."""
    domain = mail.rpartition("@")[2].lower().rstrip(".")
    return "." in domain and not domain.endswith(AT_HOME) and not domain.replace(".", "").isdigit()


def public_key(key: str) -> str:
    """What a browser asks for when it subscribes: `applicationServerKey`."""
    point = signer(key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


async def send(
    target: dict[str, str], content: bytes, *, key: str, contact: str, delivery_id: UUID, private: bool, now: datetime
) -> None:
    """Hands a message to the push service of a browser; a repeat replaces the one that waits there (`Topic`).

    Raises:
        NotDelivered: `gone` where the browser has ended its subscription.
    """
    parts = urlsplit(target["endpoint"])
    claims = {"sub": contact, "aud": f"{parts.scheme}://{parts.netloc}", "exp": int((now + SIGNED_FOR).timestamp())}
    headers = {
        **signer(key).sign(claims),
        "Content-Encoding": "aes128gcm",
        "TTL": str(int(KEPT_FOR.total_seconds())),
        "Topic": base64.urlsafe_b64encode(delivery_id.bytes).rstrip(b"=").decode(),
    }
    await safe_post.send(target["endpoint"], encrypt(content, target), headers=headers, private=private)


def unbase64(text: str) -> bytes:
    """Bytes from base64 as browsers write it.

    Raises:
        ValueError: not base64.
    """
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
