"""The call `reprieve backup`."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.base.settings import Settings, get_settings
from app.base.store.backup import back_up, written_whole
from app.base.store.keys import ring_of
from app.base.store.locked_copy import lock, password_in
from app.doors.commands.common import PasswordFile, Refusal, new_call, report, tidy_when_stopped

app = new_call()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="where to; - is standard output, for a tool that encrypts")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="put it in the place of a file that is there")] = False,
    password_file: PasswordFile = None,
) -> None:
    """Writes a copy of the whole database, as of one moment, while the service goes on."""
    settings = get_settings()
    password = None if password_file is None else password_in(password_file)
    if str(file) == "-":
        with _copied(settings, password) as copy, copy.open("rb") as written:
            shutil.copyfileobj(written, sys.stdout.buffer)
        return
    if file.exists() and not overwrite:
        raise Refusal(f"{file} is there already; --overwrite puts the copy in its place")
    if not file.parent.is_dir():
        raise Refusal(f"there is no folder {file.parent}")
    if password is None:
        back_up(settings.url, file, tools=settings.pg_tools)
    else:
        with _copied(settings, password) as copy, written_whole(file) as part:
            shutil.copyfile(copy, part)
    report(f"{file}: {file.stat().st_size} bytes")
    ring = ring_of(settings.url, settings.key_file)
    if ring.writes_with is not None:
        report(f"The keys are not in it: keep a copy of {ring.path} elsewhere.")


@contextmanager
def _copied(settings: Settings, password: bytes | None) -> Iterator[Path]:
    """A copy in a folder of its own, under the password where there is one."""
    with tidy_when_stopped(), tempfile.TemporaryDirectory() as folder:
        plain, locked = Path(folder) / "copy", Path(folder) / "locked"
        back_up(settings.url, plain, tools=settings.pg_tools)
        if password is None:
            yield plain
            return
        with plain.open("rb") as source, locked.open("wb") as target:
            lock(source, target, password)
        yield locked
