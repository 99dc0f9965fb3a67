"""A call that is under way while its owner signs out must not bring the token back into memory."""

import pytest

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
