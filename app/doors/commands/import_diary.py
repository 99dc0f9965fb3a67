"""The call `reprieve import`: reads a file, reports its faults on stderr, and writes it whole or not at all."""

import asyncio
import json
import sys
from collections import Counter
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.base.store.metadata import utc_now
from app.doors.commands.chosen_patient import ClinicOption, chosen_patient
from app.doors.commands.common import Refusal, new_call, opened, report
from app.doors.commands.import_file import Options, check, read_file
from app.record.diary.importing.days import DayOfDiary, Fault
from app.record.diary.importing.table import BadFile
from app.record.diary.importing.values import BadCell, read_moment
from app.record.diary.schemas import DatedEntryIn
from app.record.patients.service import today_of
from app.rules.words import SIDE_OF, Laterality, Region

app = new_call()


@app.command("import")
def import_diary(
    file: Annotated[str, typer.Argument(help="CSV or NDJSON; `-` is standard input")],
    patient: Annotated[str | None, typer.Option(help="id of the patient whose diary it is")] = None,
    clinic: ClinicOption = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar='FIELD="Heading"', help="which column is what")
    ] = None,
    day_first: Annotated[bool, typer.Option("--day-first", help="03/04/2025 is 3 April")] = False,
    month_first: Annotated[bool, typer.Option("--month-first", help="03/04/2025 is March 4")] = False,
    encoding: Annotated[str | None, typer.Option(help="of the file, where it is not detected")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="take the lines with this value; more than once is any"),
    ] = None,
    scale: Annotated[float | None, typer.Option(help="the worst score on the file's scale, such as 100")] = None,
    tz: Annotated[str | None, typer.Option(help="time zone of the patient's calendar, such as Europe/Zurich")] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="take the good lines although others are at fault")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="write nothing; print what `reprieve trace` reads")
    ] = False,
    performed_on: Annotated[str | None, typer.Option(help="day of the procedure, for a dry run")] = None,
    region: Annotated[Region | None, typer.Option(help="of the spine that was treated")] = None,
    laterality: Annotated[Laterality | None, typer.Option(help="the side that was treated")] = None,
    baseline_pain: Annotated[float | None, typer.Option(help="the clinic's recorded pain, for a dry run")] = None,
) -> None:
    """A diary from CSV or NDJSON; faults are reported line by line, and then nothing is written."""
    options = Options(
        file=file,
        patient=patient,
        clinic=clinic,
        mapping=mapping or [],
        day_first=day_first,
        month_first=month_first,
        encoding=encoding,
        only=only or [],
        scale=scale,
        tz=tz,
        keep_going=keep_going,
        dry_run=dry_run,
        performed_on=performed_on,
        region=region,
        laterality=laterality,
        baseline_pain=baseline_pain,
    )
    check(options)
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        code = _dry_run(options, data) if dry_run else asyncio.run(_import(options, data))
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    except BadFile as error:
        report(f"reprieve: {file}: {error}; nothing was written")
        raise typer.Exit(1) from None
    raise typer.Exit(code)


def tell_notes(notes: list[str]) -> None:
    """What a person should know of how the file was read."""
    for note in notes:
        report(note)


def tell_faults(faults: list[Fault], keep_going: bool) -> None:
    """Each line at fault, and what that means for the rest."""
    for fault in faults:
        report(str(fault))
    if faults:
        count = "1 line is" if len(faults) == 1 else f"{len(faults)} lines are"
        report(
            f"{count} at fault; "
            + ("the others were taken" if keep_going else "nothing was written (--keep-going takes the others)")
        )


def _dry_run(options: Options, data: bytes) -> int:
    try:
        performed_on = read_moment(options.performed_on or "", None).day
    except BadCell as error:
        raise Refusal(f"--performed-on: {error}") from None
    zone = None if options.tz is None else ZoneInfo(options.tz)
    site = (options.region or "", SIDE_OF[options.laterality or ""])
    contents = read_file(options, data, zone=zone, today=utc_now().date() + timedelta(days=1), site=site)
    tell_notes(contents.notes)
    tell_faults(contents.faults, options.keep_going)
    if contents.faults and not options.keep_going:
        return 1
    elsewhere = sum(any(where and not _is_treated(where, options) for where in d.pain) for d in contents.days)
    if elsewhere:
        report(f"days with scores of other places, which are left out here: {elsewhere}")
    entries = [_flat(d, options, zone) for d in contents.days]
    entries += [_flat_entry(e, m, options=options, zone=zone) for _, e, m in contents.entries]
    line = {
        "id": Path(options.file).stem or "diary",
        "procedure": {
            "performed_on": performed_on.isoformat(),
            "region": options.region,
            "laterality": options.laterality,
        },
        "baseline_pain": options.baseline_pain,
        "entries": sorted(entries, key=lambda e: str(e["date"])),
    }
    print(json.dumps(line, ensure_ascii=False))
    return 1 if contents.faults else 0


def _flat(day: DayOfDiary, options: Options, zone: tzinfo | None) -> dict[str, object]:
    sites = [pain for where, pain in day.pain.items() if where is None or _is_treated(where, options)]
    averages = [a for a, _ in sites if a is not None]
    worsts = [w for _, w in sites if w is not None]
    at = day.written if day.written is None or zone is None else day.written.astimezone(zone)
    written = None if at is None else max(at.date(), day.day)
    return {
        "date": day.day.isoformat(),
        "recorded_on": (written or day.day).isoformat(),
        "pain_average": max(averages, default=None),
        "pain_worst": max(worsts, default=None),
        "opioid_mme": day.mme,
        "steps": day.steps,
    }


def _flat_entry(entry: DatedEntryIn, mme: float | None, *, options: Options, zone: tzinfo | None) -> dict[str, object]:
    day = DayOfDiary(entry.date, mme=mme, written=entry.recorded_at)
    for pain in entry.content().get("pain") or ():  # with what follows from the day's moments
        day.pain[pain["region"], pain["side"]] = (pain.get("average", pain.get("now")), pain.get("worst"))
    day.steps = None if entry.activity is None else entry.activity.steps
    return _flat(day, options, zone)


def _is_treated(where: tuple[str, str], options: Options) -> bool:
    region, side = where
    return region == options.region and (options.laterality == "bilateral" or side in (options.laterality, "both"))


async def _import(options: Options, data: bytes) -> int:
    from app.doors.commands.import_recording import find_patient, record, to_record

    chosen = chosen_patient(options.patient or "", options.clinic)
    async with opened() as database:
        person, site = await find_patient(database, chosen, region=options.region, laterality=options.laterality)
        now = utc_now()
        zone, today = ZoneInfo(options.tz or person.time_zone), today_of(person.time_zone, now)
        contents = read_file(options, data, zone=zone, today=today, site=site)
        if site is None and any(None in d.pain for d in contents.days):
            raise Refusal("which site is it? Say --region and --laterality, for the patient has no procedure yet")
        tell_notes(contents.notes)
        read = list(to_record(contents, person, now))
        faults = sorted(contents.faults + [one for one in read if isinstance(one, Fault)], key=lambda f: f.line)
        tell_faults(faults, options.keep_going)
        if faults and not options.keep_going:
            return 1
        entries = [one for one in read if not isinstance(one, Fault)]
        done = await record(database, person, entries=entries, now=now)
    counts = Counter(one.status for one in done.outcomes)
    report(", ".join(f"{n} {status}" for status, n in counts.items() if n) or "there was nothing to import")
    if done.flags:
        report(f"red flags raised: {done.flags}; the clinic's page of flags has them")
    return 1 if faults else 0
