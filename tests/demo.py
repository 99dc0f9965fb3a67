"""The demo's clinics in an SQLite file, to be copied: filling one takes as long as many tests."""

import asyncio
from datetime import datetime
from pathlib import Path

from app.base.store.database import Database
from app.doors.demo.build import build


def fill_demo(path: Path, now: datetime) -> None:
    """Fills a migrated file; nothing is concluded yet."""

    async def fill() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await build(database, now, lambda name: None)
        await database.close()

    asyncio.run(fill())
