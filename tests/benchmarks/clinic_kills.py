"""What killing the worker changes: the same nights, once in peace and once with fifty kills at random moments."""

import asyncio
import random
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from sqlalchemy import select

from app.alerts.flags.service import flag
from app.alerts.messages.outbox import delivery, message
from app.base.store.database import Database
from app.work.reviews.service import review

NIGHTS, KILLS = 10, 50
ROUND = """
import asyncio, sys
from datetime import datetime
import app.answers.verdicts.sweep as sweep
from app.base.settings import Settings
from app.base.logs import configure
from app.alerts.messages.sending import send_due
from app.base.store.database import Database
from app.work.worker import work_once
sweep.BATCH = 2
configure("error")
async def main():
    database, at = Database(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    await work_once(database, lambda: at, most=None)
    await send_due(database, Settings.model_validate({"database_url": sys.argv[1]}), lambda: at)
    await database.close()
print("begun", flush=True)
asyncio.run(main())
"""


def kills(folder: Path, console: Console) -> None:
    """Prints what differs between the two, which should be nothing."""
    results: list[set[Any]] = []
    lasted: list[float] = []
    killed = 0
    for name in ("calm", "killed"):
        url = _copy(folder, name)
        begin, rng = asyncio.run(_last(url)), random.Random(50)
        for night in range(NIGHTS):
            at = begin + timedelta(days=3 * (night + 1))
            tries = 0
            while name == "killed" and killed < (night + 1) * KILLS // NIGHTS and tries < 4 * KILLS:
                killed += _kill_one(url, at, rng.uniform(0, lasted[night] / 2))
                tries += 1
            lasted.append(_in_peace(url, at))
        results.append(asyncio.run(_state(url)))
    lost, more = (len(results[a] - results[b]) for a, b in ((0, 1), (1, 0)))
    kept = f"{len(results[0])} flags, reviews and messages"
    console.print(f"{killed} kills in {NIGHTS} nights: {kept}; {lost} lost, {more} more")


def _copy(folder: Path, name: str) -> str:
    for suffix in ("", "-wal", "-shm"):
        part = Path(f"{folder / 'clinic.db'}{suffix}")
        if part.exists():
            shutil.copy(part, f"{folder / name}.db{suffix}")
    return f"sqlite+aiosqlite:///{folder / name}.db"


def _in_peace(url: str, at: datetime) -> float:
    """A whole round; answers how many seconds its work took."""
    process = _begin(url, at)
    begun = time.monotonic()
    _, faults = process.communicate()
    assert process.returncode == 0, faults
    return time.monotonic() - begun


def _kill_one(url: str, at: datetime, seconds: float) -> int:
    """Kills a round so long after its work has begun; 0 where it was over by then."""
    process = _begin(url, at)
    time.sleep(seconds)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return int(alive)


def _begin(url: str, at: datetime) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", ROUND, url, at.isoformat()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


async def _last(url: str) -> datetime:
    database = Database(url)
    async with database.read() as connection:
        rows = (await connection.execute(select(message.c.created_at).order_by(message.c.created_at.desc()))).first()
    await database.close()
    return rows[0] if rows else datetime(2026, 1, 1, tzinfo=UTC)


async def _state(url: str) -> set[Any]:
    """Flags, reviews, messages and deliveries, by what they are about; ids differ from run to run."""
    database = Database(url)
    async with database.read() as connection:
        flags = (await connection.execute(select(flag))).all()
        reviews = (await connection.execute(select(review))).all()
        messages = (await connection.execute(select(message))).all()
        sent = (await connection.execute(select(delivery.c.id))).all()
    await database.close()
    out: set[Any] = {
        (f.patient_id, f.kind, f.cause, f.state, f.turn, len(f.steps), f.escalated_at is None) for f in flags
    }
    out |= {("review", r.procedure_id, r.state, r.opened_by, r.opened_at, len(r.steps)) for r in reviews}
    by_topic: dict[Any, int] = {}
    for m in messages:
        key = ("message", m.topic, m.patient_id, m.created_at)
        by_topic[key] = by_topic.get(key, 0) + 1
    out |= {(*key, count) for key, count in by_topic.items()}
    return out | {("deliveries", len(sent))}
