"""What is asked of a provider: where it does what, its keys, and a token for a code (OpenID Connect Core 1.0, section 3.1).

Its addresses are those of its own document, which is read where its issuer says and must name the same issuer. They are
called as any address that somebody else named (`base/http/outgoing.py`), and hold as long for a clinic as `FRESH`.
"""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import cast
from urllib.parse import quote_plus, urlencode
from uuid import UUID

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from app.base.http import outgoing
from app.base.http.outgoing import NoAnswer
from app.base.http.wire import JsonObject
from app.base.memory import ClinicMemory

FRESH, ASKS_AGAIN = 600.0, 30.0  # seconds that a document holds, and between looks at keys for one that is not there
LONGEST = 200_000  # bytes of a document
LEEWAY = 120  # seconds that clocks may differ
ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]  # none that a shared secret could forge
SCOPE = "openid profile email"


class ProviderFault(Exception):
    """The provider can't be used, or what it says is not to be believed; the message is for whoever signs in."""


@dataclass(frozen=True)
class Client:
    """How the service is known to a clinic's provider."""

    clinic_id: UUID
    issuer: str
    client_id: str
    client_secret: str | None
    redirect_uri: str
    private: bool


@dataclass(frozen=True)
class Documents:
    """A provider's own description and its keys, and when they were read."""

    about: JsonObject
    keys: KeySet
    read_at: float

    def address(self, name: str) -> str:
        """One of its addresses."""
        value = self.about.get(name)
        if not isinstance(value, str):
            raise ProviderFault(f"The provider's document names no {name}.")
        return value


_documents: ClinicMemory[str, Documents] = ClinicMemory(500)
_failed: ClinicMemory[str, tuple[str, float]] = ClinicMemory(500)


async def documents(client: Client, *, again: bool = False) -> Documents:
    """The provider's documents, read now or a short time ago.

    Raises:
        ProviderFault: they can't be had, or name another issuer.
    """
    held = _documents.get(client.clinic_id, client.issuer)
    if held is not None and monotonic() - held.read_at < (ASKS_AGAIN if again else FRESH):
        return held
    failed = _failed.get(client.clinic_id, client.issuer)
    if failed is not None and monotonic() - failed[1] < ASKS_AGAIN and not again:
        raise ProviderFault(failed[0])
    try:
        return await _read(client)
    except ProviderFault as fault:
        _failed.put(client.clinic_id, client.issuer, (str(fault), monotonic()))
        raise


async def _read(client: Client) -> Documents:
    about = await _json(client, f"{client.issuer.rstrip('/')}/.well-known/openid-configuration")
    if about.get("issuer") != client.issuer:
        raise ProviderFault("The provider's document is of another issuer.")
    keys = await _json(client, str(about.get("jwks_uri")))
    try:
        made = Documents(about, KeySet.import_key_set(cast(KeySetSerialization, keys)), monotonic())
        for name in ("authorization_endpoint", "token_endpoint"):
            _check_address(client, made.address(name))
    except (JoseError, ValueError, KeyError, TypeError):
        raise ProviderFault("The provider's keys can't be read.") from None
    _documents.put(client.clinic_id, client.issuer, made)
    return made


async def address_to_ask(client: Client, *, state: str, nonce: str, verifier: str) -> str:
    """Where a browser is sent to sign in."""
    known = await documents(client)
    return cast(
        str,
        prepare_grant_uri(
            known.address("authorization_endpoint"),
            client.client_id,
            "code",
            client.redirect_uri,
            SCOPE,
            state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        ),
    )


async def redeem(client: Client, code: str, *, verifier: str, nonce: str) -> JsonObject:
    """The claims about whoever signed in, for a code that their browser brought.

    Raises:
        ProviderFault: the code is not taken, or the token is not for this service, this sign-in and this time.
    """
    known = await documents(client)
    body = prepare_token_request("authorization_code", "", client.redirect_uri, code=code, code_verifier=verifier)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if client.client_secret is None:
        body += "&" + urlencode({"client_id": client.client_id})
    elif "client_secret_post" in _methods(known) and "client_secret_basic" not in _methods(known):
        body += "&" + urlencode({"client_id": client.client_id, "client_secret": client.client_secret})
    else:
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    told = await _json(client, known.address("token_endpoint"), body=body.encode(), headers=headers)
    token = told.get("id_token")
    if not isinstance(token, str):
        raise ProviderFault("The provider gave no identity token.")
    try:
        return _claims(client, token, keys=known.keys, nonce=nonce)
    except _UnknownKey:  # it may have changed its keys
        return _claims(client, token, keys=(await documents(client, again=True)).keys, nonce=nonce)


class _UnknownKey(ProviderFault):
    """The token is signed with none of the keys that are known."""


def _methods(known: Documents) -> list[object]:
    given = known.about.get("token_endpoint_auth_methods_supported")
    return list(given) if isinstance(given, list) else ["client_secret_basic"]


def _claims(client: Client, token: str, *, keys: KeySet, nonce: str) -> JsonObject:
    try:
        found = jwt.decode(token, keys, algorithms=ALGORITHMS)
    except (JoseError, ValueError, KeyError, TypeError):
        raise _UnknownKey("The identity token is not signed by the provider.") from None
    options = {
        "iss": {"essential": True, "value": client.issuer},
        "sub": {"essential": True},
        "aud": {"essential": True, "value": client.client_id},
        "exp": {"essential": True},
        "nonce": {"essential": True, "value": nonce},
    }
    claims = CodeIDToken(found.claims, found.header, options, {"client_id": client.client_id, "nonce": nonce})
    try:
        claims.validate(leeway=LEEWAY)
    except Exception as error:  # the library's own kinds have no common name here
        raise ProviderFault(f"The identity token is not for this sign-in ({type(error).__name__}).") from None
    return dict(claims)


def _check_address(client: Client, url: str) -> None:
    if (fault := outgoing.fault_of(url, client.private)) is not None:
        raise ProviderFault(f"An address of the provider {fault}.")


async def _json(
    client: Client, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> JsonObject:
    method = "GET" if body is None else "POST"
    named = headers or {"Accept": "application/json"}
    _check_address(client, url)
    try:
        async with asyncio.timeout(outgoing.TIMEOUT):
            answer = await outgoing.call(method, url, body=body, headers=named, private=client.private, reads=LONGEST)
    except TimeoutError:
        raise ProviderFault("The provider does not answer.") from None
    except NoAnswer as error:
        raise ProviderFault(f"The provider can't be reached: {error}.") from None
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ProviderFault(f"The provider answered {answer.status}, and nothing that can be read.") from None
    if answer.status != 200 or not isinstance(found, dict):
        raise ProviderFault(f"The provider answered {answer.status}.")
    return found
