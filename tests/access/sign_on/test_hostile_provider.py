"""A provider that answers what no provider should: a sentence for whoever sets it or signs in, and no 500."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from app.access.sign_on.provider import LONGEST
from tests.support import Service

pytestmark = pytest.mark.anyio
DOCUMENT = "/.well-known/openid-configuration"
Answers = dict[str, tuple[int, bytes, dict[str, str]]]


@contextmanager
def answering(make: Callable[[str], Answers]) -> Iterator[str]:
    """A server that gives each path its answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = answers.get(self.path, (404, b"", {}))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = f"http://127.0.0.1:{server.server_address[1]}"
    answers = make(issuer)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def about(issuer: str, /, **more: object) -> bytes:
    known: dict[str, object] = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/auth",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
    }
    return json.dumps({**known, **more}).encode()


def serving(keys: bytes = b'{"keys": []}', headers: dict[str, str] | None = None, **more: Any) -> Any:
    def make(issuer: str) -> Answers:
        return {DOCUMENT: (200, about(issuer, **more), {}), "/keys": (200, keys, headers or {})}

    return make


def packed(times: int) -> bytes:
    body = b'{"keys": []}' + b" " * 20_000_000
    for _ in range(times):
        body = gzip.compress(body)
    return body


BAD = {
    "an issuer of another": serving(issuer="https://login.example.org"),
    "no keys' address": serving(jwks_uri=None),
    "a port that is none": serving(jwks_uri="http://127.0.0.1:99999/keys"),
    "half an address": serving(jwks_uri="http://[bad/keys"),
    "a control character": serving(jwks_uri="http://127.0.0.1/\x01"),
    "a script to go to": serving(authorization_endpoint="javascript:alert(1)//"),
    "nowhere to redeem": serving(token_endpoint=7),
    "packed once": serving(packed(1), {"Content-Encoding": "gzip"}),
    "packed twice": serving(packed(2), {"Content-Encoding": "gzip, gzip"}),
    "too long": serving(b'{"keys": []}' + b" " * LONGEST),
    "too deep": serving(b"[" * 100_000),
    "keys that are none": serving(b'{"keys": [{"kty": "RSA", "n": 7}]}'),
    "a list": serving(b"[]"),
    "no JSON": serving(b"<html>"),
    "sent elsewhere": lambda issuer: {
        DOCUMENT: (302, b"", {"Location": f"{issuer}/x"}),
        "/x": (200, about(issuer), {}),
    },
    "an error": lambda issuer: {DOCUMENT: (500, about(issuer), {})},
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", BAD)
async def test_it_is_refused_when_it_is_set(service: Service, what: str) -> None:
    service.app.state.settings = service.app.state.settings.model_copy(update={"private_targets": True})
    with answering(BAD[what]) as issuer:
        answer = await service("root", "PUT", "/v1/clinic/provider", json={"issuer": issuer, "client_id": "reprieve"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/issuer"), answer.text
    assert ("is packed" in answer.text) == what.startswith("packed")
    assert (await service("root", "GET", "/v1/clinic/provider")).status_code == 404, "nothing is half set"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_one_that_is_right_is_taken(service: Service) -> None:
    """Without which the others would show nothing."""
    service.app.state.settings = service.app.state.settings.model_copy(update={"private_targets": True})
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "one"}
    with answering(serving(json.dumps({"keys": [key]}).encode())) as issuer:
        answer = await service("root", "PUT", "/v1/clinic/provider", json={"issuer": issuer, "client_id": "reprieve"})
        assert answer.status_code == 200, answer.text
        gone = await service("nobody", "GET", f"/clinic/sign-on/{service.clinic_id}")
        assert gone.headers["location"].startswith(f"{issuer}/auth?")


@pytest.mark.parametrize(
    "issuer", ["https://a.example:99999", "https://[bad", "https://a.example:1", "ftp://a.example"]
)
async def test_an_issuer_that_is_no_address_is_a_field_at_fault(service: Service, issuer: str) -> None:
    answer = await service("root", "PUT", "/v1/clinic/provider", json={"issuer": issuer, "client_id": "reprieve"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/issuer"), answer.text
