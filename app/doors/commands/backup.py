"""The call `reprieve backup`."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app.base.settings import get_settings
from app.base.store.backup import back_up
from app.base.store.keys import ring_of
from app.doors.commands.common import Refusal, new_call, report

app = new_call()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="where to; - is standard output, for a tool that encrypts")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="put it in the place of a file that is there")] = False,
) -> None:
    """Writes a copy of the whole database, as of one moment, while the service goes on."""
    settings = get_settings()
    if str(file) == "-":
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            back_up(settings.url, copy, tools=settings.pg_tools)
            with copy.open("rb") as written:
                shutil.copyfileobj(written, sys.stdout.buffer)
        return
    if file.exists() and not overwrite:
        raise Refusal(f"{file} is there already; --overwrite puts the copy in its place")
    if not file.parent.is_dir():
        raise Refusal(f"there is no folder {file.parent}")
    back_up(settings.url, file, tools=settings.pg_tools)
    report(f"{file}: {file.stat().st_size} bytes")
    ring = ring_of(settings.url, settings.key_file)
    if ring.writes_with is not None:
        report(f"The keys are not in it: keep a copy of {ring.path} elsewhere.")
