"""The calls `reprieve cohort ...`: curves of clinics or databases that can't be one, and rows for research."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.tables import Clinic
from app.access.audit.service import record_of_command
from app.answers.cohorts.merging import CohortCounts, MergeError, merged, read_counts
from app.answers.cohorts.schemas import CohortCurves, CohortQuery, CohortRowOut
from app.answers.cohorts.service import count, curves_of, rows_in_pages
from app.answers.verdicts.claims import DEFINITION
from app.answers.verdicts.sweep import count_stale, sweep
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.base.store.typed import col
from app.doors.commands.common import Refusal, new_call, opened, parse_id, report, tidy_when_stopped
from app.doors.commands.parquet import columns_of, write_parquet

FILTERS = [one for one in CohortQuery.model_fields if one not in ("definition", "outside")]
COLUMNS = {"clinic_id": "UUID", **columns_of(CohortRowOut, without=("group",))}

app = new_call("Cohorts: counts that travel, the curves of several databases' counts together, rows for research.")


@app.command("counts")
def counts(
    clinic: Annotated[list[str] | None, typer.Option(help="id of a clinic, may be repeated; all if not given")] = None,
    group_by: Annotated[str | None, typer.Option(help="region, technique, operator, ... as in the API")] = None,
    definition: Annotated[str, typer.Option(help="half, eighty or full")] = "half",
    where: Annotated[list[str] | None, typer.Option(help="a filter as name=value, such as region=lumbar")] = None,
    outside: Annotated[bool, typer.Option(help="patients who agreed to research alone; no figures of few")] = False,
) -> None:
    """Counts a cohort as JSON: how many ended how and when; no name, no id and no date."""
    asked = _asked(definition=definition, outside=str(outside), group_by=group_by, **_filters(where or []))
    whose = [str(parse_id("--clinic", one)) for one in clinic or []]
    print(asyncio.run(_counted(whose, asked)).model_dump_json())


@app.command("rows")
def rows(
    file: Annotated[Path, typer.Argument(help="the Parquet file to write, or to put a newer one in the place of")],
    clinic: Annotated[list[str] | None, typer.Option(help="id of a clinic, may be repeated; all if not given")] = None,
    definition: Annotated[str, typer.Option(help="half, eighty or full")] = "half",
    where: Annotated[list[str] | None, typer.Option(help="a filter as name=value, such as region=lumbar")] = None,
) -> None:
    """Writes the procedures behind a cohort as Parquet, for research: those of patients who agreed to it, and no others."""
    asked = _asked(definition=definition, outside="true", **_filters(where or []))
    whose = [str(parse_id("--clinic", one)) for one in clinic or []]
    with tidy_when_stopped():
        many = asyncio.run(_written(file, whose, asked))
    report(f"{many} procedures")


@app.command("merge")
def merge(
    files: Annotated[list[Path], typer.Argument(help="what `reprieve cohort counts` wrote; asked alike")],
    failures: Annotated[str, typer.Option(help="procedures without relief: beside the curve, or inside it")] = "beside",
    until: Annotated[int, typer.Option(help="days to which the restricted mean is counted")] = 365,
) -> None:
    """Prints the curves of all counts together, as the API does of a clinic's: equal to the bit to those of one database."""
    whole = _merged(files)
    told = {"group_by": whole.group_by, "definition": whole.definition, "outside": str(whole.outside)}
    print(curves_of(whole, _asked(**told, failures=failures, until=str(until))).model_dump_json(by_alias=True))
    many = sum(one.many for one in whole.counts)
    report(f"{many} procedures of {len(files)} files, {whole.stale} verdicts not up to date")


def _merged(files: list[Path]) -> CohortCounts:
    if len({path.resolve() for path in files}) < len(files):
        raise Refusal("a file is named twice: its procedures would count twice")
    try:
        return merged({str(path): read_counts(str(path), path.read_bytes()) for path in files})
    except OSError as error:
        raise Refusal(f"{error.filename}: {error.strerror}") from None
    except MergeError as error:
        raise Refusal(str(error)) from None


def _filters(where: list[str]) -> dict[str, str]:
    parts = [one.partition("=") for one in where]
    for name, equals, value in parts:
        if not (name and equals and value):
            raise Refusal(f"--where: {name!r} is no filter; write name=value")
        if name not in FILTERS:
            raise Refusal(f"--where: {name!r} is none of {', '.join(FILTERS)}")
    named = {name: value for name, _, value in parts}
    if len(named) < len(parts):
        raise Refusal("--where: a filter is named twice; each has one value")
    return named


def _asked(**named: str | None) -> CohortCurves:
    try:
        return CohortCurves.model_validate_strings({name: one for name, one in named.items() if one is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Refusal(f"{'/'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


async def _asked_for(database: Database, whose: list[str], asked: CohortCurves) -> tuple[list[UUID], int]:
    """The clinics that were named, or all, and how many verdicts are not up to date, which is told.

    Verdicts by the other definitions nobody keeps up to date: they are made first.

    Raises:
        Refusal: one of them is not there, or none is.
    """
    if asked.definition != DEFINITION:
        async for _ in sweep(database, utc_now, definition=asked.definition):
            pass
    async with database.read() as connection:
        stale = await count_stale(connection, utc_now(), definition=asked.definition)
        there = (await connection.execute(select(col(Clinic.id)).order_by(col(Clinic.id)))).scalars().all()
    unknown = set(whose) - {str(one) for one in there}
    if unknown:
        raise Refusal(f"--clinic: there is no clinic {min(unknown)}")
    if not there:
        raise Refusal("there is no clinic yet")
    if stale:
        report(f"{stale} verdicts are not up to date; run `reprieve sweep` first to have them counted as they stand")
    return [one for one in there if not whose or str(one) in whose], stale


async def _written(file: Path, whose: list[str], asked: CohortCurves) -> int:
    async with opened() as database:
        clinics, _ = await _asked_for(database, whose, asked)
        async with aclosing(_rows(database, clinics, asked)) as found:
            return await write_parquet(file, COLUMNS, found)


async def _rows(database: Database, clinics: list[UUID], asked: CohortCurves) -> AsyncGenerator[tuple[object, ...]]:
    """The rows of one state of the data; each patient whom they name has an event of it."""
    async with database.read() as connection:
        for clinic_id in clinics:
            async for page in rows_in_pages(connection, clinic_id, asked):
                await database.write(
                    partial(_leave_events, clinic_id=clinic_id, whose={one.patient_id for one in page})
                )
                for one in page:
                    yield clinic_id, *one.model_dump(exclude={"group"}).values()


async def _leave_events(connection: AsyncConnection, *, clinic_id: UUID, whose: set[UUID]) -> None:
    for one in sorted(whose):
        await record_of_command(connection, "read", "cohort", clinic_id=clinic_id, patient_id=one, now=utc_now())


async def _counted(whose: list[str], asked: CohortCurves) -> CohortCounts:
    async with opened() as database:
        clinics, stale = await _asked_for(database, whose, asked)
        each = [await count(database, one, asked, stale=0) for one in clinics]
    return merged({str(place): one for place, one in enumerate(each)}).model_copy(update={"stale": stale})
