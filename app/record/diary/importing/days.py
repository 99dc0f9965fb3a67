"""Turns rows into days: reports faults by line, and merges several rows of a day."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from typing import cast, get_args

from app.base.http.wire import FIRST_DAY
from app.record.diary.importing.places import read_place, site
from app.record.diary.importing.table import BadFile, Row
from app.record.diary.importing.values import (
    BadCell,
    CellMoment,
    Order,
    is_blank,
    is_total,
    read_amount,
    read_count,
    read_moment,
    read_score,
    read_temperature,
    thousands,
)
from app.rules.words import REGIONS, Region, Side

SITES: dict[str, tuple[str, ...]] = {"region": REGIONS, "side": get_args(Side)}
FORMULA = ("=", "+", "-", "@")
SHOWN = 60  # characters of a cell at fault that the report repeats


@dataclass(frozen=True)
class Fault:
    """A line that can't be imported, and why."""

    line: int
    says: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.says}"


@dataclass(frozen=True)
class ReadingOptions:
    """How rows are read: the order of day and month, the patient's zone and day, the scale, and the treated site.

    `zone` is None where nobody has said it; `mark` stands between thousands, as far as the file shows.
    """

    order: Order
    zone: tzinfo | None
    today: date
    scale: float = 10
    treated: tuple[str, str] | None = None
    mark: str | None = None


@dataclass(frozen=True)
class ReadRow:
    """One good row; the site is None where the sheet does not name it."""

    line: int
    day: date
    site: tuple[str, str] | None
    average: float | None
    worst: float | None
    mme: float | None
    steps: float | None
    note: str | None
    temperature: float | None
    written: datetime | None


@dataclass
class DayOfDiary:
    """One day: for each site the average to the nearest half and the worst; the rest belongs to no site."""

    day: date
    pain: dict[tuple[str, str] | None, tuple[float | None, float | None]] = field(default_factory=dict)
    mme: float | None = None
    steps: int | None = None
    note: str | None = None
    temperature: float | None = None
    written: datetime | None = None
    line: int = 0


def read_readings(rows: Iterable[Row], how: ReadingOptions) -> Iterator[ReadRow | Fault]:
    """Each row as a reading or a fault; lines of totals and blank lines are skipped.

    Raises:
        BadFile: an instant in UTC, and nobody has said on whose calendar.
    """
    held = list(rows)
    numbers = [(row.cells.get(name, ""), name == "steps") for row in held for name in ("steps", "opioid_mme")]
    known = replace(how, mark=thousands([*numbers, *((row.cells.get("pain_average", ""), False) for row in held)]))
    for row in held:
        raw = row.cells.get("date", "")
        others = [cell for name, cell in row.cells.items() if name != "date"]
        if is_total(raw) or (is_blank(raw) and all(is_blank(cell) for cell in others)):
            continue
        try:
            yield _reading(row, known)
        except _CellFault as fault:
            shown = f'{fault.field} "{fault.cell[:SHOWN]}": ' if fault.field else ""
            yield Fault(row.line, shown + fault.says)


class _CellFault(Exception):
    def __init__(self, name: str, cell: str, says: str) -> None:
        self.field, self.cell, self.says = name, cell, says


def _reading(row: Row, how: ReadingOptions) -> ReadRow:
    def cell(name: str) -> str:
        return row.cells.get(name, "")

    name = ""
    try:
        if row.extra:
            raise BadCell(f"has {row.extra} cells, more than there are headings; is a comma part of a number?")
        name = "date"
        moment = _moment(row, name, how)
        _within(moment.day, how.today)
        name = "recorded_on"
        later = None if is_blank(cell(name)) else _moment(row, name, how)
        if later is not None and later.day < moment.day:
            raise BadCell("lies before the day that the line is about")
        name = "pain_average"
        average = read_score(cell(name), how.scale)
        name = "pain_worst"
        worst = read_score(cell(name), how.scale)
        if average is not None and worst is not None and nearest_half(worst) < nearest_half(average):
            raise BadCell(f"lies under the average of {cell('pain_average').strip()}")
        name = "opioid_mme"
        mme = read_amount(cell(name), 10_000, how.mark)
        name = "steps"
        steps = read_count(cell(name), 200_000)
        name = "temperature_c"
        temperature = read_temperature(cell(name))
        name = "place" if cell("place") else "region"
        where = _site(row, how.treated)
    except BadCell as error:
        raise _CellFault(name, cell(name), str(error)) from None
    note = None if is_blank(cell("note")) else _clean(cell("note"))
    written = _written(later or moment, how.zone)
    return ReadRow(row.line, moment.day, where, average, worst, mme, steps, note, temperature, written)


def _moment(row: Row, name: str, how: ReadingOptions) -> CellMoment:
    cell = row.cells.get(name, "")
    moment = read_moment(cell, how.order)
    if not moment.is_utc:
        return moment
    if how.zone is None:
        raise BadFile(
            f'line {row.line}: {name} "{cell.strip()}" is an instant in UTC; which day was it for the patient?'
            " Say --tz, such as --tz Europe/Zurich"
        )
    return moment.on_calendar(how.zone)


def _written(moment: CellMoment, zone: tzinfo | None) -> datetime:
    last = datetime(moment.day.year, moment.day.month, moment.day.day, 23, 59, tzinfo=zone or UTC)
    return moment.written(zone or UTC) or last


def _within(day: date, today: date) -> None:
    if day < FIRST_DAY:
        raise BadCell(f"lies before {FIRST_DAY}")
    if day > today:
        raise BadCell("lies in the future")


def _site(row: Row, treated: tuple[str, str] | None) -> tuple[str, str] | None:
    region, side = (row.cells.get(name, "").strip().lower() for name in ("region", "side"))
    for name, word in (("region", region), ("side", side)):
        if not is_blank(word) and word not in SITES[name]:
            raise BadCell(f"{word!r} is none of {', '.join(SITES[name])}")
    if is_blank(region) and is_blank(side):
        return site(read_place(row.cells.get("place", "")), treated)
    named = cast("Region | None", None if is_blank(region) else region)
    return site((named, cast("Side | None", None if is_blank(side) else side)), treated)


def gather(readings: Iterable[ReadRow], site: tuple[str, str] | None = None) -> list[DayOfDiary]:
    """Days in order. Of several rows a day the mean, to the nearest half, is the average and the highest the worst.

    `site` is that of the rows that name none.
    """
    by_day: dict[date, list[ReadRow]] = {}
    for reading in readings:
        by_day.setdefault(reading.day, []).append(reading)
    days = [_together(day, by_day[day], site) for day in sorted(by_day)]
    return [d for d in days if d.pain or d.note or (d.mme, d.steps, d.temperature) != (None, None, None)]


def _together(day: date, readings: list[ReadRow], unnamed: tuple[str, str] | None) -> DayOfDiary:
    out = DayOfDiary(day, line=readings[0].line)
    for where in dict.fromkeys(r.site or unnamed for r in readings):
        own = [r for r in readings if (r.site or unnamed) == where]
        averages = [r.average for r in own if r.average is not None]
        worsts = [r.worst for r in own if r.worst is not None]
        average = nearest_half(sum(averages) / len(averages)) if averages else None
        if len(averages) > 1:
            worsts += averages
        worst = nearest_half(max(worsts)) if worsts else None
        if average is not None or worst is not None:
            out.pain[where] = (average, worst)
    out.mme = max((r.mme for r in readings if r.mme is not None), default=None)
    steps = max((r.steps for r in readings if r.steps is not None), default=None)
    out.steps = None if steps is None else round(steps)
    out.temperature = max((r.temperature for r in readings if r.temperature is not None), default=None)
    out.note = " / ".join(dict.fromkeys(r.note for r in readings if r.note)) or None
    out.written = max((r.written for r in readings if r.written is not None), default=None)
    return out


def nearest_half(value: float) -> float:
    """To the nearest 0.5; a quarter goes up."""
    return math.floor(value * 2 + 0.5) / 2


def _clean(note: str) -> str:
    text = "".join(c for c in note.replace("\r\n", "\n").strip() if c >= " " or c in "\n\t")
    if text[:1] == "'" and text[1:2] in FORMULA:
        text = text[1:]  # `export` puts this mark before text that a spreadsheet would run as a formula
    return text[:4_000]
