"""The calls `reprieve keys …`: the keys under which names, notes, addresses and secrets are kept."""

import asyncio
from typing import Annotated

import typer

from app.base.settings import Settings, get_settings
from app.base.store.database import Database
from app.base.store.keys import LOOKS_EVERY, KeyRing
from app.base.store.known_keys import everywhere_since, forget_key, ids_known, note_everywhere, note_key
from app.base.store.migrate import check
from app.base.store.resealing import ids_in_use, reseal
from app.doors import tables
from app.doors.commands.common import Refusal, new_call, opened, report

__all__ = ["tables"]  # a table that is not imported would be passed over
app = new_call("The keys under which names, notes, addresses and secrets are kept: look, add, change, drop.")
HEAR = 2 * LOOKS_EVERY + 1.0  # seconds until every server on this machine writes with another key


@app.command("list")
def list_keys() -> None:
    """The ids of all keys, the one that writes first, and how many cells each holds."""
    asyncio.run(_list())


@app.command()
def add() -> None:
    """Adds a key that reads and does not write yet; for services on several machines: copy the file, then `rotate --to`."""
    settings = get_settings()
    if settings.key_file is not None and not settings.key_file.exists():
        asyncio.run(_refuse_needed(settings))
        made = KeyRing(settings.key_file)
        made.make()
        print(made.writes_with)
        return
    asyncio.run(_add())


@app.command()
def rotate(
    to: Annotated[str | None, typer.Option("--to", help="id of a key of the file; a new one if not given")] = None,
) -> None:
    """Has a new key write, and puts everything under it, while the service goes on; run it again where it was cut off."""
    asyncio.run(_rotate(to))


@app.command()
def drop(key: Annotated[str, typer.Argument(help="id of a key that nothing is kept under any more")]) -> None:
    """Takes a key out of the file, once nothing is kept under it."""
    asyncio.run(_drop(key))


async def _refuse_needed(settings: Settings) -> None:
    """Refuses to begin with a new file where the database was written under keys of another."""
    await check(settings.url)
    database = Database(settings.url, 1)
    try:
        if needed := await ids_known(database):
            raise Refusal(f"the database was written under the key {needed[0]}: find the file that holds it")
    finally:
        await database.close()


async def _list() -> None:
    async with opened() as database:
        ring = _ring(database)
        used = await ids_in_use(database)
        for number, name in enumerate(ring.ids):
            says = "writes" if number == 0 else "reads"
            print(f"{name}  {says}  {used.get(name, 0)} cells")
        since = await everywhere_since(database, ring.ids[0])
        report(
            "everything is under the first" if since else "not everything is under the first: `reprieve keys rotate`"
        )


async def _add() -> None:
    async with opened() as database:
        print(_ring(database).add(first=False))


async def _rotate(to: str | None) -> None:
    async with opened() as database:
        ring = _ring(database)
        if to is None:
            to = ring.add(first=True)
        elif to not in ring.ids:
            raise Refusal(f"--to: the file has no key {to}")
        else:
            ring.put_first(to)
        await note_key(database)
        report(f"{to} writes from now on; if this is cut off: `reprieve keys rotate --to {to}`")
        await asyncio.sleep(HEAR)
        total, unreadable = await _everything(database)
        report(f"{total} cells were put under it")
        for one in unreadable:
            report(f"can't be read: {one}")
        if unreadable or ring.writes_with != to:
            raise Refusal("not everything is under it: see above, or another change of keys is under way")
        await note_everywhere(database, to)


async def _everything(database: Database) -> tuple[int, list[str]]:
    """Passes until one finds nothing: what was on its way while the key changed is seen by the next."""
    total = 0
    while True:
        counted = await reseal(database)
        total += counted.changed
        if counted.others == 0:
            return total, counted.unreadable


async def _drop(key: str) -> None:
    async with opened() as database:
        ring = _ring(database)
        if key not in ring.ids:
            raise Refusal(f"the file has no key {key}")
        if key == ring.writes_with:
            raise Refusal(f"{key} is the key that writes")
        kept = (await ids_in_use(database)).get(key, 0)
        if kept:
            raise Refusal(f"{kept} cells are kept under {key}; `reprieve keys rotate` puts them under the first")
        await forget_key(database, key)
        ring.drop(key)
        report(f"{key} is gone from the file; a copy of the database from before needs it still")


def _ring(database: Database) -> KeyRing:
    if database.ring.path is None:
        raise Refusal("there is no file of keys; set REPRIEVE_KEY_FILE, and `reprieve keys add` makes it")
    return database.ring
