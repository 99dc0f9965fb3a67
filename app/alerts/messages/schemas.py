"""Addresses, webhooks and deliveries on the wire."""

from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from app.alerts.messages.outbox import Topic
from app.alerts.messages.push import unbase64
from app.base.http.wire import Instant, JsonObject, Line, MailAddress, Wire

Channel = Literal["email", "push", "webhook"]
Topics = Annotated[list[Topic], Field(max_length=20)]


def _web(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or "@" in parts.netloc or parts.fragment:
        raise ValueError("must be an https address, without a name and password in it")
    return value


def _https(value: str) -> str:
    if not value.startswith("https://"):
        raise ValueError("must be an https address")
    return value


def _point(value: str) -> str:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unbase64(value))
    except ValueError:
        raise ValueError("is no public key as a browser gives it") from None
    return value


def _sixteen(value: str) -> str:
    try:
        found = unbase64(value)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise ValueError("is no secret as a browser gives it")
    return value


Web = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[\x21-\x7e]+$"), AfterValidator(_web)]
Https = Annotated[Web, AfterValidator(_https)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=20)]


class PushKeys(Wire):
    """The keys of a browser's push subscription."""

    p256dh: Annotated[str, StringConstraints(max_length=200), AfterValidator(_point)]
    auth: Annotated[str, StringConstraints(max_length=50), AfterValidator(_sixteen)]


class EmailIn(Wire):
    """A mail address of the caller's own; a code is sent to it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"channel": "email", "email": "ada@example.org", "locale": "de"}}
    )

    channel: Literal["email"]
    email: MailAddress
    password: Annotated[SecretStr, Field(max_length=1000)] | None = Field(
        default=None, description="the account's own; with it a code for a forgotten password can be mailed here"
    )
    locale: Locale = Field(default="en", description="language of the texts: en, de or fr; English for others")
    topics: Topics | None = Field(default=None, description="topics sent there; all of the account's if left out")


class PushIn(Wire):
    """A browser of the caller's own, as `PushManager.subscribe` describes it."""

    channel: Literal["push"]
    endpoint: Https
    keys: PushKeys
    locale: Locale = "en"
    topics: Topics | None = None


AddressIn = Annotated[EmailIn | PushIn, Field(discriminator="channel")]


class AddressOut(BaseModel):
    """An address that messages go to."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000021",
                "channel": "email",
                "shown": "ada@example.org",
                "locale": "de",
                "topics": None,
                "confirmed": False,
                "created_at": "2026-05-01T08:30:00.000+00:00",
            }
        }
    )

    id: UUID
    channel: Channel
    shown: str = Field(description="the mail address, the host of the push service, or the webhook's address")
    locale: str
    topics: list[str] | None
    confirmed: bool = Field(description="nothing is sent to a mail address before its owner has sent the code back")
    created_at: Instant


class CodeIn(Wire):
    """The code that was mailed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"code": "K7Q2-M4XD"}})

    code: Line


class WebhookIn(Wire):
    """A system of the clinic that gets messages as signed POSTs."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"url": "https://ehr.example.org/hooks/reprieve", "topics": ["flag.raised"]}},
    )

    url: Web = Field(description="https; http too where the service allows hosts that are not public")
    topics: Topics | None = Field(default=None, description="topics sent there; all if left out")


class WebhookOut(AddressOut):
    """A webhook; the secret is shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0199a3c4-7d00-7a00-8000-000000000022",
                "channel": "webhook",
                "shown": "https://ehr.example.org/hooks/reprieve",
                "locale": "en",
                "topics": ["flag.raised"],
                "confirmed": True,
                "created_at": "2026-05-01T08:30:00.000+00:00",
                "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw…",
            }
        }
    )

    secret: str | None = Field(default=None, description="signs each body (standardwebhooks.com); shown once")


class PushKeyOut(BaseModel):
    """The key that a browser subscribes with; null where this service sends no Web Push."""

    model_config = ConfigDict(json_schema_extra={"example": {"key": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQ…"}})

    key: str | None


def _delivery() -> JsonObject:
    return {
        "id": "0199a3c4-7d00-7a00-8000-000000000023",
        "topic": "flag.raised",
        "channel": "webhook",
        "state": "dead",
        "attempts": 12,
        "due_at": "2026-05-03T08:30:00.000+00:00",
        "fault": "answered 500",
        "sent_at": None,
        "created_at": "2026-05-01T08:30:00.000+00:00",
    }


class DeliveryOut(BaseModel):
    """One message to one address, and its state; it contains no name and no address."""

    model_config = ConfigDict(json_schema_extra={"example": _delivery()})

    id: UUID = Field(description="the receiver drops repeats by it: `webhook-id`, or the mail's Message-ID")
    topic: str
    channel: Channel
    state: Literal["waiting", "sent", "dead"]
    attempts: int
    due_at: Instant
    fault: str | None = Field(description="why the last attempt failed")
    sent_at: Instant | None
    created_at: Instant


class ForgottenIn(Wire):
    """The name that somebody signs in with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"username": "ada"}})

    username: Line


class ForgottenOut(BaseModel):
    """What is said to everybody."""

    model_config = ConfigDict(json_schema_extra={"example": {"says": "If there is ..."}})

    says: str = "If the name is an account's with a confirmed mail address, a code is on its way there."
