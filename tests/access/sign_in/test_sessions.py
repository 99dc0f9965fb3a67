"""A token is looked up at each call: what has ended anywhere has ended everywhere; a page holds while it is used."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from app.access.accounts.sessions import SignInLimits, SignIns, sign_in
from app.access.audit.service import of_sign_in
from app.base.http.problems import Problem
from app.base.store.database import Database
from tests.conftest import Clock
from tests.support import Service

pytestmark = pytest.mark.anyio
TICK = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)


async def page_of(service: Service, who: str, **limits: timedelta) -> tuple[SignIns, str]:
    """A sign-in of a page under these limits."""
    told = {"staff": 12 * HOUR, "idle": HOUR, "phone": 24 * 90 * HOUR} | limits
    sign_ins = SignIns(service.app.state.database, SignInLimits(**told), of_sign_in)
    issued = await sign_ins.issue(*service.accounts[who], service.app.state.clock())
    return sign_ins, issued.token


async def is_refused(sign_ins: SignIns, token: str, clock: Clock) -> bool:
    try:
        await sign_ins.who(token, clock.now)
    except Problem as problem:
        return problem.status == 401
    return False


async def test_what_another_process_ended_is_ended_here_at_once(service: Service) -> None:
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200
    other = Database(service.app.state.settings.url)
    await other.write(lambda connection: connection.execute(delete(sign_in)))
    await other.close()
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401


async def test_a_page_holds_while_it_is_used(service: Service, clock: Clock) -> None:
    sign_ins, token = await page_of(service, "cleo")
    for _ in range(13):
        clock.now += timedelta(minutes=55)
        assert not await is_refused(sign_ins, token, clock)
    clock.now += timedelta(minutes=6)  # twelve hours after it began
    assert await is_refused(sign_ins, token, clock)


async def test_a_page_that_nobody_uses_ends(service: Service, clock: Clock) -> None:
    sign_ins, token = await page_of(service, "cleo")
    clock.now += HOUR + TICK
    assert await is_refused(sign_ins, token, clock)


async def test_it_ends_no_sooner_and_no_later_than_it_says(service: Service, clock: Clock) -> None:
    sign_ins, token = await page_of(service, "cleo", staff=HOUR)
    begun = clock.now
    clock.now = begun + HOUR - TICK
    assert not await is_refused(sign_ins, token, clock)
    clock.now = begun + HOUR
    assert await is_refused(sign_ins, token, clock)


async def test_a_reader_is_not_stopped_by_a_database_that_takes_no_write(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_ins, token = await page_of(service, "cleo")
    clock.now += timedelta(minutes=30)

    async def full(_work: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(service.app.state.database, "write", full)
    assert not await is_refused(sign_ins, token, clock)


async def test_the_tokens_of_two_accounts_stand_for_their_own(service: Service) -> None:
    for who in ("cleo", "sam", "root", "other", "ada"):
        me = (await service(who, "GET", "/v1/me")).json()
        assert me["account_id"] == str(service.accounts[who][1])


async def test_signing_out_ends_one_token_and_no_other(service: Service) -> None:
    first = service.tokens["cleo"]
    await service.sign_in_again("cleo")
    second, service.tokens["cleo"] = service.tokens["cleo"], first
    assert (await service("cleo", "DELETE", "/v1/token")).status_code == 204
    assert (await service("cleo", "GET", "/v1/me")).status_code == 401
    service.tokens["cleo"] = second
    assert (await service("cleo", "GET", "/v1/me")).status_code == 200


async def test_it_is_kept_when_a_sign_in_was_last_used_to_five_minutes(service: Service, clock: Clock) -> None:
    sign_ins, token = await page_of(service, "cleo")
    seen = []
    for minutes in (1, 3, 3, 9):
        clock.now += timedelta(minutes=minutes)
        await sign_ins.who(token, clock.now)
        async with service.app.state.database.read() as connection:
            kept = (await connection.execute(select(sign_in.c.seen_at).order_by(sign_in.c.created_at.desc()))).first()
        seen.append(round((clock.now - kept[0]) / timedelta(minutes=1)))
    assert seen == [1, 4, 0, 0]
