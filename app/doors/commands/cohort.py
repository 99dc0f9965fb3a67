"""The calls `reprieve cohort counts` and `reprieve cohort merge`: curves of clinics or databases that can't be one."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy import select

from app.access.accounts.tables import Clinic
from app.answers.cohorts.merging import CohortCounts, MergeError, merged, read_counts
from app.answers.cohorts.schemas import CohortCurves
from app.answers.cohorts.service import count, curves_of
from app.answers.verdicts.sweep import count_stale
from app.base.store.metadata import utc_now
from app.base.store.typed import col
from app.doors.commands.common import Refusal, new_call, opened, parse_id, report

app = new_call("Cohorts: counts that travel, and the curves of several databases' counts together.")


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
    return {name: value for name, _, value in parts}


def _asked(**named: str | None) -> CohortCurves:
    try:
        return CohortCurves.model_validate_strings({name: one for name, one in named.items() if one is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Refusal(f"{'/'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


async def _counted(whose: list[str], asked: CohortCurves) -> CohortCounts:
    async with opened() as database:
        async with database.read() as connection:
            stale = await count_stale(connection, utc_now(), definition=asked.definition)
            there = (await connection.execute(select(col(Clinic.id)).order_by(col(Clinic.id)))).scalars().all()
        unknown = set(whose) - {str(one) for one in there}
        if unknown:
            raise Refusal(f"--clinic: there is no clinic {min(unknown)}")
        each = [await count(database, one, asked, stale=0) for one in there if not whose or str(one) in whose]
    if stale:
        report(f"{stale} verdicts are not up to date; run `reprieve sweep` first to have them counted as they stand")
    if not each:
        raise Refusal("there is no clinic yet")
    return merged({str(place): one for place, one in enumerate(each)}).model_copy(update={"stale": stale})
