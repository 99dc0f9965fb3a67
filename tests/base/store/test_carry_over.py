"""A database of the first version keeps what it holds when it is brought up to date, and can go back."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from app.access.accounts.sessions import sign_in
from app.base.store.metadata import new_id
from app.base.store.migrate import config, upgrade
from app.record.diary.writings import revision as writing
from app.record.facts.service import fact
from app.record.revisions.service import revision

AT, EARLIER = datetime(2026, 4, 30, 12, tzinfo=UTC), datetime(2026, 4, 29, 12, tzinfo=UTC)
CLINIC, PATIENT, PROCEDURE, ACCOUNT = (new_id() for _ in range(4))
OLD: dict[str, list[dict[str, Any]]] = {
    "clinic": [{"id": CLINIC, "name": "Old", "created_at": AT}],
    "patient": [
        {
            "clinic_id": CLINIC,
            "id": PATIENT,
            "name": "Ada",
            "born_on": date(1960, 1, 1),
            "time_zone": "UTC",
            "version": 3,
            "record_version": 9,
            "created_at": AT,
        }
    ],
    "account": [
        {
            "clinic_id": CLINIC,
            "id": ACCOUNT,
            "username": "ada",
            "password_hash": "-",
            "role": "patient",
            "patient_id": PATIENT,
            "created_at": AT,
        }
    ],
    "sign_in": [
        {"token_hash": name * 64, "clinic_id": CLINIC, "account_id": ACCOUNT, "created_at": AT, "expires_at": AT}
        for name in "ab"
    ],
    "procedure": [
        {
            "clinic_id": CLINIC,
            "id": PROCEDURE,
            "patient_id": PATIENT,
            "performed_on": date(2025, 7, 10),
            "region": "lumbar",
            "laterality": "left",
            "baseline_pain": 7.0,
            "joints": ["L4-5"],
            "version": 4,
            "created_at": AT,
        }
    ],
    "diary_revision": [
        {
            "clinic_id": CLINIC,
            "patient_id": PATIENT,
            "date": date(2026, 4, 29),
            "revision": n,
            "recorded_at": recorded,
            "received_at": AT,
            "content": {"interference": 3.0},
        }
        for n, recorded in ((1, EARLIER), (2, datetime(2026, 5, 9, tzinfo=UTC)))
    ],
}


def test_what_is_on_record_is_carried_over(empty_url: str) -> None:
    upgrade(empty_url, "0001")
    asyncio.run(fill(empty_url))
    upgrade(empty_url)
    kept, told, days = asyncio.run(read(empty_url))
    (own,) = kept
    assert (own.id, own.kind, own.on_date, own.number) == (PROCEDURE, "procedure", date(2025, 7, 10), 1)
    assert own.content == {
        "performed_on": "2025-07-10",
        "region": "lumbar",
        "laterality": "left",
        "baseline_pain": 7.0,
        "joints": ["L4-5"],
    }
    assert {(r.kind, r.number, r.content.get("name")) for r in told} == {("procedure", 1, None), ("patient", 3, "Ada")}
    assert [d.ranks_at for d in days] == [EARLIER, AT]
    sessions = asyncio.run(sign_ins(empty_url))
    assert [one.token_hash[0] for one in sessions] == ["a", "b"], "nobody is signed out by a new version"
    assert len({one.id for one in sessions} - {None}) == 2
    command.downgrade(config(empty_url), "0001")
    upgrade(empty_url)
    assert len(asyncio.run(read(empty_url))[0]) == 1


async def sign_ins(url: str) -> list[Any]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = (await connection.execute(sa.select(sign_in).order_by(sign_in.c.token_hash))).all()
    await engine.dispose()
    return list(found)


async def fill(url: str) -> None:
    def work(connection: sa.Connection) -> None:
        old = sa.MetaData()
        old.reflect(connection)
        for name, rows in OLD.items():
            table = old.tables[name]
            for row in rows:
                plain = {
                    k: v.hex if isinstance(v, UUID) and connection.dialect.name == "sqlite" else v
                    for k, v in row.items()
                }
                connection.execute(sa.insert(table).values(plain))

    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(work)
    await engine.dispose()


async def read(url: str) -> list[Any]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        out = [
            (await connection.execute(sa.select(t).order_by(*t.primary_key))).all() for t in (fact, revision, writing)
        ]
    await engine.dispose()
    return out
