"""A running service for tests, and the people in it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import JSON, Table, Text, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.access.accounts.service import add_account, add_clinic, hash_password
from app.base.settings import Settings
from app.base.store.sealed import Cell, Sealed, row_key
from app.doors.api import create_app
from app.rules.words import Role

PASSWORD = "correct horse battery"


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


@cache
def one_app() -> FastAPI:
    """The app of this process. Making one anew for each test would take longer than most tests."""
    return create_app(Settings.model_validate({"database_url": "sqlite+aiosqlite:///nowhere.db"}))


def app_with(settings: Settings, clock: Callable[[], datetime]) -> FastAPI:
    """That app, to be started on these settings; only one test at a time has it."""
    app = one_app()
    app.state.settings, app.state.clock = settings, clock
    return app


@dataclass
class Service:
    """The app over HTTP; `ada`, `cleo`, `sam`, `root` are of one clinic, `other` is a clinician of another."""

    app: FastAPI
    client: httpx.AsyncClient
    clinic_id: UUID
    tokens: dict[str, str] = field(default_factory=dict)
    ada_id: str = ""
    accounts: dict[str, tuple[UUID, UUID]] = field(default_factory=dict)

    async def __call__(self, who: str, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One call by somebody; `nobody` sends no token."""
        headers = dict(kwargs.pop("headers", {}))
        if who in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return await self.client.request(method, path, headers=headers, **kwargs)

    async def add(self, who: str, clinic_id: UUID, role: Role, patient_id: str | None = None) -> None:
        """An account and a token for it."""
        state = self.app.state
        patient = None if patient_id is None else UUID(patient_id)
        account = await state.database.write(
            lambda c: add_account(
                c,
                clinic_id,
                username=who,
                password_hash=password_hash(),
                role=role,
                now=state.clock(),
                patient_id=patient,
            )
        )
        self.accounts[who] = clinic_id, account
        await self.sign_in_again(who)

    async def sign_in_again(self, *whose: str) -> None:
        """A fresh token for each, or for everybody: the clock may have passed the end of the old ones."""
        state = self.app.state
        for who in whose or self.accounts:
            self.tokens[who] = (await state.sign_ins.issue(*self.accounts[who], state.clock())).token

    async def show(self, who: str, username: str, password: str, **more: str) -> dict[str, Any]:
        """Signs in as a client does, and keeps the token for `who`; answers what the client is told."""
        answer = await self("nobody", "POST", "/v1/token", data={"username": username, "password": password, **more})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        self.tokens[who] = told["access_token"]
        return told

    async def new_procedure(self, **fields: Any) -> str:
        body = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left", **fields}
        answer = await self("cleo", "POST", f"/v1/patients/{self.ada_id}/procedures", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def put(self, on: str | date, average: float = 4, who: str = "ada", **parts: Any) -> httpx.Response:
        return await self(who, "PUT", f"/v1/patients/{self.ada_id}/diary/{on}", json=entry(average, **parts))


def entry(average: float = 4, side: str = "left", **parts: Any) -> dict[str, Any]:
    return {"pain": [{"region": "lumbar", "side": side, "average": average}], **parts}


def course(first: str, scores: Sequence[float | None]) -> list[dict[str, Any]]:
    """Entries of a batch from a day on, None where nothing was logged."""
    day = date.fromisoformat(first)
    return [{"date": (day + timedelta(days=i)).isoformat(), **entry(s)} for i, s in enumerate(scores) if s is not None]


@asynccontextmanager
async def service_on(url: str, clock: Callable[[], datetime]) -> AsyncIterator[Service]:
    """The app on a migrated database, with two clinics in it and no worker."""
    told = {"database_url": url, "pool_size": 4, "worker_seconds": 0, "idle_minutes": 720}
    async with open_service(app_with(Settings.model_validate(told), clock), clock) as running:
        yield running


@asynccontextmanager
async def open_service(app: FastAPI, clock: Callable[[], datetime]) -> AsyncIterator[Service]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        database = app.state.database
        here = await database.write(lambda c: add_clinic(c, "Here", clock()))
        there = await database.write(lambda c: add_clinic(c, "There", clock()))
        service = Service(app, client, here)
        await service.add("cleo", here, "clinician")
        await service.add("sam", here, "scheduler")
        await service.add("root", here, "admin")
        await service.add("other", there, "clinician")
        new = {"name": "Ada Muster", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
        service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
        bob = (await service("cleo", "POST", "/v1/patients", json={**new, "name": "Bob"})).json()["id"]
        await service.add("ada", here, "patient", service.ada_id)
        await service.add("bob", here, "patient", bob)
        yield service


def in_clear(value: object) -> Any:
    """A value for a sealed column, as it was written before there were keys: a statement that knows no row can set it."""
    return type_coerce(value, Text() if isinstance(value, str) else JSON())


def bound(into: Table, values: dict[str, Any]) -> dict[str, Any]:
    """Values of a row with those of sealed columns bound to it, as `row` does it."""
    of = row_key(tuple(values[part.name] for part in into.primary_key))
    sealed = {c.name for c in into.columns if isinstance(c.type, Sealed)}
    return {name: Cell(value, of) if name in sealed else value for name, value in values.items()}


@asynccontextmanager
async def beside(service: Service) -> AsyncIterator[AsyncConnection]:
    """A connection of the one who owns the database: the role of the service is not told what other sessions wait for."""
    engine = create_async_engine(service.app.state.settings.url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()
