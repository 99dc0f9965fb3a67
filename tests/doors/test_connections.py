"""What never comes, over real connections: half a head, half a body, one connection too many; and who is served beside."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn

from app.base.http import middleware
from app.doors import protocol
from app.doors.protocol import LimitedProtocol
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_open: list[asyncio.StreamWriter] = []


@asynccontextmanager
async def listening(service: Service) -> AsyncIterator[int]:
    """The service behind its own protocol, on a port."""
    server = uvicorn.Server(
        uvicorn.Config(service.app, port=0, http=LimitedProtocol, lifespan="off", ws="none", log_config=None)
    )
    serving = asyncio.create_task(server.serve())
    for _ in range(3000):
        if not server.started:
            await asyncio.sleep(0.01)
    yield int(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = server.force_exit = True
    for writer in _open:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    _open.clear()
    await serving


async def opened(port: int, sent: bytes = b"") -> Line:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    _open.append(writer)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def rest(line: Line) -> bytes:
    """What comes until the server closes; the test fails where it never does."""
    with suppress(ConnectionError):
        return await asyncio.wait_for(line[0].read(), 30)
    return b""


async def is_served(line: Line) -> bool:
    line[1].write(HEALTH)
    head = await asyncio.wait_for(line[0].readuntil(b"\r\n\r\n"), 30)
    await line[0].readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
    return head.startswith(b"HTTP/1.1 200")


async def test_half_a_head_is_closed_and_a_call_beside_is_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 1.0)
    async with listening(service) as port:
        used = await opened(port)
        assert await is_served(used)
        halves = [await opened(port, sent) for sent in (b"", b"GET", HEALTH[:-2], b"GET / HTTP/1.1\r\nX: y\r\n")]
        used[1].write(b"GET /hea")  # the head of a further call on a line that was good before
        assert await is_served(await opened(port))
        assert [await rest(line) for line in (*halves, used)] == [b""] * 5
        assert await is_served(await opened(port))


async def test_a_connection_too_many_is_closed_and_those_before_it_are_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 4)
    async with listening(service) as port:
        first = [await opened(port) for _ in range(4)]
        assert await is_served(first[0])
        assert [await rest(await opened(port, HEALTH)) for _ in range(3)] == [b""] * 3
        assert await is_served(first[1])
        first[2][1].close()
        await first[2][1].wait_closed()
        await asyncio.sleep(0.2)
        assert await is_served(await opened(port))


async def test_half_a_body_is_answered_and_closed_and_a_call_beside_is_served(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "BODY_SECONDS", 1.0)
    body = json.dumps(entry(4)).encode()
    head = (
        f"PUT /v1/patients/{service.ada_id}/diary/2026-04-30 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    )
    head += f"Authorization: Bearer {service.tokens['ada']}\r\nContent-Length: {len(body)}\r\n\r\n"
    async with listening(service) as port:
        halves = [await opened(port, head.encode() + body[:cut]) for cut in (0, 1, len(body) - 1)]
        assert await is_served(await opened(port))
        answers = [await rest(line) for line in halves]
        assert [one.split(b"\r\n")[0] for one in answers] == [b"HTTP/1.1 408 Request Timeout"] * 3
        assert all(b"application/problem+json" in one for one in answers)
    assert (await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30")).status_code == 404
