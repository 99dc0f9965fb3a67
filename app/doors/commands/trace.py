"""The call `reprieve trace`: its file, its progress bar and its exit code."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, cast, get_args

import typer

from app.answers.verdicts.trace_lines import trace_lines
from app.doors.commands.common import Refusal, new_call
from app.relief import Definition, DurationPrior

app = new_call()
COHORT = {"median_days": int | float, "log_sd": int | float, "n": int}


@app.command()
def trace(
    file: Annotated[str, typer.Argument(help="NDJSON diaries, one a line; `-` is standard input")],
    jobs: Annotated[int, typer.Option(min=1, max=256, help="processes to use")] = 1,
    definition: Annotated[str, typer.Option(help="of return: half, eighty or full")] = "half",
    prior: Annotated[
        Path | None,
        typer.Option(
            help='how long relief has lasted in your cohort, as {"median_days": 240, "log_sd": 0.6, "n": 300}'
        ),
    ] = None,
) -> None:
    """Judges diaries day by day, with no server: NDJSON in, NDJSON out; the exit code is 1 if a line was bad."""
    if definition not in get_args(Definition):
        raise Refusal(f"--definition: {definition!r} is none of {', '.join(get_args(Definition))}")
    cohort = None if prior is None else cohort_of(prior)
    try:
        source: BinaryIO = sys.stdin.buffer if file == "-" else Path(file).open("rb")  # noqa: SIM115  # closed below
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    all_good = True
    with source, _progress(source, file) as lines:
        for out, good in trace_lines(lines, jobs, cast(Definition, definition), prior=cohort):
            sys.stdout.write(out + "\n")
            all_good &= good
    sys.stdout.flush()
    raise typer.Exit(0 if all_good else 1)


def cohort_of(file: Path) -> DurationPrior:
    """The cohort in a file: its median of relief, the spread of its logarithm, the number of returns it rests on."""
    try:
        found = json.loads(file.read_bytes())
    except OSError as error:
        raise Refusal(f"--prior: {file}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise Refusal(f"--prior: {file}: is no JSON") from None
    if not isinstance(found, dict) or set(found) != set(COHORT):
        raise Refusal(f"--prior: {file}: is no JSON object of {', '.join(COHORT)}")
    for name, kind in COHORT.items():
        if isinstance(found[name], bool) or not isinstance(found[name], kind):
            whole = "" if kind is not int else "whole "
            raise Refusal(f"--prior: {file}: {name} is no {whole}number")
    try:
        return DurationPrior(**found)
    except ValueError as error:
        raise Refusal(f"--prior: {file}: {error}") from None


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
