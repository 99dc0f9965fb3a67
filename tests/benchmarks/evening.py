"""An evening: so many phones write their day, look at it and draw their course, each when its reminder comes.

    python -m tests.benchmarks.evening [PHONES] [SECONDS]

One server process with its worker, on SQLite and on PostgreSQL. The phones begin at random moments within the seconds, each
over a connection of its own: `PUT` of the day's entry, `GET /v1/me/today`, `GET` of the picture, one after the other. The
table gives half and 99 of 100 of each call in milliseconds, how many times the one the other is, and what failed.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from typing import NamedTuple

import httpx
import structlog

from app.base.settings import Settings
from app.base.store.metadata import utc_now
from app.doors.api import create_app
from tests.benchmarks.http import NeverEnds, free_port, postgresql, running, wire
from tests.commands import reprieve, wait_until_it_answers
from tests.relief.support import course
from tests.support import entry, open_service

DAYS = 60  # of diary that each has behind it
CALLS = ("PUT entry", "GET today", "GET picture")


class PhoneOf(NamedTuple):
    """What a phone holds: its token, its patient, and the procedure that its picture is of."""

    token: str
    patient_id: str
    procedure_id: str


async def furnish(url: str, phones: int) -> list[PhoneOf]:
    """A clinic in which so many people keep a diary."""
    settings = Settings.model_validate({"database_url": url, "worker_seconds": 0})
    made: list[PhoneOf] = []
    today = utc_now().date()
    begun = today - timedelta(days=DAYS)
    async with open_service(create_app(settings), utc_now) as service:
        for number in range(phones):
            new = {"name": f"Person {number}", "born_on": "1961-04-02", "time_zone": "UTC"}
            service.ada_id = (await service("cleo", "POST", "/v1/patients", json=new)).json()["id"]
            procedure = await service.new_procedure(performed_on=begun.isoformat())
            scores = course(7, 2, None, 7, DAYS, seed=number)
            entries = [{"date": (begun + timedelta(days=d)).isoformat(), **entry(s)} for d, s in scores.items()]
            diary = f"/v1/patients/{service.ada_id}/diary"
            answer = await service("cleo", "POST", diary, json={"entries": entries})
            assert answer.status_code == 200, answer.text
            await service.add(f"phone {number}", service.clinic_id, "patient", service.ada_id)
            made.append(PhoneOf(service.tokens[f"phone {number}"], service.ada_id, procedure))
    return made


async def evening(port: int, phones: list[PhoneOf], seconds: float) -> tuple[dict[str, list[float]], list[str]]:
    """The seconds that each call took, by its kind, and the first lines of answers that were none."""
    took: dict[str, list[float]] = {name: [] for name in CALLS}
    failed: list[str] = []
    today = utc_now().date()
    chance = random.Random(13)

    async def one(phone: PhoneOf, at: float) -> None:
        await asyncio.sleep(at)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps(entry(3, medications=[])).encode()
        calls = (
            wire("PUT", f"/v1/patients/{phone.patient_id}/diary/{today}", phone.token, body),
            wire("GET", "/v1/me/today", phone.token),
            wire("GET", f"/v1/procedures/{phone.procedure_id}/relief.svg", phone.token),
        )
        for name, call in zip(CALLS, calls, strict=True):
            begun = time.perf_counter()
            writer.write(call)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            took[name].append(time.perf_counter() - begun)
            if head[9:10] != b"2":
                failed.append(f"{name}: {head.splitlines()[0].decode()}")
        writer.close()

    await asyncio.gather(*(one(phone, chance.uniform(0, seconds)) for phone in phones))
    return took, failed


def measure(name: str, url: str, phones: int, *, seconds: float) -> None:
    port = free_port()
    assert reprieve("migrate", url=url).returncode == 0
    held = asyncio.run(furnish(url, phones))
    assert reprieve("sweep", url=url).returncode == 0  # what was written before this evening is judged
    with running([sys.executable, "-m", "app", "serve"], url, port) as base:
        wait_until_it_answers(NeverEnds(), base)
        assert httpx.get(f"{base}/readyz").status_code == 200
        took, failed = asyncio.run(evening(port, held, seconds))
    for call, times in took.items():
        half, most = statistics.median(times), statistics.quantiles(times, n=100)[98]
        print(f"{name:12s}{call:13s}{1000 * half:9.1f}{1000 * most:10.1f}{most / half:8.1f}", flush=True)
    print(f"{name:12s}failed: {len(failed)}{': ' + failed[0] if failed else ''}", flush=True)


def main(phones: int, seconds: float) -> None:
    print(f"{phones} phones within {seconds:.0f} seconds; milliseconds", end="\n\n")
    print(f"{'':12s}{'':13s}{'half':>9s}{'99 of 100':>10s}{'times':>8s}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite+aiosqlite:///{folder}/evening.db", phones, seconds=seconds)
        with postgresql(folder) as address:
            measure("PostgreSQL", address, phones, seconds=seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, float(sys.argv[2]) if len(sys.argv) > 2 else 300)
