"""What never comes, and whether the database takes a write."""

import asyncio
import sqlite3
import time
from typing import Any

import pytest
from sqlalchemy import make_url

from app.base.http import middleware
from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_a_body_that_drips_is_408_and_the_line_is_closed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.3)
    sent: list[dict[str, Any]] = []

    async def drip() -> dict[str, Any]:
        await asyncio.sleep(0.1)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {service.tokens['ada']}".encode()), (b"content-type", b"application/json")]
    path = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }
    begun = time.monotonic()
    await service.app(scope, drip, send)
    assert time.monotonic() - begun < 3
    assert sent[0]["status"] == 408
    assert dict(sent[0]["headers"])[b"connection"] == b"close"


async def test_readyz_says_no_while_the_database_takes_no_write(service: Service) -> None:
    assert (await service("nobody", "GET", "/readyz")).status_code == 200
    url = make_url(str(service.app.state.settings.url))
    if url.get_backend_name() != "sqlite":
        return  # a lock on the whole database is one of SQLite's
    held = await asyncio.to_thread(sqlite3.connect, str(url.database), isolation_level=None, check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")
    await asyncio.sleep(1.1)  # the answer of just now holds for a second
    begun = time.monotonic()
    answers = await asyncio.gather(*(service("nobody", "GET", "/readyz") for _ in range(20)))
    assert {one.status_code for one in answers} == {503}
    assert time.monotonic() - begun < 2
    assert (await service("nobody", "GET", "/healthz")).status_code == 200
    held.execute("ROLLBACK")
    held.close()
    for _ in range(100):
        if (await service("nobody", "GET", "/readyz")).status_code == 200:
            break
        await asyncio.sleep(0.1)
    assert (await service("nobody", "GET", "/readyz")).status_code == 200
