"""The call `reprieve trace`: its file, its progress bar and its exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast, get_args

from app.relief import Definition
from app.verdicts.traces import trace_lines


def run(file: str, jobs: int, definition: str) -> int:
    """Traces a file to standard output; 0 when every line was good, 1 when one was not, 2 when nothing could be read."""
    if definition not in get_args(Definition):
        print(f"reprieve: --definition: {definition!r} is none of {', '.join(get_args(Definition))}", file=sys.stderr)
        return 2
    try:
        source: BinaryIO = sys.stdin.buffer if file == "-" else Path(file).open("rb")  # noqa: SIM115  # closed below
    except OSError as error:
        print(f"reprieve: {file}: {error.strerror}", file=sys.stderr)
        return 2
    all_good = True
    with source, _progress(source, file) as lines:
        for out, good in trace_lines(lines, jobs, cast(Definition, definition)):
            sys.stdout.write(out + "\n")
            all_good &= good
    sys.stdout.flush()
    return 0 if all_good else 1


@contextmanager
def _progress(source: BinaryIO, file: str) -> Iterator[Iterator[bytes]]:
    """The lines of a file, with a bar on a terminal and nothing in a pipe."""
    if not sys.stderr.isatty() or file == "-":
        yield iter(source)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    size = Path(file).stat().st_size
    columns = (TextColumn("tracing"), BarColumn(), TextColumn("{task.fields[done]} diaries"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("", total=size, done=0)

        def counted() -> Iterator[bytes]:
            for number, line in enumerate(source, start=1):
                bar.update(task, advance=len(line), done=number)
                yield line

        yield counted()
