"""The worker dies at every step, and nothing is lost, raised twice or left undone."""

import asyncio
import pickle
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from app.access.accounts.service import account
from app.alerts.flags.service import flag
from app.alerts.messages.outbox import address, delivery, message
from app.alerts.messages.sending import send_due
from app.alerts.messages.webhook import new_secret
from app.answers.verdicts import assemble
from app.answers.verdicts.assemble import ReadyMaterial, VerdictMaterial, prepare
from app.answers.verdicts.claims import PAUSE
from app.answers.verdicts.service import outcome
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.doors.demo.build import build
from app.record.patients.service import patient
from app.work.reviews.service import review
from app.work.worker import work_once
from tests.alerts.messages.receivers import Hook, web_server
from tests.conftest import Clock
from tests.demo import fill_demo
from tests.shared import made_once
from tests.support import Service, bound

pytestmark = [pytest.mark.anyio, pytest.mark.unmeasured]
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def at_noon(tmp_path_factory: pytest.TempPathFactory, migrated_template: Path) -> Path:
    """A file with the demo's clinics as of a fixed day; to be copied."""

    def make(path: Path) -> None:
        shutil.copy(migrated_template, path)
        fill_demo(path, NOW)

    return made_once(tmp_path_factory, "at-noon.db", make)


@pytest.fixture(scope="session")
def expected(tmp_path_factory: pytest.TempPathFactory, at_noon: Path) -> Counter[Any]:
    """What a worker concludes that nobody kills."""

    async def work(path: Path) -> Counter[Any]:
        url = f"sqlite+aiosqlite:///{path}"
        calm = Database(url)
        settings = Settings.model_validate({"database_url": url, "private_targets": True})
        with web_server() as hook:
            await add_webhook(calm, hook)
            await work_once(calm, lambda: NOW)
            while await send_due(calm, settings, lambda: NOW):
                pass
            found = await concluded(calm)
        await calm.close()
        return found

    def make(path: Path) -> None:
        folder = tmp_path_factory.mktemp("calm")
        path.write_bytes(pickle.dumps(asyncio.run(work(Path(shutil.copy(at_noon, folder))))))

    found: Counter[Any] = pickle.loads(made_once(tmp_path_factory, "calm", make).read_bytes())
    return found


async def filled(database: Database, hook: Hook) -> None:
    """The demo's clinics, nothing concluded yet; one of them has a webhook."""
    await build(database, NOW, lambda name: None)
    await add_webhook(database, hook)


async def add_webhook(database: Database, hook: Hook) -> None:
    """One of the clinics has a webhook."""

    async def add(connection: Any) -> None:
        own = (await connection.execute(select(account).where(account.c.username == "admin"))).one()
        values = {
            "clinic_id": own.clinic_id,
            "id": new_id(),
            "account_id": own.id,
            "channel": "webhook",
            "locale": "en",
            "target": {"url": hook.url, "secret": new_secret()},
            "topics": None,
            "confirmed_at": NOW,
            "created_at": NOW,
        }
        await connection.execute(insert(address), bound(address, values))

    await database.write(add)


async def concluded(database: Database) -> Counter[Any]:
    """What was concluded and told, by names; ids differ from one database to the next."""
    async with database.read() as connection:
        names = {row.id: row.name for row in await connection.execute(select(patient))}
        flags = (await connection.execute(select(flag))).all()
        reviews = (await connection.execute(select(review))).all()
        messages = (await connection.execute(select(message))).all()
        sent = (await connection.execute(select(delivery))).all()
    out: Counter[Any] = Counter(
        ("flag", names[f.patient_id], f.kind, f.state, len(f.steps), f.shown_at is None) for f in flags
    )
    out += Counter(("review", names[r.patient_id], r.state, r.opened_by, len(r.steps)) for r in reviews)
    out += Counter(("message", m.topic, names.get(m.patient_id), m.spread_at is None) for m in messages)
    return out + Counter(("delivery", d.state) for d in sent)


async def test_a_worker_that_dies_at_every_step_loses_nothing_and_does_nothing_twice(
    database_url: str, tmp_path: Path, at_noon: Path, expected: Counter[Any]
) -> None:
    if database_url.startswith("sqlite"):
        database_url = f"sqlite+aiosqlite:///{shutil.copy(at_noon, tmp_path)}"
    database = Database(database_url)
    with web_server() as hook:
        await (add_webhook if database.is_sqlite else filled)(database, hook)
        command = [sys.executable, "-m", "tests.work.dying_worker", database_url, NOW.isoformat()]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found = await concluded(database)
        async with database.read() as connection:
            ids = {str(row.id) for row in await connection.execute(select(delivery))}
    await database.close()
    assert found == expected
    assert ("delivery", "sent") in found
    assert int(done.stdout) > 15
    got = Counter(headers["webhook-id"] for _, headers, _ in hook.got)
    assert set(got) == ids  # each came at least once, under an id that tells repeats
    assert max(got.values()) > 1  # and some died between sending and saying so


async def test_a_record_that_cannot_be_judged_holds_no_other_up(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its verdict is tried again in the next round; those of all others are made, in this one."""
    bad = await service.new_procedure(baseline_pain=7)
    good = await service.new_procedure(performed_on="2025-07-11", laterality="right", baseline_pain=7)

    def prepare_or_fail(material: VerdictMaterial) -> ReadyMaterial:
        if str(material.procedure_id) == bad:
            raise ValueError("a record that nobody foresaw")
        return prepare(material)

    monkeypatch.setattr(assemble, "prepare", prepare_or_fail)
    state = service.app.state
    await work_once(state.database, state.clock)
    async with state.database.read() as connection:
        judged = [str(one) for (one,) in (await connection.execute(select(outcome.c.procedure_id))).all()]
    assert judged == [good]
    monkeypatch.undo()
    clock.now += PAUSE
    await work_once(state.database, state.clock)
    async with state.database.read() as connection:
        assert len((await connection.execute(select(outcome.c.procedure_id))).all()) == 2
