"""Every operation with the worst that it allows, and how long somebody beside it waits.

    python -m tests.benchmarks.worst [--where] [--only NAME] [sqlite|postgresql]...

A real server with a clinic in it; a process of its own asks its `/healthz` without a pause, another asks a bare server in
the same way: what that one waits is the machine. A line for each call: its own time, its status, the slowest `/healthz`
meanwhile, and the slowest answer of the bare server. The aim is 100 ms beside any call. `--where` says in which line the
server's loop stood whenever it stood for longer than that.
"""

import argparse
import asyncio
import os
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from rich.console import Console

from app.base.logs import configure
from app.base.settings import Settings
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from app.doors.server import run
from tests.benchmarks.kills import databases
from tests.benchmarks.worst_calls import Call, calls, furnish

AIM = 0.1
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["app.doors.server", "tests.benchmarks.worst_calls"])
SAMPLED = 0.01  # seconds between two looks at the loop


def serve(url: str, ready: Connection, where: bool) -> None:
    """The service in a process of its own; with `where` it tells at its end in which lines its loop stood."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    configure("error")
    app = create_app(Settings.model_validate({"database_url": url, "log_level": "error", "private_targets": True}))

    def started(address: str) -> None:
        if where:
            looks = (asyncio.get_running_loop(), threading.main_thread().ident)
            threading.Thread(target=watch, daemon=True, args=looks).start()
        ready.send(address)

    run(app, "127.0.0.1", port=0, when_ready=started)


def watch(loop: asyncio.AbstractEventLoop, thread: int) -> None:
    """Prints where the loop stands whenever it has not turned for half the aim."""
    turned, told = time.monotonic(), 0.0

    def turn() -> None:
        nonlocal turned
        turned = time.monotonic()
        loop.call_later(SAMPLED, turn)

    loop.call_soon_threadsafe(turn)
    while True:
        time.sleep(SAMPLED)
        frames = traceback.StackSummary.extract(
            traceback.walk_stack(sys._current_frames()[thread]), lookup_lines=False
        )[::-1]
        stands = time.monotonic() - turned
        if stands > AIM / 2 and time.monotonic() - told > AIM / 2:
            told = time.monotonic()
            own = [f"{f.filename.rsplit('/', 3)[-1]}:{f.lineno} {f.name}" for f in frames if "/app/" in f.filename]
            last = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno} {frames[-1].name}"
            idle = frames[-1].name in ("run", "asyncio_run")
            here = f"waits for {_others(thread)}" if idle else " < ".join([last, *own[-1:-6:-1]])
            print(f"  stands {1000 * stands:.0f} ms: {here}", file=sys.stderr, flush=True)


def _others(thread: int) -> str:
    """Where the other threads stand that do anything."""
    names = {one.ident: one.name for one in threading.enumerate()}
    found = []
    for ident, frame in sys._current_frames().items():
        if ident in (thread, threading.get_ident()) or frame.f_code.co_name in ("wait", "_worker", "run", "select"):
            continue
        stack: FrameType | None = frame
        while stack is not None and "/app/" not in stack.f_code.co_filename:
            stack = stack.f_back
        own = "" if stack is None else f" < {Path(stack.f_code.co_filename).name}:{stack.f_lineno}"
        found.append(f"{names.get(ident, '?')} {Path(frame.f_code.co_filename).name}:{frame.f_lineno}{own}")
    return ", ".join(found) or "its turn"


def bare(ready: Connection) -> None:
    """A server that does nothing but answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ready.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await server.serve_forever()

    asyncio.run(main())


def poll(port: int, asked: Connection) -> None:
    """Asks `/healthz` without a pause; tells the slowest answer since it was last asked for it."""
    line = socket.create_connection(("127.0.0.1", port))
    slowest = 0.0
    asked.send("ready")
    while True:
        begun = time.monotonic()
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        got = line.recv(4096)
        while not got.endswith((b"}", b"ok")):  # the head and the body may come one after the other
            got += line.recv(4096)
        if not got.startswith(b"HTTP/1.1 200"):
            raise AssertionError(got)
        slowest = max(slowest, time.monotonic() - begun)
        if asked.poll(0.002):
            asked.recv()
            asked.send(slowest)
            slowest = 0.0


@contextmanager
def process(target: Any, *args: Any) -> Iterator[tuple[Any, Connection]]:
    """Something in a process of its own, with what it said first."""
    here, there = FORKS.Pipe()
    started = FORKS.Process(target=target, args=(*args[:1], there, *args[1:]) if args else (there,), daemon=True)
    started.start()
    there.close()
    try:
        yield here.recv(), here
    finally:
        started.kill()
        started.join()


@dataclass(frozen=True)
class SummaryInput:
    """What one call took, and what was waited for beside it; in seconds."""

    name: str
    status: str
    own: float
    beside: float
    bare: float


async def send(address: str, call: Call) -> str:
    """Sends a call, as often at once as it asks for; answers the statuses."""
    async with httpx.AsyncClient(base_url=address, timeout=120, limits=httpx.Limits(max_connections=200)) as client:

        async def one() -> int:
            async with client.stream(
                call.method, call.path, params=call.query, headers=call.headers, content=call.body
            ) as answer:
                async for _ in answer.aiter_raw():
                    pass
                return answer.status_code

        found = Counter(await asyncio.gather(*(one() for _ in range(call.times))))
    return " ".join(f"{status}" if n == 1 else f"{status}x{n}" for status, n in sorted(found.items()))


def measure(address: str, call: Call, pollers: list[Connection]) -> SummaryInput:
    """One call, with the slowest answers beside it."""
    _take(pollers)
    begun = time.monotonic()
    try:
        status = asyncio.run(send(address, call))
    except httpx.HTTPError as error:
        status = type(error).__name__
    own = time.monotonic() - begun
    return SummaryInput(call.name, status, own, *_take(pollers))


def _take(pollers: list[Connection]) -> list[float]:
    for one in pollers:
        one.send("slowest")
    return [one.recv() for one in pollers]


def on_one(kind: str, *, where: bool, only: str, console: Console) -> list[SummaryInput]:
    """Prints a line for each call on a database."""
    out: list[SummaryInput] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        databases(kind, Path(folder)) as (new, _),
    ):
        url = new()
        upgrade(url)
        with process(serve, url, where) as (address, _), process(bare) as (other, _):
            clinic = furnish(url, address)
            ports = (int(one.rsplit(":", 1)[1]) for one in (address, other))
            first, second = (process(poll, port) for port in ports)
            with first as (_, one), second as (_, two):
                console.print(f"{kind:64}{'status':>14}{'own':>9}{'/healthz':>10}{'bare':>8}   (ms)")
                for call in calls(clinic):
                    if only in call.name:
                        seen = measure(address, call, [one, two])
                        out.append(seen)
                        times = f"{1000 * seen.own:9.0f}{1000 * seen.beside:10.0f}{1000 * seen.bare:8.0f}"
                        over = " !" if seen.beside > AIM else ""
                        console.print(f"{seen.name[:62]:64}{seen.status:>14}{times}{over}", soft_wrap=True)
    return out


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--where", action="store_true")
    asked.add_argument("--only", default="")
    asked.add_argument("kinds", nargs="*")
    given = asked.parse_args()
    console, failed = Console(width=120, highlight=False), 0
    for kind in given.kinds or ["sqlite", "postgresql"]:
        seen = on_one(kind, where=given.where, only=given.only, console=console)
        over = [one for one in seen if one.beside > AIM]
        failed += sum(one.status.startswith("500") or not one.status[0].isdigit() for one in seen)
        slowest = max(seen, key=lambda one: one.beside)
        console.print(
            f"{kind}: {len(seen)} calls, {len(over)} with a /healthz over {1000 * AIM:.0f} ms beside them; the slowest "
            f"{1000 * slowest.beside:.0f} ms ({slowest.name}); the bare server's slowest "
            f"{1000 * max(one.bare for one in seen):.0f} ms",
            soft_wrap=True,
        )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
