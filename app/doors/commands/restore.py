"""The call `reprieve restore`."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.base.settings import get_settings
from app.base.store import backup
from app.base.store.migrate import check, wall_up
from app.doors.commands.common import Refusal, new_call, report

app = new_call()


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="what `reprieve backup` wrote; - is standard input")],
) -> None:
    """Puts a copy into an empty database."""
    settings = get_settings()
    with tempfile.TemporaryDirectory() as folder:
        if str(file) == "-":
            file = Path(folder) / "copy"
            with file.open("wb") as written:
                shutil.copyfileobj(sys.stdin.buffer, written)
        if not file.is_file():
            raise Refusal(f"there is no file {file}")
        backup.restore(settings.url, file, tools=settings.pg_tools)
        wall_up(settings.url)  # the copy holds no rights: whoever restores it gives them
    report("The copy is in the database.")
    asyncio.run(check(settings.url))  # one of an older version says what is to be done
