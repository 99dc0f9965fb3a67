"""What an import was asked for, and what its file holds."""

from dataclasses import dataclass
from datetime import date, tzinfo

from app.base.http.wire import zone_names
from app.doors.commands.common import Refusal
from app.record.diary.importing.days import DayOfDiary, Fault, ReadingOptions, ReadRow, gather, read_readings
from app.record.diary.importing.ndjson import is_array, is_ndjson, read_entries
from app.record.diary.importing.questions import ask, only
from app.record.diary.importing.table import MAPPABLE, BadFile, Row, decode, read_sheet
from app.record.diary.importing.values import Order
from app.record.diary.schemas import DatedEntryIn
from app.rules.words import Laterality, Region


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
    region: Region | None
    laterality: Laterality | None
    baseline_pain: float | None


@dataclass(frozen=True)
class Contents:
    """What a file holds: days gathered from rows, entries taken as they are, the lines at fault, and what to know."""

    days: list[DayOfDiary]
    entries: list[tuple[int, DatedEntryIn, float | None]]
    faults: list[Fault]
    notes: list[str]


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
    for found in read_readings(rows, ReadingOptions(order, zone, today, options.scale or 10, site)):
        if isinstance(found, Fault):
            faults.append(found)
        else:
            readings.append(found)
    return Contents(gather(readings, site), entries, sorted(faults, key=lambda f: f.line), notes)


def check(options: Options) -> None:
    """Refuses what can't be meant, before the file is read.

    Raises:
        Refusal: it names the option.
    """
    if options.day_first and options.month_first:
        raise Refusal("--day-first and --month-first can't both be right")
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
