"""From bytes to rows: encoding, separator, the line of headings, and which column is which field."""

import codecs
import csv
import io
import re
import unicodedata
from dataclasses import dataclass

MAPPABLE = (
    "date",
    "pain_average",
    "pain_worst",
    "opioid_mme",
    "steps",
    "note",
    "recorded_on",
    "place",
    "temperature_c",
)  # region and side are read by their headings alone
NO_COLUMN = "-"  # `--map FIELD=-`: the file has no column for it
ONE_OF = (
    "pain_average",
    "pain_worst",
    "opioid_mme",
    "steps",
    "note",
    "place",
    "temperature_c",
)  # of two that could be it neither is
HEADINGS = {
    "date": "date day when datetime timestamp dateandtime entrydate logdate datum tag fecha jour dia",
    "pain_average": "painaverage averagepain painavg avgpain pain painlevel painscore painrating painintensity score nrs vas"
    " average pain010 paintoday schmerz schmerzen schmerzstarke douleur dolor",
    "pain_worst": "painworst worstpain worst painmax maxpain maximum worstpainlevel painpeak",
    "opioid_mme": "opioidmme mme omme medd morphineequivalents mmeday dailymme",
    "steps": "steps stepcount dailysteps totalsteps schritte pas pasos",
    "note": "note notes comment comments remark remarks bemerkung bemerkungen diary journal remarque nota notas",
    "recorded_on": "recordedon recordedat recorded enteredon entered createdat created loggedat timestamp submitted"
    " submittedat submissiontime completedat completed zeitstempel horodateur marcatemporal lastmodified",
    "place": "place where site location bodypart bodysite area painlocation painsite wo ort stelle lieu endroit lugar sitio"
    " zona",
    "temperature_c": "temperaturec temperature temp tempc bodytemperature bodytemp temperatur korpertemperatur fieber fievre"
    " fiebre temperatura",
    "region": "region",
    "side": "side",
}
SEPARATORS = (";", "\t", ",", "|")
SEARCHED = 20  # lines from the first on in which the headings are looked for
SEP_LINE = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)
SCALE = re.compile(
    r"\(?\s*(?:(?P<hundred>mm|%)|(?:\d+\s*(?:-|–|to|bis|à|a)\s*|/\s*)(?P<top>\d+))\s*\)?\s*$", re.IGNORECASE
)
A_DAY = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}")


class BadFile(Exception):
    """The file as a whole can't be read; the message says what to do.

    Args:
        known: how much of the headings was understood.
    """

    def __init__(self, says: str, known: int = 0) -> None:
        super().__init__(says)
        self.known = known


@dataclass(frozen=True)
class Row:
    """One record: the line on which it begins, its cells by field, and how many cells stand under no heading."""

    line: int
    cells: dict[str, str]
    extra: int = 0


@dataclass(frozen=True)
class Sheet:
    """A table as it stands in a file: its headings, which column is which field, and its records with their lines.

    `above` counts the lines before the headings.
    """

    headings: list[str]
    places: dict[str, int]
    records: list[tuple[int, list[str]]]
    above: int = 0

    def notes(self, chosen: set[str]) -> list[str]:
        """What was not read; `chosen` are headings that were used otherwise, in lower case."""
        left = [h.strip() for i, h in enumerate(self.headings) if i not in self.places.values() and h.strip()]
        left = [h for h in left if h.lower() not in chosen]
        told = [f"lines above the headings that were not read: {self.above}"] if self.above > 0 else []
        return told + ([f"columns that were not read: {_list(left)}"] if left else [])

    def rows(self) -> list[Row]:
        """Its records by field."""
        width = len(self.headings)
        return [
            Row(
                line,
                {name: cells[i] for name, i in self.places.items() if i < len(cells)},
                len(cells) if any(c.strip() for c in cells[width:]) else 0,
            )
            for line, cells in self.records
        ]


def decode(data: bytes, encoding: str | None) -> str:
    """Text by its byte order mark, as UTF-8, or else as Windows-1252, the Latin-1 that spreadsheets write.

    Raises:
        BadFile: an unknown encoding, bytes that are not valid in it, or UTF-16 that does not say so.
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
        (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return decode(data, name)
    if b"\0" in data[:1_000]:
        likely = "utf-16-be" if data[:1_000:2].count(0) > data[1:1_000:2].count(0) else "utf-16-le"
        raise BadFile(f"looks like UTF-16 without its mark; say --encoding {likely}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_sheet(text: str, mapping: dict[str, str]) -> Sheet:
    """The table in a text, under its line of headings; a record may span lines where a cell is quoted.

    Raises:
        BadFile: no line of headings that says which column is the date and which the pain.
    """
    marked = SEP_LINE.match(text)
    lines = re.split(r"\r\n|\n|\r", text)
    if not any(line.strip() for line in lines[1 if marked else 0 :]):
        raise BadFile("the file is empty")
    wrong: list[BadFile] = []
    for number, line in enumerate(lines[:SEARCHED]):
        if not line.strip() or (marked and number == 0):
            continue
        separator = marked[1] if marked else _separator(line)
        headings = next(csv.reader([line], delimiter=separator))
        try:
            places = find_columns(headings, mapping)
        except BadFile as error:
            wrong.append(error)
            continue
        records = _records(lines, number, separator)
        _refuse_open_quotes(lines, records, headings=len(headings), separator=separator)
        return Sheet(headings, places, records, number - (1 if marked else 0))
    raise max(wrong, key=lambda error: error.known)


def _records(lines: list[str], heading: int, separator: str) -> list[tuple[int, list[str]]]:
    csv.field_size_limit(10_000_000)
    reader = csv.reader(io.StringIO("\n".join(lines[heading + 1 :]), newline=""), delimiter=separator)
    out, begins = [], heading + 2
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                out.append((begins, cells))
            begins = heading + 2 + reader.line_num
    except csv.Error as error:
        raise BadFile(f"line {heading + 1 + reader.line_num}: {error}") from None
    return out


def _refuse_open_quotes(
    lines: list[str], records: list[tuple[int, list[str]]], *, headings: int, separator: str
) -> None:
    """A quotation mark that is opened and not closed makes one cell of all the lines up to the next.

    Raises:
        BadFile: the line on which it stands.
    """
    ends = [begins for begins, _ in records[1:]] + [len(lines) + 1]
    for (begins, cells), end in zip(records, ends, strict=True):
        if not any("\n" in cell for cell in cells):
            continue
        raw = lines[begins - 1 : end - 1]
        like_a_row = any(line.count(separator) == headings - 1 and line[:1].isdigit() for line in raw[1:])
        if sum(line.count('"') for line in raw) % 2 or like_a_row:
            raise BadFile(f"line {begins}: a quotation mark is opened, and the lines after it become part of it")


def find_columns(headings: list[str], mapping: dict[str, str]) -> dict[str, int]:
    """Which column is which field, by `--map` first and by usual headings after.

    Raises:
        BadFile: a mapped heading that is not there, two columns that could be one field, or none for date or pain.
    """
    named = [h.strip() for h in headings]
    places = {name: _mapped(named, name, heading) for name, heading in mapping.items() if heading.strip() != NO_COLUMN}
    for name, usual in HEADINGS.items():
        if name not in mapping and (place := _usual(named, name, usual.split(), taken=places)) is not None:
            places[name] = place
    days = [h for h in named if A_DAY.fullmatch(h)]
    if "date" not in places and len(days) > 1:
        raise BadFile(f'each day is a column ("{days[0]}", ...); turn the table, so that each day is a line', known=1)
    if "date" not in places:
        raise BadFile(f'no column for the date; say --map date="..." with one of {_list(named)}')
    if not {"pain_average", "pain_worst"} & places.keys() and mapping.get("pain_average") != NO_COLUMN:
        raise BadFile(
            f'no column for the pain; say --map pain_average="..." with one of {_list(named)},'
            " or --map pain_average=- if there is none",
            known=len(places),
        )
    return places


def _mapped(named: list[str], name: str, heading: str) -> int:
    """The column that `--map` means: by its heading, or by its number, such as `#2`."""
    wanted = heading.strip()
    if re.fullmatch(r"#\d+", wanted) and 1 <= int(wanted[1:]) <= len(named):
        return int(wanted[1:]) - 1
    found = [i for i, h in enumerate(named) if h.lower() == wanted.lower()]
    if not found:
        raise BadFile(f'--map {name}: there is no heading "{wanted}"; there are {_list(named)}', known=len(named) > 1)
    if len(found) > 1:
        raise BadFile(_which(name, named, found), known=2)
    return found[0]


def _usual(named: list[str], name: str, usual: list[str], *, taken: dict[str, int]) -> int | None:
    """The column with a usual heading of a field."""
    plain = [simple(_without_scale(h) if name.startswith("pain_") else h) for h in named]
    found = [i for u in usual for i, p in enumerate(plain) if p == u and i not in taken.values()]
    twice = [i for i in found if plain[i] == plain[found[0]]]
    if len(found) > 1 and (name in ONE_OF or len(twice) > 1):
        raise BadFile(_which(name, named, sorted(found if name in ONE_OF else twice)), known=2)
    return found[0] if found else None


def _which(name: str, named: list[str], found: list[int]) -> str:
    shown = " and ".join(f'"{named[i]}" (column #{i + 1})' for i in found)
    return f'{shown} could both be {name}; say which it is, such as --map {name}="#{found[0] + 1}"'


def scale_of(heading: str) -> int | None:
    """The worst score on the scale that a heading speaks of: 100 for `VAS (mm)` or `Pain 0-100`; None where it does not."""
    found = SCALE.search(heading)
    return None if found is None else 100 if found["hundred"] else int(found["top"])


def _without_scale(heading: str) -> str:
    top = scale_of(heading)
    return heading if top in (None, 10) else SCALE.sub("", heading)


def simple(heading: str) -> str:
    """A heading without case, accents, blanks and signs."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", heading.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]", "", bare)


def _separator(line: str) -> str:
    outside = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=outside.count)


def _list(names: list[str]) -> str:
    return ", ".join(f'"{n}"' for n in names if n)
