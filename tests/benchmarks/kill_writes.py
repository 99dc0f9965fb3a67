"""A server that is killed while phones write to it, and what the next one finds. Run by `tests/benchmarks/kills.py`."""

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console
from sqlalchemy import make_url

from app.access.accounts.service import add_account, add_clinic, hash_password
from app.base.logs import configure
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.base.store.migrate import check
from app.doors.api import create_app
from app.doors.server import run
from tests.support import entry

PHONES, BATCH = 8, 20
FIRST = date(1990, 1, 1)
PASSWORD = "only for this run"
SHORTEST, LONGEST = 0.05, 1.2  # seconds of load before a kill; the first few answers of a process take longest
CHECKED = 20  # lives between two looks at the whole file


def _serve(url: str, ready: Connection) -> None:
    configure("error")
    asyncio.run(check(url))
    app = create_app(Settings.model_validate({"database_url": url, "pool_size": 8, "log_level": "error"}))
    run(app, "127.0.0.1", port=0, when_ready=ready.send)


@contextmanager
def dying_server(url: str) -> Iterator[tuple[str, Any]]:
    """A server in a process of its own, and that process; killed at the end at the latest."""
    here, there = get_context("forkserver").Pipe()
    process = get_context("forkserver").Process(target=_serve, args=(url, there))
    process.start()
    there.close()
    try:
        yield here.recv(), process  # a server that could not open the database has closed it: EOFError
    finally:
        process.kill()
        process.join()
        here.close()


@dataclass
class Phone:
    """What one patient sent, what was acknowledged, and what was under way when the server died."""

    number: int
    patient: str
    days: Iterator[date]
    kept: dict[str, str] = field(default_factory=dict)
    events: dict[str, str] = field(default_factory=dict)
    half: list[str] = field(default_factory=list)
    half_event: tuple[str, dict[str, Any]] | None = None

    async def write(self, client: httpx.AsyncClient) -> None:
        """Writes until the server is gone."""
        for turn in count():
            if turn % 10 == 9:
                await self._batch(client)
            elif turn % 10 == 4:
                await self.event(client, str(uuid4()), {"kind": "injury", "happened_on": str(next(self.days))})
            else:
                day, note = str(next(self.days)), uuid4().hex
                path = f"/v1/patients/{self.patient}/diary/{day}"
                answer = await client.put(path, json=entry(turn % 11, note=note))
                assert answer.status_code in (200, 201), answer.text
                self.kept[day] = note

    async def _batch(self, client: httpx.AsyncClient) -> None:
        sent = {str(next(self.days)): uuid4().hex for _ in range(BATCH)}
        self.half = list(sent)
        entries = [{"date": day, **entry(3, note=note)} for day, note in sent.items()]
        answer = await client.post(f"/v1/patients/{self.patient}/diary", json={"entries": entries})
        assert answer.status_code == 200, answer.text
        assert {one["status"] for one in answer.json()["items"]} == {"created"}, answer.text
        self.kept |= sent
        self.half = []

    async def event(self, client: httpx.AsyncClient, key: str, body: dict[str, Any]) -> None:
        """Sends an event under its key, for the first time or again."""
        self.half_event = key, body
        path = f"/v1/patients/{self.patient}/events"
        answer = await client.post(path, json=body, headers={"Idempotency-Key": key})
        assert answer.status_code == 201, answer.text
        self.events[key] = answer.json()["id"]
        self.half_event = None

    async def faults(self, client: httpx.AsyncClient) -> list[str]:
        """What the next server does not hold as it must."""
        if self.half_event is not None:
            await self.event(client, *self.half_event)
        days = await _everything(client, f"/v1/patients/{self.patient}/diary", 4000)
        held = {one["date"]: one["note"] for one in days}
        found = [f"entry {day} is lost" for day, note in self.kept.items() if held.get(day) != note]
        if 0 < sum(day in held for day in self.half) < len(self.half):
            found.append("half a batch")
        self.half = []
        events = [one["id"] for one in await _everything(client, f"/v1/patients/{self.patient}/events", 200)]
        found += [f"event {one} is lost" for one in set(self.events.values()) - set(events)]
        if len(events) != len(self.events):
            found.append(f"{len(events)} events where {len(self.events)} were sent")
        return found


async def _everything(client: httpx.AsyncClient, path: str, limit: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page = (await client.get(path, params=params)).raise_for_status().json()
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


async def _begin(address: str) -> tuple[str, list[Phone]]:
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        signed = await client.post("/v1/token", data={"username": "cleo", "password": PASSWORD})
        token = signed.raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        new = {"name": "Ada", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
        ids = [(await client.post("/v1/patients", json=new)).json()["id"] for _ in range(PHONES)]
    return token, [Phone(n, one, (FIRST + timedelta(days=d) for d in count())) for n, one in enumerate(ids)]


async def _look(address: str, token: str, phones: list[Phone]) -> list[str]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=60) as client:
        return [fault for phone in phones for fault in await phone.faults(client)]


async def _live(address: str, token: str, *, phones: list[Phone], process: Any, seconds: float) -> None:
    """Load, and the end of the server in the midst of it."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        writing = [asyncio.create_task(phone.write(client)) for phone in phones]
        await asyncio.sleep(seconds)
        process.kill()
        for ended in await asyncio.gather(*writing, return_exceptions=True):
            if not isinstance(ended, httpx.TransportError):
                raise AssertionError("a phone ended before the server did") from ended


async def _people(url: str) -> None:
    database = Database(url, 2)
    here, hashed = await database.write(lambda c: add_clinic(c, "Here", utc_now())), hash_password(PASSWORD)
    await database.write(
        lambda c: add_account(c, here, username="cleo", password_hash=hashed, role="clinician", now=utc_now())
    )
    await database.close()


def _file_is_whole(url: str) -> bool:
    if make_url(url).get_backend_name() != "sqlite":
        return True
    with sqlite3.connect(str(make_url(url).database)) as connection:
        return bool(connection.execute("PRAGMA quick_check").fetchall() == [("ok",)])


def kill_writes(url: str, kills: int, rng: random.Random, *, console: Console) -> tuple[int, int]:
    """Kills a server so often; answers the kills, and after how many nothing was missing."""
    asyncio.run(_people(url))
    with dying_server(url) as (address, _):
        token, phones = asyncio.run(_begin(address))
    held = 0
    for life in range(kills + 1):
        faults = []
        try:
            with dying_server(url) as (address, process):
                faults = asyncio.run(_look(address, token, phones))
                if life % CHECKED == 0 and not _file_is_whole(url):
                    faults.append("the file is damaged")
                if life < kills:
                    seconds = rng.uniform(SHORTEST, LONGEST)
                    asyncio.run(_live(address, token, phones=phones, process=process, seconds=seconds))
        except EOFError:
            faults.append("the next server did not open the database")
        for fault in faults[:3]:
            console.print(f"after kill {life}: {fault}")
        held += life > 0 and not faults
    sent = sum(len(p.kept) for p in phones), sum(len(p.events) for p in phones)
    console.print(f"acknowledged: {sent[0]} entries, {sent[1]} events, each looked for after each kill that followed")
    return kills, held
