"""The call `reprieve rehearse`: what this version of the engine would change, before the service is started with it."""

import asyncio
import signal
import sys
from pathlib import Path
from statistics import median
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from app.access.accounts.tables import Clinic
from app.answers.verdicts.rehearsal import rehearse
from app.answers.verdicts.tables import OutcomeRow
from app.answers.verdicts.verdict_json import MADE_BY
from app.base.settings import get_settings
from app.base.store.database import Database
from app.base.store.migrate import OlderDatabaseError
from app.base.store.typed import col
from app.doors.commands.common import Refusal, new_call, opened, parse_id, report, tidy_when_stopped
from app.doors.commands.rehearsal_file import ChangeTally, RehearsalFileError, Shift, add, continued, tallies
from app.doors.commands.sweep import executor

app = new_call()
SHOWN = 4  # the commonest changes of a word
WIDTH = 120  # of the tables, where they do not go to a terminal
HOW = {"same": "as they are", "changed": "changed", "moved_on": "not compared (written since)", "failed": "failed"}


@app.command("rehearse")
def rehearse_command(
    file: Annotated[
        Path, typer.Argument(help="takes a line a verdict; a run that was stopped goes on behind its last")
    ],
    clinic: Annotated[list[str] | None, typer.Option(help="id of a clinic, may be repeated; all if not given")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="processes; as many as there are cores if not given")] = None,
    rest: Annotated[float, typer.Option(min=0, help="seconds to leave the machine to others after each batch")] = 0,
) -> None:
    """Judges all history by this version beside what is kept, and tells what would change; writes FILE and nothing else.

    Each verdict is made of the same record, as of the day on which the kept one was made: what differs is this version's.
    """
    whose = [parse_id("--clinic", one) for one in clinic or []]
    try:
        with tidy_when_stopped():
            asyncio.run(_run(file, whose, jobs=jobs, rest=rest))
        _tell(tallies(file))
    except KeyboardInterrupt:
        report("\nstopped; the same call goes on where it was")
        raise typer.Exit(128 + signal.SIGINT) from None
    except OlderDatabaseError:
        raise Refusal(
            "this version migrates the database, and the version that serves could not go on with it then:"
            " rehearse on a restored copy, migrated by this version"
        ) from None
    except RehearsalFileError as error:
        raise Refusal(f"{file}: {error}") from None
    except OSError as error:
        if error.filename != str(file):
            raise
        raise Refusal(f"{file}: {error.strerror}") from None


async def _run(file: Path, whose: list[UUID], *, jobs: int | None, rest: float) -> None:
    async with opened(only_read=True) as database:
        clinics = await _clinics(database, whose)
        many = await _many(database, clinics)
        with continued(file, MADE_BY, clinics) as (out, after), executor(get_settings(), jobs) as workers:
            done = 0
            async for batch in rehearse(database, workers, clinics=clinics, after=after):
                add(out, batch)
                done += len(batch)
                if sys.stderr.isatty():
                    print(f"\r{done} of at most {many}", end="", file=sys.stderr, flush=True)
                await asyncio.sleep(rest)
    if not done and many:
        report(f"nothing was left to look at: {file} tells of all {many}; name another file to look anew")
    else:
        report(f"{done} verdicts made beside the kept ones")


async def _clinics(database: Database, whose: list[UUID]) -> list[UUID]:
    """The clinics that were named, or all."""
    async with database.read() as connection:
        there = (await connection.execute(select(col(Clinic.id)))).scalars().all()
    unknown = set(whose) - set(there)
    if unknown:
        raise Refusal(f"--clinic: there is no clinic {min(unknown)}")
    return [one for one in there if not whose or one in whose]


async def _many(database: Database, clinics: list[UUID]) -> int:
    """How many verdicts there are."""
    async with database.read() as connection:
        query = select(func.count()).where(col(OutcomeRow.clinic_id).in_(clinics))
        return (await connection.execute(query)).scalar_one()


def _tell(found: dict[tuple[str, str], ChangeTally]) -> None:
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    if not found:
        console.print("no verdict is kept yet")
    for (clinic, definition), tally in found.items():
        counts = ", ".join(f"{tally.how[how]} {says}" for how, says in HOW.items() if tally.how[how])
        why = "".join(f"; {name} {many} times" for name, many in tally.errors.most_common())
        console.print(f"clinic {clinic}, definition {definition}: {counts}{why}")
        if tally.shifts:
            console.print(_table(tally.shifts))


def _table(shifts: dict[str, Shift]) -> Table:
    table = Table("what", "verdicts", "how")
    for name, shift in sorted(shifts.items(), key=lambda one: -one[1].many):
        table.add_row(name, str(shift.many), _how(shift))
    return table


def _how(shift: Shift) -> str:
    says = [f"{before} to {after}: {many}" for (before, after), many in shift.pairs.most_common(SHOWN)]
    rest = shift.pairs.total() - sum(many for _, many in shift.pairs.most_common(SHOWN))
    says += [f"others: {rest}"] if rest else []
    for moves, more, less, unit in ((shift.by, "up", "down", ""), (shift.days, "later", "earlier", " days")):
        if moves:
            up, sizes = sum(one > 0 for one in moves), [abs(one) for one in moves]
            by = f"by {median(sizes):.3g}{unit} in the middle, {max(sizes):.3g} at most"
            says.append(f"{more} {up}, {less} {len(sizes) - up}, {by}")
    says += [f"told now: {shift.told_now}"] if shift.told_now else []
    says += [f"no longer told: {shift.no_longer_told}"] if shift.no_longer_told else []
    return "; ".join(says)
