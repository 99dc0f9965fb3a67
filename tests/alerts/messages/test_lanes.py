"""Each target has a lane of its own and each attempt a time limit: a bad receiver holds up nobody but itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.alerts.messages import safe_post, sending
from app.alerts.messages.safe_post import NotDelivered
from app.alerts.messages.sending import Lanes
from app.base.http.outgoing import TIMEOUT, fault_of, is_public
from tests.alerts.messages.conftest import webhook
from tests.alerts.messages.receivers import Hook
from tests.support import Service

pytestmark = pytest.mark.anyio
HIDDEN = [
    "64:ff9b::808:808",  # NAT64
    "2002:7f00:1::",  # 6to4
    "::8.8.8.8",  # IPv4-compatible
    "::ffff:10.0.0.1",
    "fec0::1",  # site-local
    "ff0e::1",  # multicast
    "224.0.0.1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",  # Teredo
    "3fff::1",
    "192.88.99.1",
    "192.0.0.8",
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "fe80::1%eth0",
]


@pytest.mark.parametrize("address", HIDDEN)
def test_an_address_in_disguise_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_host_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ["https://example.org:22/", "https://example.org:6379/", "http://example.org/"])
def test_odd_ports_are_refused_at_the_door(url: str) -> None:
    assert fault_of(url, private=False) is not None
    assert fault_of(url, private=True) is None


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "LOCALHOST",
        "hooks.localhost",
        "metadata.google.internal",
        "printer.local",
        "127.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0xa9fea9fe",
        "10.1",
    ],
)
def test_a_host_at_home_is_refused_at_the_door_however_it_is_spelt(host: str) -> None:
    assert fault_of(f"https://{host}/hook", private=False) == "is not a public host"
    assert fault_of(f"https://{host}/hook", private=True) is None


@pytest.mark.parametrize("host", ["ehr.example.org", "localhost.example.org", "8.8.8.8", "internal.example.org"])
def test_a_public_name_is_taken(host: str) -> None:
    assert fault_of(f"https://{host}/hook", private=False) is None


@asynccontextmanager
async def receiver(answer: bytes, every: float) -> AsyncIterator[str]:
    """A server that gives an answer byte by byte, with a pause before each; an empty one is silent."""

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not answer:
                await asyncio.Event().wait()
            for byte in answer:
                await asyncio.sleep(every)
                writer.write(bytes([byte]))
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 204 No Content\r\n\r\n", b""], ids=["dripping", "silent"])
async def test_an_attempt_has_one_total_deadline(answer: bytes) -> None:
    async with receiver(answer, 0.05) as url:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await safe_post.send(url, b"{}", headers={}, private=True)


@pytest.mark.parametrize("status", sorted(safe_post.FINAL))
async def test_what_would_be_refused_again_is_final(status: int) -> None:
    async with receiver(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode(), 0) as url:
        with pytest.raises(NotDelivered) as caught:
            await safe_post.send(url, b"{}", headers={}, private=True)
    assert caught.value.final


def test_a_claim_outlives_the_longest_attempt() -> None:
    assert sending.CLAIM.total_seconds() > 4 * TIMEOUT


async def test_bad_receivers_hold_up_themselves_alone(
    sending: Service, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a dripping, a silent, an endless and a refusing receiver, a healthy one gets its messages as if alone."""
    monkeypatch.setattr("app.alerts.messages.sending.TIMEOUT", 4.0)
    state = sending.app.state
    endless = b"HTTP/1.1 204 No Content\r\n" + b"X-More: " + b"a" * 100_000
    async with (
        receiver(b"HTTP/1.1 204 No\r\n\r\n", 0.2) as drips,
        receiver(b"", 1) as silent,
        receiver(endless, 0.001) as ends,
    ):
        for url in (drips, silent, ends, "http://127.0.0.1:9/refuses"):
            made = await sending("root", "POST", "/v1/webhooks", json={"url": url})
            assert made.status_code == 201, made.text
        await webhook(sending, hook)
        await sending.put("2026-05-01", 4, side_effects=[{"kind": "fever", "severity": 2}])
        await sending.put("2026-04-30", 4, side_effects=[{"kind": "fever", "severity": 2}])
        lanes = Lanes(state.database, state.settings, state.clock)
        begun = time.monotonic()
        await lanes.begin()
        while len(hook.got) < 2:
            assert time.monotonic() - begun < 3.9, "the healthy one waited for another"
            await asyncio.sleep(0.02)
        assert len(lanes.busy) >= 3, "the others are at it still"
        while lanes.busy:
            assert time.monotonic() - begun < 16
            await asyncio.sleep(0.05)
        await lanes.close()
    found = (await sending("root", "GET", "/v1/deliveries")).json()["items"]
    assert sorted({one["state"] for one in found}) == ["sent", "waiting"]
