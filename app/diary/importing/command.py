"""The call `reprieve import`: reads a file, reports its faults on stderr, and writes it whole or not at all."""

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import UTC, date, timedelta, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

from app.diary.importing.days import DayOfDiary, Fault, Reading, gather, read_readings
from app.diary.importing.ndjson import is_ndjson, read_entries
from app.diary.importing.table import MAPPABLE, BadFile, Row, decode, read_rows
from app.diary.importing.values import BadCell, Order, read_moment
from app.store.base import utc_now

REGIONS = ("cervical", "thoracic", "lumbar", "sacroiliac")
SIDE_OF = {"left": "left", "right": "right", "bilateral": "both"}


@dataclass(frozen=True)
class Options:
    """What the command line said."""

    file: str
    patient: str | None
    mapping: list[str]
    day_first: bool
    month_first: bool
    encoding: str | None
    keep_going: bool
    dry_run: bool
    performed_on: str | None
    region: str | None
    laterality: str | None
    baseline_pain: float | None


@dataclass(frozen=True)
class Contents:
    """What a file holds: days gathered from rows, entries taken as they are, and the lines at fault."""

    days: list[DayOfDiary]
    entries: list[tuple[int, Any, float | None]]
    faults: list[Fault]


class BadUse(Exception):
    """Options that do not go together; exit code 2."""


def run(options: Options) -> int:
    """Imports; 0 when every line was good, 1 when one was not or the file can't be read, 2 for wrong options."""
    try:
        _check(options)
        data = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
        return _dry_run(options, data) if options.dry_run else asyncio.run(_import(options, data))
    except BadUse as error:
        _say(f"reprieve: {error}")
        return 2
    except OSError as error:
        _say(f"reprieve: {options.file}: {error.strerror}")
        return 2
    except BadFile as error:
        _say(f"reprieve: {options.file}: {error}; nothing was written")
        return 1


def read_file(options: Options, data: bytes, zone: tzinfo, today: date) -> Contents:
    """Everything in the file, good and at fault.

    Raises:
        BadFile: the file as a whole can't be read.
    """
    text = decode(data, options.encoding)
    order: Order = "day" if options.day_first else "month" if options.month_first else None
    entries, rows, faults = [], [], []
    if is_ndjson(text):
        for item in read_entries(text, today):
            if isinstance(item, Fault):
                faults.append(item)
            elif isinstance(item, Row):
                rows.append(item)
            else:
                entries.append(item)
    else:
        rows = list(read_rows(text, _mapping(options.mapping)))
    readings: list[Reading] = []
    for found in read_readings(rows, order, zone, today):
        if isinstance(found, Fault):
            faults.append(found)
        else:
            readings.append(found)
    return Contents(gather(readings), entries, sorted(faults, key=lambda f: f.line))


def report(faults: list[Fault], keep_going: bool) -> None:
    """Each line at fault, and what that means for the rest."""
    for fault in faults:
        _say(str(fault))
    if faults:
        count = "1 line is" if len(faults) == 1 else f"{len(faults)} lines are"
        _say(
            f"{count} at fault; "
            + ("the others were taken" if keep_going else "nothing was written (--keep-going takes the others)")
        )


def _check(options: Options) -> None:
    if options.day_first and options.month_first:
        raise BadUse("--day-first and --month-first can't both be right")
    if options.region is not None and options.region not in REGIONS:
        raise BadUse(f"--region: {options.region!r} is none of {', '.join(REGIONS)}")
    if options.laterality is not None and options.laterality not in SIDE_OF:
        raise BadUse(f"--laterality: {options.laterality!r} is none of {', '.join(SIDE_OF)}")
    if options.baseline_pain is not None and not 0 <= options.baseline_pain <= 10:
        raise BadUse("--baseline-pain: not a score from 0 to 10")
    if options.dry_run and None in (options.performed_on, options.region, options.laterality):
        raise BadUse("--dry-run needs --performed-on, --region and --laterality")
    if not options.dry_run and options.patient is None:
        raise BadUse("--patient says whose diary it is; or use --dry-run")
    _mapping(options.mapping)


def _mapping(pairs: list[str]) -> dict[str, str]:
    out = {}
    for pair in pairs:
        field, _, heading = pair.partition("=")
        if field not in MAPPABLE or not heading:
            raise BadUse(f'--map {pair!r}: write FIELD="Heading"; the fields are {", ".join(MAPPABLE)}')
        out[field] = heading.strip('"')
    return out


def _dry_run(options: Options, data: bytes) -> int:
    try:
        performed_on = read_moment(options.performed_on or "", None).day
    except BadCell as error:
        raise BadUse(f"--performed-on: {error}") from None
    contents = read_file(options, data, UTC, utc_now().date() + timedelta(days=1))
    report(contents.faults, options.keep_going)
    if contents.faults and not options.keep_going:
        return 1
    entries = [_flat(d, options) for d in contents.days] + [_flat_entry(e, m, options) for _, e, m in contents.entries]
    line = {
        "id": Path(options.file).stem or "diary",
        "procedure": {
            "performed_on": performed_on.isoformat(), "region": options.region, "laterality": options.laterality},
        "baseline_pain": options.baseline_pain,
        "entries": sorted(entries, key=lambda e: e["date"]),
    }  # fmt: skip
    print(json.dumps(line, ensure_ascii=False))
    return 1 if contents.faults else 0


def _flat(day: DayOfDiary, options: Options) -> dict[str, Any]:
    sites = [
        pain for site, pain in day.pain.items()
        if site is None or (site[0] == options.region and _treats(options.laterality, site[1]))
    ]  # fmt: skip
    averages = [a for a, _ in sites if a is not None]
    worsts = [w for _, w in sites if w is not None]
    written = None if day.written is None else max(day.written.date(), day.day)
    return {
        "date": day.day.isoformat(), "recorded_on": (written or day.day).isoformat(),
        "pain_average": max(averages, default=None), "pain_worst": max(worsts, default=None), "opioid_mme": day.mme,
        "steps": day.steps}  # fmt: skip


def _flat_entry(entry: Any, mme: float | None, options: Options) -> dict[str, Any]:
    day = DayOfDiary(entry.date, mme=mme, written=entry.recorded_at)
    for pain in entry.pain or []:
        day.pain[pain.region, pain.side] = (pain.average if pain.average is not None else pain.now, pain.worst)
    day.steps = None if entry.activity is None else entry.activity.steps
    return _flat(day, options)


def _treats(laterality: str | None, side: str) -> bool:
    return laterality == "bilateral" or side in (laterality, "both")


async def _import(options: Options, data: bytes) -> int:
    from app.diary.importing.recording import find_patient, opened, record

    try:
        patient_id = UUID(options.patient or "")
    except ValueError:
        raise BadUse(f"--patient: {options.patient!r} is no id") from None
    async with opened() as database:
        person, site = await find_patient(database, patient_id, options.region, options.laterality)
        if person is None:
            raise BadUse(f"--patient: there is no patient {patient_id}")
        contents = read_file(options, data, person.zone, person.today)
        if site is None and any(None in d.pain for d in contents.days):
            raise BadUse("which site is it? Say --region and --laterality, for the patient has no procedure yet")
        report(contents.faults, options.keep_going)
        if contents.faults and not options.keep_going:
            return 1
        counts = await record(database, person, contents, site)
    _say(", ".join(f"{n} {status}" for status, n in counts.items() if n) or "there was nothing to import")
    return 1 if contents.faults else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr)
