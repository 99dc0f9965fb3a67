"""Reading one cell: a day, a score, a number."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal

Order = Literal["day", "month"] | None
BLANK = {"", "-", "--", "n/a", "na", "n.a.", "none", "null", "nan", "nil", "?", ".", "…", "missing", "k.a."}
TOTALS = {
    "total",
    "totals",
    "sum",
    "average",
    "mean",
    "avg",
    "count",
    "min",
    "max",
    "gesamt",
    "summe",
    "mittelwert",
    "durchschnitt",
}
MONTHS = {
    name: i
    for i, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
NUMERIC = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
DAY_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[. -]+([A-Za-z]{3,9})\.?,?[ -]+(\d{4})")
NAME_DAY = re.compile(r"([A-Za-z]{3,9})\.?[ ]+(\d{1,2})(?:st|nd|rd|th)?,?[ ]+(\d{4})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?\s*(Z|[+-]\d{2}:?\d{2})?")


class BadCell(Exception):
    """A cell that can't be read; the message says why."""


@dataclass(frozen=True)
class CellMoment:
    """A day, and the time of the day with its offset where the cell gave them."""

    day: date
    at: time | None = None

    def written(self, zone: tzinfo) -> datetime | None:
        """The instant, by the cell's own offset or else in a zone; None where the cell has no time."""
        if self.at is None:
            return None
        whole = datetime.combine(self.day, self.at)
        return whole if whole.tzinfo else whole.replace(tzinfo=zone)


def is_blank(cell: str | None) -> bool:
    """Whether a cell is empty, or a word for no value such as `n/a`."""
    return cell is None or cell.strip().lower() in BLANK


def is_total(cell: str) -> bool:
    """Whether a line sums up others: its date cell is a word such as `total`."""
    return cell.strip().rstrip(":").lower() in TOTALS


def read_moment(cell: str, order: Order) -> CellMoment:
    """A day, with or without a time: `2025-03-01`, `03/01/2025, 7:33:22 PM`, `1 Mar 2025 21:30`, `2025-03-01T21:15`.

    Where a numeric day and month could be either way, `order` decides; it is never guessed.

    Raises:
        BadCell: no such day or time, or an ambiguous day and month without an `order`.
    """
    text = cell.strip().strip("'")
    for pattern, pick in ((ISO, _iso), (NUMERIC, None), (DAY_NAME, _day_name), (NAME_DAY, _name_day)):
        match = pattern.match(text)
        if match:
            numbers = _numeric(match, order) if pick is None else pick(match)
            day = _day(*numbers)
            return CellMoment(day, _time(text[match.end() :]))
    raise BadCell("not a day")


def _iso(m: re.Match[str]) -> tuple[int, int, int]:
    return int(m[1]), int(m[2]), int(m[3])


def _numeric(m: re.Match[str], order: Order) -> tuple[int, int, int]:
    first, second, year = int(m[1]), int(m[2]), int(m[3])
    if order == "day":
        return year, second, first
    if order == "month" or first == second:
        return year, first, second
    if first <= 12 and second <= 12:
        raise BadCell("day and month could be either way; say --day-first or --month-first")
    return (year, first, second) if first <= 12 else (year, second, first)


def _day_name(m: re.Match[str]) -> tuple[int, int, int]:
    return int(m[3]), _month(m[2]), int(m[1])


def _name_day(m: re.Match[str]) -> tuple[int, int, int]:
    return int(m[3]), _month(m[1]), int(m[2])


def _month(name: str) -> int:
    month = MONTHS.get(name[:3].lower())
    if month is None:
        raise BadCell("no such month")
    return month


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadCell("no such day") from None


def _time(rest: str) -> time | None:
    rest = rest.lstrip(",T \t").strip()
    if not rest:
        return None
    match = CLOCK.fullmatch(rest)
    if match is None:
        raise BadCell("not a time after the day")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4]:
        if not 1 <= hour <= 12:
            raise BadCell("no such time")
        hour = hour % 12 + (12 if match[4].lower() == "p" else 0)
    try:
        return time(hour, minute, second, tzinfo=_offset(match[5]))
    except ValueError:
        raise BadCell("no such time") from None


def _offset(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes))


def read_score(cell: str | None) -> float | None:
    """A score of 0 to 10; a decimal comma and `7/10` will do; None where the cell is blank.

    Raises:
        BadCell: not a score.
    """
    if is_blank(cell):
        return None
    value = _number(str(cell).strip().removesuffix("/10").strip())
    if value is None or not 0 <= value <= 10:
        raise BadCell("not a score from 0 to 10")
    return value


def read_amount(cell: str | None, most: float) -> float | None:
    """A number from 0 to `most`, with a decimal comma or point and spaces or apostrophes between thousands; None if blank.

    Raises:
        BadCell: not such a number.
    """
    if is_blank(cell):
        return None
    text = re.sub(r"(?<=\d)[ '’\u00a0\u202f](?=\d{3}\b)", "", str(cell).strip())
    value = _number(text)
    if value is None or not 0 <= value <= most:
        raise BadCell(f"not a number from 0 to {most:g}")
    return value


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)", text):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None
