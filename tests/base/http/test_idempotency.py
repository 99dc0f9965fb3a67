"""An `Idempotency-Key` is its account's own: whoever else uses it is another, and gets a row of her own."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.audit.tables import AuditEvent
from app.base.http.idempotency.service import kept
from app.base.store.typed import col
from tests.conftest import Clock
from tests.support import Service, entry

pytestmark = pytest.mark.anyio
KEY = {"Idempotency-Key": "one"}
NEW = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
STAFF = ("cleo", "sam", "root")


async def made(service: Service, who: str, path: str = "/v1/patients", body: Any = NEW) -> str:
    answer = await service(who, "POST", path, json=body, headers=KEY)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def named_eve(service: Service, who: str) -> set[str]:
    items = (await service(who, "GET", "/v1/patients?limit=200")).json()["items"]
    return {one["id"] for one in items if one["name"] == "Eve"}


async def test_two_accounts_with_one_key_and_body_each_get_their_own_row(service: Service) -> None:
    first = {who: await made(service, who) for who in STAFF}
    assert len(set(first.values())) == 3
    assert {who: await made(service, who) for who in reversed(STAFF)} == first, "and each the same one again"
    assert await named_eve(service, "cleo") == set(first.values())


async def test_a_key_of_another_clinic_gives_nothing_of_it_away(service: Service) -> None:
    ours, theirs = await made(service, "cleo"), await made(service, "other")
    assert ours != theirs
    assert (await service("other", "GET", f"/v1/patients/{ours}")).status_code == 404
    assert (await service("cleo", "GET", f"/v1/patients/{theirs}")).status_code == 404
    assert (await made(service, "cleo"), await made(service, "other")) == (ours, theirs)
    assert (await named_eve(service, "cleo"), await named_eve(service, "other")) == ({ours}, {theirs})


async def test_two_accounts_that_race_with_one_key_each_get_their_own_row(service: Service) -> None:
    who = STAFF * 4
    ids = await asyncio.gather(*(made(service, one) for one in who))
    assert [len({i for i, w in zip(ids, who, strict=True) if w == one}) for one in STAFF] == [1, 1, 1]
    assert len(set(ids)) == 3
    assert await named_eve(service, "cleo") == set(ids)


async def test_another_accounts_key_says_nothing_of_its_body(service: Service) -> None:
    await made(service, "cleo")
    other = await service("sam", "POST", "/v1/patients", json={**NEW, "name": "Zoe"}, headers=KEY)
    assert (other.status_code, other.json()["name"]) == (201, "Zoe")
    mine = await service("cleo", "POST", "/v1/patients", json={**NEW, "name": "Zoe"}, headers=KEY)
    assert (mine.status_code, mine.json()["errors"][0]["pointer"]) == (422, "/Idempotency-Key")


async def test_every_answer_is_kept_under_its_own_account(service: Service) -> None:
    ids = {who: await made(service, who) for who in STAFF}
    async with service.app.state.database.read() as connection:
        rows = (await connection.execute(select(kept))).all()
    assert len(rows) == len(STAFF)
    whose = {row.account_id: row for row in rows}
    for who, made_id in ids.items():
        mine = whose[service.accounts[who][1]]
        assert (mine.key, mine.status, json.loads(mine.body)["id"]) == ("one", 201, made_id)


async def test_an_answer_that_is_given_again_is_a_read_of_the_patient(service: Service) -> None:
    async def events() -> list[tuple[str, str]]:
        async with service.app.state.database.read() as connection:
            found = await connection.execute(
                select(col(AuditEvent.action), col(AuditEvent.resource)).order_by(
                    col(AuditEvent.at), col(AuditEvent.id)
                )
            )
        return [(action, resource) for action, resource in found]

    before = len(await events())
    await made(service, "cleo")
    assert (await events())[before:] == [("create", "patient")]
    await made(service, "cleo")
    assert (await events())[before:] == [("create", "patient"), ("read", "kept_answer")]


async def test_two_patients_may_send_a_batch_under_one_key(service: Service) -> None:
    bob = (await service("bob", "GET", "/v1/me")).json()["patient_id"]
    batch = {"entries": [{"date": "2026-04-30", **entry(4)}]}
    for who, patient in (("ada", service.ada_id), ("bob", bob)):
        sent = await service(who, "POST", f"/v1/patients/{patient}/diary", json=batch, headers=KEY)
        assert [i["status"] for i in sent.json()["items"]] == ["created"], who
    for who, patient in (("ada", service.ada_id), ("bob", bob)):
        assert (await service(who, "GET", f"/v1/patients/{patient}/diary/2026-04-30")).status_code == 200


async def test_a_key_is_kept_for_exactly_a_day(service: Service, clock: Clock) -> None:
    begun: datetime = clock.now + timedelta(milliseconds=1)  # the clock moves on by as much with each call
    first = await made(service, "cleo")

    async def sent_after(since: timedelta) -> str:
        clock.now = begun + since
        await service.sign_in_again("cleo")
        clock.now = begun + since - timedelta(milliseconds=1)
        return await made(service, "cleo")

    assert await sent_after(timedelta(days=1)) == first
    assert await sent_after(timedelta(days=1, milliseconds=50)) != first


async def test_no_secret_is_kept_with_a_key(service: Service) -> None:
    """What is shown once is kept as done only: the same key again says so, and nothing of it is in the database."""
    key = {"Idempotency-Key": "once"}
    invited = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/invitations", headers=key)
    hook = {"url": "https://example.org/hook"}
    made = await service("root", "POST", "/v1/webhooks", json=hook, headers=key)
    assert [invited.status_code, made.status_code] in ([201, 201], [409, 201]), (invited.text, made.text)
    secrets = [made.json()["secret"], *([invited.json()["code"]] if invited.status_code == 201 else [])]
    async with service.app.state.database.read() as connection:
        rows = [str(tuple(one)) for one in (await connection.execute(select(kept))).all()]
    assert rows
    assert not [secret for secret in secrets if any(secret in one for one in rows)]
    again = await service("root", "POST", "/v1/webhooks", json=hook, headers=key)
    assert again.status_code == 409
    assert "shown once" in again.json()["detail"]
    assert len((await service("root", "GET", "/v1/webhooks")).json()["items"]) == 1
