"""Reading one cell: a day, a score, a number."""

import math
import re
import unicodedata
from collections.abc import Iterable
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
MONTHS = {  # by their beginnings, in English, German, French and Spanish; the longer first
    1: "jan ene jan",
    2: "feb fev",
    3: "mar maer",
    4: "apr avr abr",
    5: "may mai",
    6: "juin jun",
    7: "juil jul",
    8: "aug aou ago",
    9: "sep set",
    10: "oct okt",
    11: "nov",
    12: "dec dez dic",
}
YEAR = r"(\d{4}|'?\d{2})(?!\d)"
NUMERIC = re.compile(rf"(\d{{1,2}})([./-])(\d{{1,2}})[./-]{YEAR}")
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
NAME = r"([^\W\d_]{3,12})\.?"
DAY_NAME = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th|er|º)?[. -]+(?:de )?{NAME},?[ -]+(?:de )?{YEAR}")
NAME_DAY = re.compile(rf"{NAME}[ ]+(\d{{1,2}})(?:st|nd|rd|th)?,?[ ]+{YEAR}")
WEEKDAY = re.compile(r"[^\W\d_]{2,10}\.?,[ ]*(?=\S)")
SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?")  # days since the end of 1899, as a spreadsheet keeps them
GROUP = r"(?<=\d)[ .,'’\u00a0\u202f](?=\d{3})"
SERIALS = (32_874, 73_050)  # 1990 to 2099
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?\s*(Z|[+-]\d{2}:?\d{2})?")


class BadCell(Exception):
    """A cell that can't be read; the message says why."""


@dataclass(frozen=True)
class CellMoment:
    """A day, and the time of the day with its offset where the cell gave them."""

    day: date
    at: time | None = None

    @property
    def is_utc(self) -> bool:
        """Whether it is an instant in UTC, which says nothing of the day that the writer's calendar showed."""
        return self.at is not None and self.at.tzinfo == UTC

    def on_calendar(self, zone: tzinfo) -> "CellMoment":
        """The same instant on the calendar of a zone."""
        there = datetime.combine(self.day, self.at or time()).astimezone(zone)
        return CellMoment(there.date(), there.timetz())

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
    """A day, with or without a time: `2025-03-01`, `03/01/25, 7:33:22 PM`, `1. März 2025 21:30`, `45763`, a spreadsheet's.

    Where a numeric day and month could be either way, `order` decides; it is never guessed.

    Raises:
        BadCell: no such day or time, or an ambiguous day and month without an `order`.
    """
    text = re.sub(r"[\u00a0\u202f\u2009]", " ", cell).strip().strip("'")
    serial = SERIAL.fullmatch(text)
    if serial:
        return _serial(int(serial[1]), float(f"0.{serial[2] or 0}"))
    text = WEEKDAY.sub("", text, count=1) if WEEKDAY.match(text) else text
    for pattern, pick in ((ISO, _iso), (NUMERIC, None), (DAY_NAME, _day_name), (NAME_DAY, _name_day)):
        match = pattern.match(text)
        if match:
            numbers = _numeric(match, order) if pick is None else pick(match)
            day = _day(*numbers)
            return CellMoment(day, _time(text[match.end() :]))
    raise BadCell("not a day")


def _iso(m: re.Match[str]) -> tuple[int, int, int]:
    return int(m[1]), int(m[2]), int(m[3])


def _serial(days: int, part: float) -> CellMoment:
    if not SERIALS[0] <= days <= SERIALS[1]:
        raise BadCell("not a day")
    whole = datetime(1899, 12, 30) + timedelta(days=days, seconds=round(part * 86_400))  # noqa: DTZ001  # no zone
    return CellMoment(whole.date(), whole.time() if part else None)


def _year(text: str) -> int:
    digits = text.strip("'")
    return int(digits) if len(digits) == 4 else 2_000 + int(digits)


def _numeric(m: re.Match[str], order: Order) -> tuple[int, int, int]:
    if len(m[4]) == 2 and m[2] == "-":
        raise BadCell("is the year first or last? Write it with four digits")
    first, second, year = int(m[1]), int(m[3]), _year(m[4])
    if order == "day":
        return year, second, first
    if order == "month" or first == second:
        return year, first, second
    if first <= 12 and second <= 12:
        raise BadCell("day and month could be either way; say --day-first or --month-first")
    return (year, first, second) if first <= 12 else (year, second, first)


def _day_name(m: re.Match[str]) -> tuple[int, int, int]:
    return _year(m[3]), _month(m[2]), int(m[1])


def _name_day(m: re.Match[str]) -> tuple[int, int, int]:
    return _year(m[3]), _month(m[1]), int(m[2])


def _month(name: str) -> int:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(c))
    for month, beginnings in MONTHS.items():
        if any(bare.startswith(one) for one in beginnings.split()):
            return month
    raise BadCell("no such month")


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadCell("no such day") from None


def _time(rest: str) -> time | None:
    rest = re.sub(r"^(?:,|T(?=\d)|at |um |à |a las |\s)+", "", rest).strip().removesuffix(" Uhr")
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


def read_score(cell: str | None, scale: float = 10) -> float | None:
    """A score of 0 to 10, from one of 0 to `scale`; a decimal comma and `7/10` will do; None where the cell is blank.

    Raises:
        BadCell: not a score.
    """
    if is_blank(cell):
        return None
    value = _number(str(cell).strip().removesuffix(f"/{scale:g}").strip())
    if value is None or not 0 <= value <= scale:
        raise BadCell(f"not a score from 0 to {scale:g}")
    return value * 10 / scale


def thousands(cells: Iterable[tuple[str, bool]]) -> str | None:
    """The mark between thousands in a file, `,` or `.`, as far as its own numbers show; None where they do not.

    Args:
        cells: each with whether it is a count, which has no decimals.
    """
    groups, decimals = set(), set()
    for cell, is_count in cells:
        text = cell.strip()
        if re.fullmatch(r"[1-9]\d{0,2}([.,])\d{3}", text) and is_count:
            groups.add("," if "," in text else ".")
        elif found := re.fullmatch(r"\d{1,3}(?:([.,])\d{3}){2,}|\d{1,3}([.,])\d{3}[.,]\d+", text):
            groups.add(found[1] or found[2])
        elif found := re.fullmatch(r"\d+([.,])\d{1,2}", text):
            decimals.add(found[1])
    left = groups - decimals
    if left:
        return left.pop() if len(left) == 1 else None
    return {",": ".", ".": ","}[decimals.pop()] if len(decimals) == 1 and not groups else None


def read_count(cell: str | None, most: float) -> float | None:
    """A whole number from 0 to `most`: marks between thousands are no decimals; None if blank.

    Raises:
        BadCell: not such a number.
    """
    text = str(cell or "").strip()
    plain = re.sub(GROUP, "", text) if re.fullmatch(r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3})+", text) else text
    count = read_amount(plain, most)
    if count is not None and count != int(count):
        raise BadCell("not a whole number")
    return count


def read_temperature(cell: str | None) -> float | None:
    """A temperature of the body from 30 to 45 °C, with a decimal comma or point, with or without its unit; None if blank.

    Raises:
        BadCell: not such a temperature.
    """
    value = read_amount(re.sub(r"\s*°?\s*C$", "", str(cell or "").strip()), 200)
    if value is not None and not 30 <= value <= 45:
        raise BadCell("not a temperature from 30 to 45 °C; is it in Fahrenheit? (F - 32) / 1.8 is °C")
    return value


def read_amount(cell: str | None, most: float, mark: str | None = None) -> float | None:
    """A number from 0 to `most`, with a decimal comma or point and blanks or apostrophes between thousands; None if blank.

    `mark` is the file's own between thousands. Where it is not known, what could be 1200 or 1.2 is not guessed.

    Raises:
        BadCell: not such a number.
    """
    if is_blank(cell):
        return None
    text = re.sub(r"(?<=\d)[ '’\u00a0\u202f](?=\d{3}\b)", "", str(cell).strip())
    either = re.fullmatch(r"[1-9]\d{0,2}([.,])\d{3}", text)
    if either and mark is None:
        joined = re.sub(GROUP, "", text)
        raise BadCell(f"{joined}, or {float(text.replace(',', '.')):g}? Write it without a mark between thousands")
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text) and (mark == "," or not either):
        text = text.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", text) and (mark == "." or not either):
        text = text.replace(".", "")
    value = _number(text)
    if value is None or not 0 <= value <= most:
        raise BadCell(f"not a number from 0 to {most:g}")
    return value


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)", text):
        return None
    value = float(text.replace(",", "."))
    return value if math.isfinite(value) else None
