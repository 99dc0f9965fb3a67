"""From bytes to rows: encoding, separator, headings."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

FIELDS = ("date", "pain_average", "pain_worst", "opioid_mme", "steps", "note", "recorded_on", "region", "side")
MAPPABLE = FIELDS[:7]
HEADINGS = {
    "date": (
        "date",
        "day",
        "when",
        "datetime",
        "timestamp",
        "dateandtime",
        "entrydate",
        "logdate",
        "datum",
        "fecha",
        "jour",
    ),
    "pain_average": (
        "painaverage",
        "averagepain",
        "painavg",
        "avgpain",
        "pain",
        "painlevel",
        "painscore",
        "painrating",
        "painintensity",
        "score",
        "nrs",
        "vas",
        "average",
        "pain010",
        "paintoday",
        "schmerz",
        "schmerzen",
        "douleur",
        "dolor",
    ),
    "pain_worst": ("painworst", "worstpain", "worst", "painmax", "maxpain", "maximum", "worstpainlevel", "painpeak"),
    "opioid_mme": ("opioidmme", "mme", "omme", "medd", "morphineequivalents", "mmeday", "dailymme"),
    "steps": ("steps", "stepcount", "dailysteps", "totalsteps", "schritte", "pas", "pasos"),
    "note": ("note", "notes", "comment", "comments", "remark", "remarks", "bemerkung", "diary", "journal"),
    "recorded_on": ("recordedon", "recordedat", "recorded", "enteredon", "entered", "createdat", "created", "loggedat"),
    "region": ("region",),
    "side": ("side",),
}
SEPARATORS = (";", "\t", ",", "|")


class BadFile(Exception):
    """The file as a whole can't be read; the message says what to do."""


@dataclass(frozen=True)
class Row:
    """One record: the line on which it begins, and its cells by field."""

    line: int
    cells: dict[str, str]


def decode(data: bytes, encoding: str | None) -> str:
    """Text by its byte order mark, as UTF-8, or else as Windows-1252, the Latin-1 that spreadsheets write.

    Raises:
        BadFile: an unknown encoding, or bytes that are not valid in it.
    """
    if encoding is not None:
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except LookupError:
            raise BadFile(f"--encoding: there is no encoding {encoding!r}") from None
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise BadFile(f"line {line}: not {encoding}; try another --encoding") from None
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return decode(data, name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_rows(text: str, mapping: dict[str, str]) -> Iterator[Row]:
    """The records of a sheet under its first line of headings; a record may span lines where a cell is quoted.

    Raises:
        BadFile: no known headings, or none for the date.
    """
    first = next((line for line in text.splitlines() if line.strip()), None)
    if first is None:
        raise BadFile("the file is empty")
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(first))
    places: dict[str, int] | None = None
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if places is None:
                    places = find_columns(cells, mapping)
                else:
                    yield Row(begins, {field: cells[i] for field, i in places.items() if i < len(cells)})
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadFile(f"line {reader.line_num}: {error}") from None


def find_columns(headings: list[str], mapping: dict[str, str]) -> dict[str, int]:
    """Which column is which field, by `--map` first and by usual headings after.

    Raises:
        BadFile: a mapped heading that is not there, or no column for the date or for anything else.
    """
    named = [h.strip() for h in headings]
    places: dict[str, int] = {}
    for field, heading in mapping.items():
        found = [i for i, h in enumerate(named) if h.lower() == heading.strip().lower()]
        if not found:
            raise BadFile(f'--map {field}: there is no heading "{heading}"; there are {_list(named)}')
        places[field] = found[0]
    plain = [re.sub(r"[^a-z0-9]", "", h.lower()) for h in named]
    for field, usual in HEADINGS.items():
        if field not in places:
            free = (plain.index(u) for u in usual if u in plain and plain.index(u) not in places.values())
            if (place := next(free, None)) is not None:
                places[field] = place
    if "date" not in places:
        raise BadFile(f'no column for the date; say --map date="..." with one of {_list(named)}')
    if len(places) == 1:
        raise BadFile(f'no column for the pain; say --map pain_average="..." with one of {_list(named)}')
    return places


def _separator(line: str) -> str:
    outside = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=outside.count)


def _list(names: list[str]) -> str:
    return ", ".join(f'"{n}"' for n in names if n)
