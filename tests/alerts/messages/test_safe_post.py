"""A POST to a host that somebody else named: over TLS to whom the name says, to public hosts alone, and no redirects."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.alerts.messages import safe_post
from app.alerts.messages.safe_post import NotDelivered
from app.base.http import outgoing
from tests.alerts.messages.receivers import Hook, web_server

pytestmark = pytest.mark.anyio


def certificate(folder: Path, name: str) -> Path:
    """A key and a certificate of its own signing for a name, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture(params=["localhost", "elsewhere.example"])
def secure(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Hook]]:
    """A server on localhost whose certificate is trusted here, and is for one name or the other."""
    path = certificate(tmp_path, request.param)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    trusting = ssl.create_default_context(cafile=str(path))
    monkeypatch.setattr(outgoing, "tls", lambda: trusting)
    with web_server(context) as hook:
        yield request.param, hook


async def test_the_certificate_must_be_the_names(secure: tuple[str, Hook]) -> None:
    name, hook = secure
    if name == "localhost":
        await safe_post.send(hook.url, b"{}", headers={}, private=True)
        assert hook.got[0][1]["host"] == hook.url.split("/")[2]
    else:
        with pytest.raises(NotDelivered, match="ConnectError"):
            await safe_post.send(hook.url, b"{}", headers={}, private=True)
        assert hook.got == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"],
)
async def test_a_host_that_is_not_public_is_not_reached(host: str) -> None:
    with pytest.raises(NotDelivered) as caught:
        await safe_post.send(f"http://{host}:9/hook", b"{}", headers={}, private=False)
    assert caught.value.final
    assert str(caught.value) == "the host is not a public one"


async def test_a_host_that_nobody_knows_is_tried_again() -> None:
    with pytest.raises(NotDelivered, match="not known") as caught:
        await safe_post.send("https://no-such-host.invalid/", b"{}", headers={}, private=False)
    assert not caught.value.final


async def test_a_redirect_is_not_followed() -> None:
    with web_server() as hook:
        hook.answers = [(302, {"Location": "http://127.0.0.1:1/"})]
        with pytest.raises(NotDelivered, match="answered 302"):
            await safe_post.send(hook.url, b"{}", headers={}, private=True)
        assert len(hook.got) == 1


async def test_nobody_there() -> None:
    with pytest.raises(NotDelivered, match="no answer"):
        await safe_post.send("http://127.0.0.1:9/hook", b"{}", headers={}, private=True)
