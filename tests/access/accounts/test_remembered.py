"""A sign-in is remembered for a few seconds, and never past its end: neither its own, nor the memory's, nor signing out."""

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import delete, update

from app.access.accounts.service import REMEMBER, SignIns, sign_in
from app.base.http.problems import Problem
from tests.conftest import Clock
from tests.support import PASSWORD, Service

pytestmark = pytest.mark.anyio
TICK = timedelta(milliseconds=1)  # that the clock of the tests moves on with each call


async def status(service: Service, at: datetime, who: str = "cleo") -> int:
    """What a call answers that is made at an instant."""
    service.app.state.clock.now = at - TICK
    answer = await service(who, "GET", "/v1/me")
    assert service.app.state.clock.now >= at
    return answer.status_code


async def lasting(service: Service, span: timedelta) -> datetime:
    """A token of cleo's that ends after so long; answers when."""
    now = service.app.state.clock()
    ends: datetime = now + span
    service.tokens["cleo"] = (await service.app.state.sign_ins.issue(*service.accounts["cleo"], now)).token
    async with service.app.state.database.engine.begin() as connection:
        hers = sign_in.c.account_id == service.accounts["cleo"][1]
        await connection.execute(update(sign_in).where(hers).values(expires_at=ends))
    return ends


async def forgotten_by_the_store(service: Service) -> None:
    """Another process signs everybody out: what is still honoured is what this one remembers."""
    async with service.app.state.database.engine.begin() as connection:
        await connection.execute(delete(sign_in))


async def test_a_remembered_token_ends_when_the_token_does(service: Service) -> None:
    ends = await lasting(service, timedelta(seconds=2))
    assert await status(service, ends - timedelta(seconds=1)) == 200
    assert await status(service, ends - TICK) == 200, "remembered, and good to the last"
    assert await status(service, ends + 2 * TICK) == 401
    assert await status(service, ends + timedelta(seconds=4)) == 401


async def test_a_token_that_was_never_looked_up_ends_at_the_same_instant(service: Service) -> None:
    ends = await lasting(service, timedelta(hours=1))
    assert await status(service, ends + TICK) == 401
    ends = await lasting(service, timedelta(hours=1))
    assert await status(service, ends - TICK) == 200


async def test_a_long_token_is_remembered_for_five_seconds_and_no_longer(service: Service) -> None:
    begun = await lasting(service, timedelta(hours=1)) - timedelta(minutes=59)
    assert await status(service, begun) == 200
    await forgotten_by_the_store(service)
    assert timedelta(seconds=5) == REMEMBER
    assert await status(service, begun + REMEMBER - timedelta(milliseconds=50)) == 200
    assert await status(service, begun + REMEMBER + timedelta(milliseconds=50)) == 401


async def test_calls_in_between_do_not_make_the_memory_longer(service: Service) -> None:
    begun = await lasting(service, timedelta(hours=1)) - timedelta(minutes=59)
    assert await status(service, begun) == 200
    await forgotten_by_the_store(service)
    said = [await status(service, begun + timedelta(seconds=seconds)) for seconds in (2, 4, 4.9, 5.1, 6)]
    assert said == [200, 200, 200, 401, 401]


async def test_signing_out_forgets_the_token_in_this_process(service: Service) -> None:
    begun = await lasting(service, timedelta(hours=1)) - timedelta(minutes=59)
    assert await status(service, begun) == 200
    assert (await service("cleo", "DELETE", "/v1/token")).status_code == 204
    assert await status(service, begun + timedelta(milliseconds=20)) == 401
    assert (await service("cleo", "DELETE", "/v1/token")).status_code == 401


async def test_signing_out_ends_one_token_and_no_other(service: Service) -> None:
    first = service.tokens["cleo"]
    await service.sign_in_again("cleo")
    second = service.tokens["cleo"]
    for token in (first, second):
        service.tokens["cleo"] = token
        assert (await service("cleo", "GET", "/v1/me")).status_code == 200
    service.tokens["cleo"] = first
    await service("cleo", "DELETE", "/v1/token")
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    service.tokens["cleo"] = second
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200


async def test_a_token_is_remembered_as_its_own_account(service: Service) -> None:
    for _ in range(2):
        for who in ("cleo", "sam", "root", "other", "ada"):
            me = (await service(who, "GET", "/v1/me")).json()
            assert me["account_id"] == str(service.accounts[who][1])


async def test_a_wrong_token_is_never_remembered(service: Service) -> None:
    good = service.tokens["cleo"]
    service.tokens["cleo"] = good[:-1] + ("A" if good[-1] != "A" else "B")
    for _ in range(2):
        assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    assert service.app.state.sign_ins._known.get(sha256(service.tokens["cleo"].encode()).hexdigest()) is None
    service.tokens["cleo"] = good
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200
    assert service.app.state.sign_ins._known.get(sha256(good.encode()).hexdigest()) is not None


async def test_a_fresh_token_lasts_as_long_as_the_settings_say(service: Service, clock: Clock) -> None:
    sign_ins = SignIns(service.app.state.database, 0.5, clock)
    begun = clock()
    issued = await sign_ins.begin("cleo", PASSWORD, begun)
    assert issued.expires_at == begun + timedelta(minutes=30)
    assert (await sign_ins.who(issued.token, issued.expires_at - TICK)).account_id == service.accounts["cleo"][1]
    for at in (issued.expires_at, issued.expires_at + TICK, issued.expires_at + REMEMBER - TICK):
        clock.now = at
        with pytest.raises(Problem) as refused:
            await sign_ins.who(issued.token, at)
        assert refused.value.status == 401, at
