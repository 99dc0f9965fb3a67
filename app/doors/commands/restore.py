"""The call `reprieve restore`."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.base.settings import SettingError, Settings, get_settings
from app.base.store import backup
from app.base.store.database import Database
from app.base.store.known_keys import know_keys
from app.base.store.locked_copy import is_locked, password_in, unlock
from app.base.store.migrate import check, wall_up
from app.doors.commands.common import PasswordFile, Refusal, new_call, report, tidy_when_stopped

app = new_call()


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="what `reprieve backup` wrote; - is standard input")],
    password_file: PasswordFile = None,
) -> None:
    """Puts a copy into an empty database."""
    settings = get_settings()
    with tidy_when_stopped(), tempfile.TemporaryDirectory() as folder:
        if str(file) == "-":
            file = Path(folder) / "copy"
            with file.open("wb") as written:
                shutil.copyfileobj(sys.stdin.buffer, written)
        if not file.is_file():
            raise Refusal(f"there is no file {file}")
        if is_locked(file):
            if password_file is None:
                raise Refusal("the copy is under a password; --password-file names the file that holds it")
            plain = Path(folder) / "plain"
            with file.open("rb") as source, plain.open("wb") as target:
                unlock(source, target, password_in(password_file))
            file = plain
        backup.restore(settings.url, file, tools=settings.pg_tools)
        wall_up(settings.url)  # the copy holds no rights: whoever restores it gives them
    report("The copy is in the database.")
    asyncio.run(_check(settings))


async def _check(settings: Settings) -> None:
    """One of an older version, or without its keys, says what is to be done."""
    await check(settings.url)
    database = Database(settings.url, 1, key_file=settings.key_file)
    try:
        await know_keys(database)
    except SettingError as error:
        raise SettingError(f"{error}; put a copy of the keys of the database that was copied there") from None
    finally:
        await database.close()
