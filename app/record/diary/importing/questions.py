"""What a table leaves open, and a person must answer: whose it is, which of several measures, on which scale.

Nothing is averaged or guessed: each is a `BadFile` whose message names the option that answers it.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from app.record.diary.importing.table import BadFile, Sheet, scale_of, simple
from app.record.diary.importing.values import BadCell, Order, is_blank, read_moment

WHO = re.compile(
    r"recordid|(participant|subject|patient|person|user|respondent|teilnehmer|paciente|participante)(id|name|no|nr)?"
    r"|name|nombre|nom|studyid|caseid|client|member|proband|mrn"
)
ROW_NUMBER = {"recordid", "caseid", "studyid"}  # a number that each line has for itself names no person
WHAT = re.compile(
    r"measure|metric|question|item|variable|type|category|symptom|questionnaire|parameter|outcome|instrument|domain"
    r"|messgrosse|frage|mesure|medida|pregunta"
)
KINDS_OF_LINE = re.compile(  # by which some lines may not count as others do
    r"units?|scale|status|state|deleted|valid|void|complete|test|practice|einheit|skala|zustand|gultig|geloscht|unite|echelle"
    r"|etat|statut|valide|unidad|escala|estado|valido"
)
PARTS_OF_A_DAY = re.compile(
    r"\d{1,2}([:.h]\d{2}.*)?|[ap]m|morning|noon|midday|afternoon|evening|night|bedtime|morgens?|früh|mittags?|nachmittags?"
    r"|abends?|nachts?|matin|midi|après-midi|soir|nuit|mañana|tarde|noche",
    re.IGNORECASE,
)
MOST_SHOWN = 6
TYPING_ERROR = 20  # one score up to here may be a slip of the hand; a higher one is of another scale


def only(sheet: Sheet, wanted: Sequence[tuple[str, str]]) -> Sheet:
    """The records that have one of the values wanted in each column named.

    Raises:
        BadFile: no such column, or no line with such a value.
    """
    chosen: dict[int, set[str]] = defaultdict(set)
    for heading, value in wanted:
        column = next((i for i, h in enumerate(sheet.headings) if h.strip().lower() == heading.strip().lower()), None)
        if column is None:
            raise BadFile(f'--only {heading}: there is no heading "{heading}"')
        if value.strip().lower() not in {v.lower() for v in _values(sheet, column)}:
            raise BadFile(f'--only {heading}: no line has "{value}"; there are {_shown(_values(sheet, column))}')
        chosen[column].add(value.strip().lower())
    kept = [
        (line, cells)
        for line, cells in sheet.records
        if all(column < len(cells) and cells[column].strip().lower() in values for column, values in chosen.items())
    ]
    return replace(sheet, records=kept)


def ask(sheet: Sheet, *, order: Order, scale: float | None, chosen: set[str]) -> None:
    """Asks what the table leaves open; `chosen` are the headings that `--only` has answered, in lower case.

    Raises:
        BadFile: the first question.
    """
    for column, heading in enumerate(sheet.headings):
        if column in sheet.places.values() or heading.strip().lower() in chosen:
            continue
        _ask_of(sheet, column, order)
    _ask_scale(sheet, scale)
    pains = [sheet.places[name] for name in ("pain_average", "pain_worst") if name in sheet.places]
    if pains and sheet.records and all(is_blank(_cell(cells, i)) for _, cells in sheet.records for i in pains):
        raise BadFile(
            f'no line has a score in "{sheet.headings[pains[0]].strip()}"; say --map pain_average="..." with the right one,'
            " or --map pain_average=- to take the rest without it"
        )


def _ask_of(sheet: Sheet, column: int, order: Order) -> None:
    heading, values = sheet.headings[column].strip(), _values(sheet, column)
    if len(values) < 2:
        return
    name = simple(heading)
    numbered = name in ROW_NUMBER and len(values) == len(sheet.records)
    if WHO.fullmatch(name) and not numbered:
        raise BadFile(
            f'"{heading}" names several people ({_shown(values)}); whose diary is it? Say {_say(heading, values)}'
        )
    if KINDS_OF_LINE.fullmatch(name):
        raise BadFile(
            f'"{heading}" tells lines apart ({_shown(values)}); which count? Say {_say(heading, values)}, once for each'
        )
    if WHAT.fullmatch(name) or _splits_days(sheet, column, order):
        raise BadFile(
            f'"{heading}" holds several things ({_shown(values)}); which is the pain? Say {_say(heading, values)}'
        )


def _splits_days(sheet: Sheet, column: int, order: Order) -> bool:
    """Whether the lines of each day differ by this column, and the same values come again on other days."""
    days: dict[object, list[str]] = defaultdict(list)
    for _, cells in sheet.records:
        try:
            days[read_moment(_cell(cells, sheet.places["date"]), order).day].append(_cell(cells, column).strip())
        except BadCell:
            continue
    several = [values for values in days.values() if len(values) > 1]
    on_days: dict[str, int] = defaultdict(int)
    for values in days.values():
        for value in set(values):
            on_days[value] += 1
    return (
        len(several) > 1
        and all(not is_blank(v) and not re.fullmatch(r"[\d.,]+", v) for values in several for v in values)
        and all(len(set(values)) == len(values) for values in several)
        and not all(PARTS_OF_A_DAY.fullmatch(v) for v in on_days)
        and all(count > 1 for count in on_days.values())
    )


def _ask_scale(sheet: Sheet, scale: float | None) -> None:
    if scale is not None:
        return
    columns = [sheet.places[name] for name in ("pain_average", "pain_worst") if name in sheet.places]
    for column in columns:
        heading = sheet.headings[column].strip()
        top = scale_of(heading)
        if top not in (None, 10):
            raise BadFile(
                f'"{heading}" speaks of a scale to {top}; say --scale {top}, or --scale 10 if it is one to 10'
            )
    high = [
        (line, cell)
        for line, cells in sheet.records
        for cell in (_cell(cells, column).strip() for column in columns)
        if re.fullmatch(r"\d{2,3}([.,]\d+)?", cell) and 10 < float(cell.replace(",", ".")) <= 100
    ]
    lines = {line for line, _ in high}
    if len(lines) > 1 or any(float(cell.replace(",", ".")) > TYPING_ERROR for _, cell in high):
        line, cell = high[0]
        raise BadFile(
            f'scores go beyond 10 (line {line}: "{cell}"); which is the worst on the scale? Say --scale 100, or --scale 10'
            " if those lines are at fault"
        )


def _values(sheet: Sheet, column: int) -> list[str]:
    cells = (_cell(cells, column).strip() for _, cells in sheet.records)
    return list(dict.fromkeys(cell for cell in cells if not is_blank(cell)))


def _cell(cells: list[str], column: int) -> str:
    return cells[column] if column < len(cells) else ""


def _shown(values: list[str]) -> str:
    return ", ".join(values[:MOST_SHOWN]) + (", ..." if len(values) > MOST_SHOWN else "")


def _say(heading: str, values: list[str]) -> str:
    pair = f"{heading}={values[0]}"
    return f"--only {pair}" if re.fullmatch(r"[\w=.-]+", pair) else f'--only "{pair}"'
