"""Whether the time of an answer tells that an account, or a code, is there.

    python -m tests.benchmarks.timing [ROUNDS]

Each pair of calls is made in turns, in the order of a coin, and must not be told apart by its time. Printed are the medians,
and the chance that a call of the first kind takes longer than one of the second (0.50 tells nothing; the band is what as
many equal calls would show in 19 of 20 runs).
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from app.access.accounts import attempts
from app.base.logs import configure
from app.base.settings import Settings
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from tests.support import Service, app_with, open_service

Call = Callable[[Service, int], Coroutine[Any, Any, httpx.Response]]


def token(username: str, password: str) -> Call:
    async def call(service: Service, number: int) -> httpx.Response:
        data = {"username": username.format(number), "password": password}
        return await service("nobody", "POST", "/v1/token", data=data)

    return call


def code(path: str, body: dict[str, str] | None = None) -> Call:
    async def call(service: Service, number: int) -> httpx.Response:
        return await service("nobody", "POST", path.format(number), json=body)

    return call


NEW = {"username": "somebody new", "password": "four words in a row"}
PAIRS: dict[str, tuple[Call, Call]] = {
    "sign-in: a name, none": (token("cleo", "not it"), token("nobody{}", "not it")),
    "sign-in: disabled, none": (token("gone", "not it"), token("nobody{}", "not it")),
    "reset asked: a name, none": (code("/v1/resets", {"username": "cleo"}), code("/v1/resets", {"username": "x"})),
    "code: too old, none": (code("/v1/invitations/OLD/accept", NEW), code("/v1/invitations/none{}/accept", NEW)),
}


async def measure(service: Service, pair: tuple[Call, Call], rounds: int) -> tuple[list[float], list[float]]:
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in random.sample((0, 1), 2):
            begun = time.perf_counter()
            answer = await pair[which](service, number)
            taken[which].append(time.perf_counter() - begun)
            assert answer.status_code in (202, 204, 401, 404), answer.text
    return taken


def longer(a: list[float], b: list[float]) -> float:
    """The chance that one of the first takes longer than one of the second."""
    return sum((x > y) + 0.5 * (x == y) for x in a for y in b) / (len(a) * len(b))


async def main(rounds: int) -> None:
    configure("error")
    for name in ("HERE", "NAME", "ADDRESS", "CODES"):  # tries are not what is measured
        limit = getattr(attempts, name)
        object.__setattr__(limit, "burst", 10**6)
    band = 1.96 * ((2 * rounds + 1) / (12 * rounds * rounds)) ** 0.5
    print(f"{rounds} calls of each kind; a band of {0.5 - band:.2f} to {0.5 + band:.2f} tells nothing\n")
    print(f"{'':28s}{'median ms':>20s}{'longer':>9s}")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{Path(folder) / 'timing.db'}"
        await asyncio.to_thread(upgrade, url)
        settings = Settings.model_validate({"database_url": url, "worker_seconds": 0, "smtp_url": "smtp://127.0.0.1:9"})
        async with open_service(app_with(settings, utc_now), utc_now) as service:
            await service.add("gone", service.clinic_id, "clinician")
            gone = f"/v1/accounts/{service.accounts['gone'][1]}"
            await service("root", "PATCH", gone, json={"disabled": True})
            old = (await service("root", "POST", "/v1/accounts", json={"role": "scheduler"})).json()["code"]
            service.app.state.clock = lambda: utc_now() + timedelta(days=15)
            for name, pair in PAIRS.items():
                if "OLD" in str(name) or name.startswith("code"):
                    pair = (code(f"/v1/invitations/{old}/accept", NEW), pair[1])
                a, b = await measure(service, pair, rounds)
                shown = " / ".join(f"{1000 * statistics.median(one):.2f}" for one in (a, b))
                print(f"{name:28s}{shown:>20s}{longer(a, b):9.2f}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
