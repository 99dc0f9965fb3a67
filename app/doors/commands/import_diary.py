"""The call `reprieve import`: reads a file, reports its faults on stderr, and writes it whole or not at all."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.base.http.wire import zone_names
from app.base.store.metadata import utc_now
from app.doors.commands.common import Refusal, new_call, opened, report
from app.doors.commands.whose import ClinicOption, parse_whose
from app.record.diary.importing.days import DayOfDiary, Fault, How, ReadRow, gather, read_readings
from app.record.diary.importing.ndjson import is_array, is_ndjson, read_entries
from app.record.diary.importing.questions import ask, only
from app.record.diary.importing.table import MAPPABLE, BadFile, Row, decode, read_sheet
from app.record.diary.importing.values import BadCell, Order, read_moment
from app.record.diary.schemas import DatedEntryIn
from app.record.patients.service import today_of
from app.rules.words import REGIONS, SIDE_OF


@dataclass(frozen=True)
class Options:
    """What the command line said."""

    file: str
    patient: str | None
    clinic: str | None
    mapping: list[str]
    day_first: bool
    month_first: bool
    encoding: str | None
    only: list[str]
    scale: float | None
    tz: str | None
    keep_going: bool
    dry_run: bool
    performed_on: str | None
    region: str | None
    laterality: str | None
    baseline_pain: float | None


@dataclass(frozen=True)
class Contents:
    """What a file holds: days gathered from rows, entries taken as they are, the lines at fault, and what to know."""

    days: list[DayOfDiary]
    entries: list[tuple[int, DatedEntryIn, float | None]]
    faults: list[Fault]
    notes: list[str]


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
    region: Annotated[str | None, typer.Option(help="cervical, thoracic, lumbar or sacroiliac")] = None,
    laterality: Annotated[str | None, typer.Option(help="left, right or bilateral")] = None,
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
    _check(options)
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        code = _dry_run(options, data) if dry_run else asyncio.run(_import(options, data))
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    except BadFile as error:
        report(f"reprieve: {file}: {error}; nothing was written")
        raise typer.Exit(1) from None
    raise typer.Exit(code)


def read_file(
    options: Options, data: bytes, *, zone: tzinfo | None, today: date, site: tuple[str, str] | None = None
) -> Contents:
    """Everything in the file, good and at fault; `site` is that of the rows that name none.

    Raises:
        BadFile: the file as a whole can't be read, or leaves open what only a person can say.
    """
    text = decode(data, options.encoding)
    order: Order = "day" if options.day_first else "month" if options.month_first else None
    entries, rows, faults, notes = [], [], [], []
    if is_array(text):
        raise BadFile("is one JSON array; write each entry on a line of its own, as jq -c '.[]' does")
    if is_ndjson(text):
        for item in read_entries(text, today):
            if isinstance(item, Fault):
                faults.append(item)
            elif isinstance(item, Row):
                rows.append(item)
            else:
                entries.append(item)
                notes += [f"line {item[0]}: /{doubt}; kept, for it was accepted once" for doubt in item[1].doubts()]
    else:
        wanted = _chosen(options.only)
        chosen = {heading.strip().lower() for heading, _ in wanted}
        sheet = only(read_sheet(text, _pairs(options.mapping)), wanted)
        ask(sheet, order=order, scale=options.scale, chosen=chosen)
        rows, notes = sheet.rows(), sheet.notes(chosen)
    readings: list[ReadRow] = []
    for found in read_readings(rows, How(order, zone, today, options.scale or 10, site)):
        if isinstance(found, Fault):
            faults.append(found)
        else:
            readings.append(found)
    return Contents(gather(readings, site), entries, sorted(faults, key=lambda f: f.line), notes)


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


def _check(options: Options) -> None:
    if options.day_first and options.month_first:
        raise Refusal("--day-first and --month-first can't both be right")
    if options.region is not None and options.region not in REGIONS:
        raise Refusal(f"--region: {options.region!r} is none of {', '.join(REGIONS)}")
    if options.laterality is not None and options.laterality not in SIDE_OF:
        raise Refusal(f"--laterality: {options.laterality!r} is none of {', '.join(SIDE_OF)}")
    if options.baseline_pain is not None and not 0 <= options.baseline_pain <= 10:
        raise Refusal("--baseline-pain: not a score from 0 to 10")
    if options.dry_run and None in (options.performed_on, options.region, options.laterality):
        raise Refusal("--dry-run needs --performed-on, --region and --laterality")
    if not options.dry_run and options.patient is None:
        raise Refusal("--patient says whose diary it is; or use --dry-run")
    if options.scale is not None and not 1 <= options.scale <= 1_000:
        raise Refusal("--scale: not a number from 1 to 1000")
    if options.tz is not None and options.tz not in zone_names():
        raise Refusal(f"--tz: {options.tz!r} is no time zone, such as Europe/Zurich")
    _pairs(options.mapping)
    _chosen(options.only)


def _chosen(pairs: list[str]) -> list[tuple[str, str]]:
    out = []
    for pair in pairs:
        heading, equals, value = pair.partition("=")
        if not heading.strip() or not equals or not value.strip():
            raise Refusal(f"--only {pair!r}: write COLUMN=VALUE")
        out.append((heading, value.strip('"')))
    return out


def _pairs(pairs: list[str]) -> dict[str, str]:
    out = {}
    for pair in pairs:
        field, _, heading = pair.partition("=")
        if field not in MAPPABLE or not heading:
            raise Refusal(f'--map {pair!r}: write FIELD="Heading"; the fields are {", ".join(MAPPABLE)}')
        out[field] = heading.strip('"')
    return out


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
    for pain in entry.pain or []:
        day.pain[pain.region, pain.side] = (pain.average if pain.average is not None else pain.now, pain.worst)
    day.steps = None if entry.activity is None else entry.activity.steps
    return _flat(day, options, zone)


def _is_treated(where: tuple[str, str], options: Options) -> bool:
    region, side = where
    return region == options.region and (options.laterality == "bilateral" or side in (options.laterality, "both"))


async def _import(options: Options, data: bytes) -> int:
    from app.doors.commands.import_recording import find_patient, record, to_record

    whose = parse_whose(options.patient or "", options.clinic)
    async with opened() as database:
        person, site = await find_patient(database, whose, region=options.region, laterality=options.laterality)
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
