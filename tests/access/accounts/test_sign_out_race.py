"""A call that is under way while its owner signs out must not bring the token back into memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support import Service

pytestmark = pytest.mark.anyio


async def test_a_call_beside_the_sign_out_does_not_bring_the_token_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_ins, database, clock = (getattr(service.app.state, name) for name in ("sign_ins", "database", "clock"))
    token, write = service.tokens["cleo"], database.write

    async def asked_meanwhile(work: object) -> object:
        await sign_ins.who(token, clock())  # signed out by half: forgotten, and not yet deleted
        return await write(work)

    monkeypatch.setattr(database, "write", asked_meanwhile)
    await sign_ins.end(token)
    monkeypatch.undo()
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401


@pytest.mark.parametrize("by", ["sign-out", "erasure or a changed account"])
async def test_a_look_up_under_way_while_a_token_ends_is_not_remembered(
    service: Service, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """It has read the row already; the end comes before it would remember what it read."""
    sign_ins, database, clock = (getattr(service.app.state, name) for name in ("sign_ins", "database", "clock"))
    token, read = service.tokens["cleo"], database.read
    sign_ins.forget(service.clinic_id)

    @asynccontextmanager
    async def overtaken() -> AsyncIterator[AsyncConnection]:
        async with read() as connection:
            yield connection
        monkeypatch.undo()
        if by == "sign-out":
            await sign_ins.end(token)
        else:
            sign_ins.forget(service.clinic_id)

    monkeypatch.setattr(database, "read", overtaken)
    await sign_ins.who(token, clock())
    assert len(sign_ins._known) == 0
