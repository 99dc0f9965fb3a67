"""Which keys a database has been written with, so that it is never opened without one that it needs."""

import asyncio
from datetime import datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from app.base.settings import SettingError
from app.base.store.database import Database
from app.base.store.keys import CellError
from app.base.store.metadata import utc_now
from app.base.store.sealed import SealedText
from app.base.store.statements import insert_new
from app.base.store.typed import col, row, table, to

PROOF = "reprieve"


class CellKey(SQLModel, table=True):
    """A key that something may be kept under, with a word that it has sealed.

    `everywhere_at` is since when nothing is known to be in clear or under another key; null until that was seen to.
    """

    __tablename__ = "cell_key"

    id: str = Field(primary_key=True, max_length=8)
    proof: str = Field(sa_type=SealedText("cell_key.proof"))
    since: datetime
    everywhere_at: datetime | None = None


cell_key = table(CellKey)


async def know_keys(database: Database) -> None:
    """Makes sure that what is kept can be read, and notes the key that writes; SQLite gets its first key here.

    Raises:
        SettingError: the database needs a key that the ring lacks, or the ring has another under its id.
    """
    ring, known = database.ring, await check_keys(database)
    if not known and ring.writes_with is None and database.is_sqlite:
        await asyncio.to_thread(ring.make)
    if ring.writes_with is not None and ring.writes_with not in known:
        await note_key(database, everywhere=not known and await _is_new(database))


async def check_keys(database: Database) -> set[str]:
    """Makes sure that what is kept can be read, and writes nothing; the keys that something may be kept under.

    Raises:
        SettingError: the database needs a key that the ring lacks, or the ring has another under its id.
    """
    ring = database.ring
    try:
        async with database.read() as connection:
            known = set((await connection.execute(select(col(CellKey.id)))).scalars())
            missing = sorted(known - set(ring.ids))
            if not missing:
                (await connection.execute(select(col(CellKey.proof)))).scalars().all()  # opens each
    except CellError:
        raise SettingError(f"a key in {ring.path} is not the one that the database was written with") from None
    if missing:
        where = ring.path or "no file: set REPRIEVE_KEY_FILE"
        raise SettingError(
            f"names and notes in the database are kept under the key {missing[0]}, which is not in {where}"
        )
    return known


async def ids_known(database: Database) -> list[str]:
    """The keys that something may be kept under."""
    async with database.read() as connection:
        return sorted((await connection.execute(select(col(CellKey.id)))).scalars())


async def note_key(database: Database, *, everywhere: bool = False) -> None:
    """Notes the key that writes."""
    name, now = database.ring.writes_with, utc_now()
    assert name is not None

    async def work(connection: AsyncConnection) -> None:
        values = row(CellKey, id=name, proof=PROOF, since=now, everywhere_at=now if everywhere else None)
        made = await connection.execute(insert_new(connection, cell_key, "id"), values)
        if made.rowcount == 0:  # it begins to write again: what others have written meanwhile is not under it
            again = update(cell_key).where(col(CellKey.id) == name).ordered_values(to(col(CellKey.everywhere_at), None))
            await connection.execute(again)

    await database.write(work)


async def note_everywhere(database: Database, name: str) -> None:
    """Notes that everything is under a key."""
    mark = update(cell_key).where(col(CellKey.id) == name).ordered_values(to(col(CellKey.everywhere_at), utc_now()))
    await database.write(lambda connection: connection.execute(mark))


async def forget_key(database: Database, name: str) -> None:
    """Notes that nothing is kept under a key any more."""
    await database.write(lambda connection: connection.execute(delete(cell_key).where(col(CellKey.id) == name)))


async def in_clear(database: Database) -> str | None:
    """Why names and notes may lie in clear, in a sentence; None where they don't."""
    name = database.ring.writes_with
    if name is None:
        return "names, notes and addresses are kept in clear; set REPRIEVE_KEY_FILE"
    since = await everywhere_since(database, name)
    old = "what was written before the key that writes is not under it; run `reprieve keys rotate`"
    return None if since is not None else old


async def everywhere_since(database: Database, name: str) -> datetime | None:
    """Since when nothing is known to be in clear or under another key."""
    async with database.read() as connection:
        query = select(col(CellKey.everywhere_at)).where(col(CellKey.id) == name)
        return (await connection.execute(query)).scalar_one_or_none()


async def _is_new(database: Database) -> bool:
    """Whether nobody has an account yet: then nothing was written in clear."""
    async with database.read() as connection:
        return (await connection.execute(text("SELECT 1 FROM account LIMIT 1"))).first() is None
