"""Names, notes, addresses and secrets in the database: under a key, bound to their row, read and written as if in clear."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import String, Text, func, select, text, type_coerce, update
from sqlalchemy.exc import StatementError

from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.keys import MARK, KeyRing
from app.base.store.metadata import metadata
from app.base.store.resealing import Resealed, _changes, ids_in_use, reseal, sealed_tables
from app.base.store.sealed import JSON_MARK, Sealed
from app.base.store.typed import col, table, to
from app.doors.tables import FactRow, KeptAnswer, Patient
from tests.commands import environment, reprieve, serving
from tests.conftest import Clock
from tests.support import Service, app_with, in_clear, open_service

pytestmark = pytest.mark.anyio
SECRETS = ("Ada Muster", "walked to the lake", "ada@example.org", "hooks.example.org", "left a message", "wrong leg")
IN_CLEAR = {  # columns whose name sounds like what is sealed: why they are not
    "account.username": "signs in with it: it is looked up over all clinics",
    "account_code.username": "as of an account",
    "api_key.name": "of a machine",
    "bulk.items": "sealed",
    "clinic.name": "no person's",
    "clinic_site.name": "of a place",
    "clinic_policy.name": "of a policy",
    "lease.name": "of work",
    "outcome.operator": "one of the clinic's own; cohorts are told apart by it",
    "procedure.operator": "one of the clinic's own; cohorts are told apart by it",
    "outcome.why": "made from figures by rule",
    "proxy.reason": "one of four words",
    "second_factor.name": "of a device",
    "slot.location": "a place",
}
SOUNDS = (
    "overruled",
    "agreed",
    "operator",
    "name",
    "note",
    "reason",
    "why",
    "target",
    "secret",
    "steps",
    "content",
    "shown",
    "body",
    "about",
    "items",
)


@pytest.fixture
async def kept(database_url: str, clock: Clock, tmp_path: Path) -> AsyncIterator[Service]:
    """The app on a database with keys, also on PostgreSQL; something of each kind is written."""
    key_file = tmp_path / "ring.keys"
    KeyRing(key_file).make()
    settings = {
        "database_url": database_url,
        "pool_size": 4,
        "worker_seconds": 0,
        "key_file": key_file,
        "smtp_url": "smtp://127.0.0.1:9",
    }
    async with open_service(app_with(Settings.model_validate(settings), clock), clock) as running:
        await write(running)
        yield running


async def write(service: Service) -> None:
    """Each kind of what is sealed, once."""
    procedure = await service.new_procedure()
    day = f"/v1/patients/{service.ada_id}/diary/2026-04-30"
    entry = {"pain": [{"region": "lumbar", "side": "left", "average": 3}], "note": "walked to the lake"}
    done = [
        await service("ada", "PUT", day, json=entry),
        await service("ada", "POST", "/v1/addresses", json={"channel": "email", "email": "ada@example.org"}),
        await service(
            "root", "POST", "/v1/webhooks", json={"url": "https://hooks.example.org/x", "topics": ["flag.raised"]}
        ),
        await service("cleo", "POST", f"/v1/procedures/{procedure}/reviews", json={}),
        await service(
            "cleo",
            "PATCH",
            f"/v1/patients/{service.ada_id}",
            json={"language": "de", "reason": "wrong leg"},
            headers=ANY,
        ),
    ]
    review = f"/v1/reviews/{done[3].json()['id']}"
    done.append(await service("sam", "POST", f"{review}/cancel", json={"reason": "left a message"}))
    assert [one.status_code // 100 for one in done] == [2] * len(done), [one.text for one in done]


ANY = {"If-Match": "*"}


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite+aiosqlite:///"))


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def ready(service: Service) -> dict[str, str]:
    """What `/readyz` says once it is: on a busy machine a write may take longer than it waits."""
    for _ in range(30):
        answer = await service("nobody", "GET", "/readyz")
        if answer.status_code == 200:
            break
        await asyncio.sleep(1)
    told: dict[str, str] = answer.json()
    return told


async def everything(database: Database) -> str:
    """Every text in every table, as it lies in the database."""
    out: list[str] = []
    async with database.read() as connection:
        for one in metadata.sorted_tables:
            for column in one.columns:
                plain = type_coerce(column, Text()) if isinstance(column.type, Sealed) else column
                if isinstance(column.type, Sealed | String) or "JSON" in repr(column.type):
                    raw = select(func.coalesce(plain.cast(Text), ""))
                    out += (await connection.execute(raw)).scalars().all()
    return "\n".join(out)


async def test_nothing_of_it_lies_in_the_database(kept: Service) -> None:
    lies = await everything(kept.app.state.database)
    assert MARK in lies and JSON_MARK in lies
    assert [one for one in SECRETS if one in lies] == []
    assert '"average": 3' in lies, "scores are in clear: queries need them"
    path = f"/v1/patients/{kept.ada_id}"
    assert (await kept("cleo", "GET", path)).json()["name"] == "Ada Muster"
    assert (await kept("ada", "GET", f"{path}/diary/2026-04-30")).json()["note"] == "walked to the lake"
    assert (await kept("ada", "GET", f"{path}/diary")).json()["items"][0]["note"] == "walked to the lake"
    assert "hooks.example.org" in (await kept("root", "GET", "/v1/webhooks")).text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_file_itself_holds_none_of_it(kept: Service, database_url: str) -> None:
    async with kept.app.state.database.engine.connect() as connection:
        await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    raw = file_of(database_url).read_bytes()
    assert [one for one in SECRETS if one.encode() in raw] == []


def test_each_column_that_sounds_like_it_is_sealed_or_has_a_reason() -> None:
    named = {f"{one.name}.{c.name}": c for one in metadata.sorted_tables for c in one.columns}
    sounding = {name for name, c in named.items() if c.name in SOUNDS and not isinstance(c.type, Sealed)}
    assert sounding - set(IN_CLEAR) == {"kept_verdict.body"}, "it is made from scores"
    assert {c.type.of for c in named.values() if isinstance(c.type, Sealed)} == {
        name for name, c in named.items() if isinstance(c.type, Sealed)
    }, "each is sealed as what it is"


async def test_what_is_swapped_or_moved_is_refused(kept: Service) -> None:
    database = kept.app.state.database
    await swap(database, UUID(kept.ada_id))
    for who, path in (("cleo", f"/v1/patients/{kept.ada_id}"), ("cleo", "/v1/patients"), ("ada", "/v1/me")):
        answer = await kept(who, "GET", path)
        assert "Bob" not in answer.text, path
    assert (await kept("cleo", "GET", f"/v1/patients/{kept.ada_id}")).status_code == 500


async def swap(database: Database, ada: UUID) -> None:
    """Puts what is kept of another patient's name into this one's row."""
    raw = type_coerce(col(Patient.name), Text())
    async with database.engine.begin() as connection:
        found = (await connection.execute(select(col(Patient.id), raw))).all()
        (other,) = (value for key, value in found if key != ada)
        this = update(table(Patient)).where(col(Patient.id) == ada)
        await connection.execute(this.ordered_values(to(col(Patient.name), in_clear(other))))


async def test_keys_are_changed_while_the_service_goes_on(kept: Service) -> None:
    database = kept.app.state.database
    (old,) = database.ring.ids
    new = KeyRing(database.ring.path)
    new.load()
    name = new.add(first=True)
    database.ring._looked = 0.0  # half a second later
    writing = asyncio.create_task(write_on(kept))
    total = 0
    while (counted := await reseal(database)).others:
        total += counted.changed
    assert await writing == [201] * 20
    while (await reseal(database)).others:
        pass
    assert set(await ids_in_use(database)) == {name} and total > 10
    new.drop(old)
    database.ring.load()
    assert (await kept("cleo", "GET", f"/v1/patients/{kept.ada_id}")).json()["name"] == "Ada Muster"
    notes = {one["note"] for one in (await kept("ada", "GET", f"/v1/patients/{kept.ada_id}/diary")).json()["items"]}
    assert notes == {"walked to the lake", *(f"note {day}" for day in range(1, 21))}


async def write_on(service: Service) -> list[int]:
    return [(await service.put(f"2026-04-{day:02d}", 3, note=f"note {day}")).status_code for day in range(1, 21)]


async def test_a_change_of_keys_that_is_killed_leaves_all_of_it_readable(kept: Service) -> None:
    database = kept.app.state.database
    settings = kept.app.state.settings
    url, key_file = settings.url, str(settings.key_file)
    seen = set()

    def rotate_for(seconds: float) -> None:
        with serving("keys", "rotate", url=url, REPRIEVE_KEY_FILE=key_file) as going:
            seen.add(going.stderr.readline().split()[0])
            time.sleep(seconds)
            going.kill()

    for wait in (0.0, 0.1, 0.2):
        await asyncio.to_thread(rotate_for, 2.0 + wait)
        assert (await kept("cleo", "GET", f"/v1/patients/{kept.ada_id}")).json()["name"] == "Ada Muster"
    done = await asyncio.to_thread(reprieve, "keys", "rotate", url=url, REPRIEVE_KEY_FILE=key_file)
    assert done.returncode == 0, done.stderr
    told = await asyncio.to_thread(reprieve, "keys", "list", url=url, REPRIEVE_KEY_FILE=key_file)
    first, *others = (line.split() for line in told.stdout.splitlines())
    assert int(first[2]) > 10 and [line[2] for line in others] == ["0"] * 4 and "under the first" in told.stderr
    gone = await asyncio.to_thread(reprieve, "keys", "drop", others[0][0], url=url, REPRIEVE_KEY_FILE=key_file)
    assert gone.returncode == 0, gone.stderr
    held = await asyncio.to_thread(reprieve, "keys", "drop", first[0], url=url, REPRIEVE_KEY_FILE=key_file)
    assert (held.returncode, "writes" in held.stderr) == (2, True)
    assert len(seen) == 3 and len(database.ring.ids) == 4


async def test_a_database_is_not_opened_without_a_key_that_it_needs(kept: Service, tmp_path: Path) -> None:
    url = kept.app.state.settings.url
    (name,) = kept.app.state.database.ring.ids
    missing = await asyncio.to_thread(reprieve, "serve", url=url)
    assert (missing.returncode, name in missing.stderr) == (2, True), missing.stderr
    other = tmp_path / "other.keys"
    KeyRing(other).make()
    wrong = await asyncio.to_thread(reprieve, "serve", url=url, REPRIEVE_KEY_FILE=str(other))
    assert (wrong.returncode, name in wrong.stderr) == (2, True)
    other.write_text(other.read_text().replace(KeyRing(other).ids[0], name))
    forged = await asyncio.to_thread(reprieve, "serve", url=url, REPRIEVE_KEY_FILE=str(other))
    assert (forged.returncode, "not the one" in forged.stderr) == (2, True)
    for bad in ("", "x", "aabbccdd AAAA", f"{name} {'A' * 43}"):
        other.write_text(bad)
        refused = await asyncio.to_thread(reprieve, "serve", url=url, REPRIEVE_KEY_FILE=str(other))
        assert refused.returncode == 2 and refused.stderr.count("\n") == 1, refused.stderr
    nowhere = await asyncio.to_thread(reprieve, "serve", url=url, REPRIEVE_KEY_FILE=str(tmp_path / "none"))
    assert (nowhere.returncode, "there is no" in nowhere.stderr) == (2, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_sqlite_makes_its_keys_beside_the_file_and_every_command_finds_them(
    service: Service, database_url: str
) -> None:
    assert mode_of(file_of(f"{database_url}.keys")) == 0o600
    await service.put("2026-04-30", 3, note="walked to the lake")
    assert "walked to the lake" not in await everything(service.app.state.database)
    told = await asyncio.to_thread(
        reprieve, "export", "--patient", service.ada_id, "--format", "ndjson", url=database_url
    )
    assert "walked to the lake" in told.stdout, told.stderr
    assert await ready(service) == {"status": "ok"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_postgresql_without_keys_says_so_and_takes_them_later(service: Service, tmp_path: Path) -> None:
    assert "in clear" in (await ready(service))["warning"]
    await service.put("2026-04-30", 3, note="walked to the lake")
    url, key_file = service.app.state.settings.url, str(tmp_path / "ring.keys")
    assert "walked to the lake" in await everything(service.app.state.database)
    made = await asyncio.to_thread(reprieve, "keys", "add", url=url, REPRIEVE_KEY_FILE=key_file)
    assert made.returncode == 0, made.stderr
    done = await asyncio.to_thread(
        reprieve, "keys", "rotate", "--to", made.stdout.strip(), url=url, REPRIEVE_KEY_FILE=key_file
    )
    assert done.returncode == 0, done.stderr
    assert "walked to the lake" not in await everything(service.app.state.database)
    told = await asyncio.to_thread(reprieve, "export", "--patient", service.ada_id, url=url, REPRIEVE_KEY_FILE=key_file)
    assert "walked to the lake" in told.stdout


async def test_a_value_that_is_bound_to_no_row_is_not_written(kept: Service) -> None:
    unbound = update(table(Patient)).ordered_values(to(col(Patient.name), "x"))
    with pytest.raises(StatementError, match=r"patient\.name: is sealed"):
        await kept.app.state.database.write(lambda c: c.execute(unbound))
    sought = select(col(Patient.id)).where(col(Patient.name) == "Ada Muster")
    async with kept.app.state.database.read() as connection:
        with pytest.raises(StatementError, match=r"patient\.name: is sealed"):
            await connection.execute(sought)
    assert len(await sealed_tables(kept.app.state.database)) > 12


async def test_a_process_of_its_own_sees_every_table_and_drops_no_key_that_is_needed(kept: Service) -> None:
    """As it is at a shell: nothing but the command is imported."""
    settings, ring = kept.app.state.settings, kept.app.state.database.ring
    (old,) = ring.ids
    environ = environment(settings.url, REPRIEVE_KEY_FILE=str(settings.key_file))

    def run(*call: str) -> "subprocess.CompletedProcess[str]":
        whole = [sys.executable, "-m", "app", "keys", *call]
        return subprocess.run(whole, env=environ, capture_output=True, text=True)

    done = await asyncio.to_thread(run, "rotate")
    assert done.returncode == 0, done.stderr
    used = await ids_in_use(kept.app.state.database)
    assert old not in used and sum(used.values()) > 10
    assert (await asyncio.to_thread(run, "drop", old)).returncode == 0
    assert (await kept("cleo", "GET", f"/v1/patients/{kept.ada_id}")).json()["name"] == "Ada Muster"


async def test_what_can_not_be_read_is_named_and_holds_up_nothing_else(kept: Service) -> None:
    database = kept.app.state.database
    await swap(database, UUID(kept.ada_id))
    database.ring.add(first=True)
    database.ring._looked = -1.0
    found = await reseal(database)
    assert found.changed > 8 and len(found.unreadable) == 1
    assert "patient.name" in found.unreadable[0] and UUID(kept.ada_id).hex in found.unreadable[0]
    assert "Ada" not in found.unreadable[0]


async def test_answers_kept_under_keys_that_look_alike_are_two(kept: Service) -> None:
    database = kept.app.state.database
    for key in ("a-b", "ab"):
        new = {"name": f"Patient {key}", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
        made = await kept("cleo", "POST", "/v1/patients", json=new, headers={"Idempotency-Key": key})
        assert made.status_code == 201
    raw = type_coerce(col(KeptAnswer.body), Text())
    async with database.engine.begin() as connection:
        found = {key: body for key, body in (await connection.execute(select(col(KeptAnswer.key), raw))).all()}  # noqa: C416  # rows
        this = update(table(KeptAnswer)).where(col(KeptAnswer.key) == "ab")
        await connection.execute(this.ordered_values(to(col(KeptAnswer.body), in_clear(found["a-b"]))))
    new = {"name": "Patient ab", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
    again = await kept("cleo", "POST", "/v1/patients", json=new, headers={"Idempotency-Key": "ab"})
    assert again.status_code == 500, "it is another's answer"


async def test_a_cell_that_is_sealed_in_part_is_sealed_whole(kept: Service) -> None:
    database = kept.app.state.database
    ring, of = database.ring, f"fact.content|{kept.clinic_id.hex}|{UUID(kept.ada_id).hex}"
    half = {"note": ring.seal("a", f"{of}/note"), "immediate_events": ["b"]}
    found = Resealed()
    line: Any = (kept.clinic_id, UUID(kept.ada_id), json.dumps(half))
    (change,) = _changes(table(FactRow), line, ring=ring, counted=found)
    assert '"b"' not in change.after and found.unreadable == []
