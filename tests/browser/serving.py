"""The demo's clinic on a real server, for a browser."""

import asyncio
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from app.doors.demo.build import SignInTo, build
from app.work.worker import work_once


@dataclass(frozen=True)
class Clinic:
    """Where the demo's clinic answers, who can sign in, and the application itself."""

    url: str
    accounts: list[SignInTo]
    app: FastAPI

    def account(self, role: str) -> SignInTo:
        return next(a for a in self.accounts if a.role == role)


async def fill(url: str) -> list[SignInTo]:
    """The demo's clinic with everything concluded, and who can sign in."""
    database = Database(url)
    accounts = await build(database, utc_now(), lambda name: None)
    await work_once(database, utc_now, most=None)
    await database.close()
    return accounts


@contextmanager
def serve(database: Path, accounts: list[SignInTo]) -> Iterator[Clinic]:
    """A server of a filled file, at a port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"database_url": f"sqlite+aiosqlite:///{database}", "public_url": f"http://localhost:{port}"}
    app = create_app(Settings.model_validate({**told, "worker_seconds": 0}))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    try:
        yield Clinic(f"http://127.0.0.1:{port}", accounts, app)
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def demo() -> Iterator[Clinic]:
    """The demo's clinic in a folder that is gone afterwards; for a command."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "demo.db"
        upgrade(f"sqlite+aiosqlite:///{database}")
        with serve(database, asyncio.run(fill(f"sqlite+aiosqlite:///{database}"))) as clinic:
            yield clinic
