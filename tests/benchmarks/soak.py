"""Whether a server that goes on for long stays as quick, and as small, as it was.

    python -m tests.benchmarks.soak [MINUTES] [CALLS A SECOND]

One server process with its worker on SQLite, then one on PostgreSQL, each for so long (an hour where left out, twenty calls
a second). Three hundred phones write days of their diary, look at today, at their verdict and at their picture, at even
pace. Twelve rows of each: half and 99 of 100 of the calls in milliseconds, the memory of the server, and what failed. Below
them how much the last quarter differs from the second: the first fills what is held.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import psutil
import structlog

from app.base.store.metadata import utc_now
from tests.benchmarks.evening import DAYS, PhoneOf, furnish
from tests.benchmarks.http import NeverEnds, free_port, postgresql, running, wire
from tests.commands import reprieve, wait_until_it_answers
from tests.support import entry

PHONES, ROWS = 300, 12


@dataclass(frozen=True)
class Stretch:
    """A twelfth of the time: seconds of each call, what failed, and the server's memory at its end in bytes."""

    took: list[float]
    failed: list[str]
    memory: int

    def told(self) -> tuple[float, float]:
        """Half and 99 of 100, in milliseconds."""
        return 1000 * statistics.median(self.took), 1000 * statistics.quantiles(self.took, n=100)[98]


def calls_of(phone: PhoneOf, chance: random.Random) -> bytes:
    """What a phone asks for next: as often to write as to read."""
    on = utc_now().date() - timedelta(days=chance.randrange(DAYS))
    body = json.dumps(entry(chance.randint(0, 10), medications=[])).encode()
    reads = ("/v1/me/today", *(f"/v1/procedures/{phone.procedure_id}/relief{end}" for end in ("", ".svg")))
    written = wire("PUT", f"/v1/patients/{phone.patient_id}/diary/{on}", phone.token, body)
    return written if chance.random() < 0.5 else wire("GET", chance.choice(reads), phone.token)


async def stretch(port: int, phones: list[PhoneOf], *, seconds: float, pace: float, seed: int) -> Stretch:
    """Calls at an even pace, each when its moment comes, whether those before have been answered or not."""
    chance, took, failed = random.Random(seed), list[float](), list[str]()

    async def one(call: bytes, at: float) -> None:
        await asyncio.sleep(at)
        begun = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(call)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
        took.append(time.perf_counter() - begun)
        if head[9:10] != b"2":
            failed.append(head.splitlines()[0].decode())
        writer.close()

    many = max(2, round(seconds * pace))
    await asyncio.gather(*(one(calls_of(chance.choice(phones), chance), seconds * n / many) for n in range(many)))
    return Stretch(took, failed, memory_of_server())


def memory_of_server() -> int:
    """What the server that this process has started holds for itself alone, with its own processes."""
    (server,) = (one for one in psutil.Process().children() if "serve" in one.cmdline())
    return sum(int(one.memory_full_info().uss) for one in (server, *server.children(recursive=True)))


def measure(name: str, url: str, *, seconds: float, pace: float, tell: Callable[[str], None]) -> None:
    port = free_port()
    assert reprieve("migrate", url=url).returncode == 0
    phones = asyncio.run(furnish(url, PHONES))
    assert reprieve("sweep", url=url).returncode == 0
    found = []
    with running([sys.executable, "-m", "app", "serve"], url, port) as base:
        wait_until_it_answers(NeverEnds(), base)
        for n in range(ROWS):
            found.append(asyncio.run(stretch(port, phones, seconds=seconds / ROWS, pace=pace, seed=n)))
            half, most = found[-1].told()
            minutes, memory, failed = seconds * (n + 1) / ROWS / 60, found[-1].memory / 2**20, len(found[-1].failed)
            tell(f"{name:12}{minutes:8.0f}{half:9.1f}{most:11.1f}{memory:9.0f} MB{failed:8}")
    second, last = (found[ROWS // 4 : ROWS // 2], found[-ROWS // 4 :])
    middle = [statistics.median(seconds for one in some for seconds in one.took) for some in (second, last)]
    held = [statistics.median(one.memory for one in some) for some in (second, last)]
    tell(
        f"{name:12}the last quarter beside the second: half {middle[1] / middle[0]:.2f}, memory {held[1] / held[0]:.2f}"
    )
    for one in sorted({failed for each in found for failed in each.failed}):
        tell(f"{name:12}{one}")


def main(minutes: float, pace: float) -> None:
    def tell(line: str) -> None:
        print(line, flush=True)

    tell(f"{'':12}{'minutes':>8}{'half, ms':>9}{'99 of 100':>11}{'memory':>12}{'failed':>8}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        lite = f"sqlite+aiosqlite:///{folder}/soak.db"
        measure("SQLite", lite, seconds=60 * minutes, pace=pace, tell=tell)
        with postgresql(folder) as address:
            measure("PostgreSQL", address, seconds=60 * minutes, pace=pace, tell=tell)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60, float(sys.argv[2]) if len(sys.argv) > 2 else 20)
