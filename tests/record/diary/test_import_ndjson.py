"""Lines of NDJSON: an entry as `export` writes it, flat fields, or a fault that says what is wrong."""

import json
from datetime import date
from typing import Any

import pytest

from app.record.diary.importing.days import Fault
from app.record.diary.importing.ndjson import read_entries
from app.record.diary.importing.table import Row

TODAY = date(2026, 5, 1)
DAY = {"date": "2026-04-30", "pain": [{"region": "lumbar", "side": "left", "average": 4}]}


def read(*lines: Any) -> list[Any]:
    return list(read_entries("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), TODAY))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[1]", "is no JSON object"),
        ({**DAY, "date": "2026-05-02"}, "/date: lies in the future"),
        ({**DAY, "opioid_mme": True}, "/opioid_mme: not a number from 0 to 10000"),
        ({**DAY, "opioid_mme": -1}, "/opioid_mme: not a number from 0 to 10000"),
        ({**DAY, "opioid_mme": 10_001}, "/opioid_mme: not a number from 0 to 10000"),
        ({**DAY, "opioid_mme": "5"}, "/opioid_mme: not a number from 0 to 10000"),
        ({**DAY, "pain": [{"region": "lumbar", "side": "left", "average": 11}]}, "/pain/0/average: "),
    ],
)
def test_a_line_at_fault_is_named_and_the_next_is_read(line: Any, says: str) -> None:
    fault, (number, entry, _) = read(line, DAY)
    assert isinstance(fault, Fault)
    assert (fault.line, fault.says.startswith(says)) == (1, True), fault
    assert (number, entry.date) == (2, date(2026, 4, 30))


def test_blank_lines_count_and_say_nothing() -> None:
    (read_at, entry, mme) = read("", "  ", {**DAY, "opioid_mme": 10_000})[0]
    assert (read_at, entry.date, mme) == (3, date(2026, 4, 30), 10_000)


def test_an_entry_of_today_is_no_future() -> None:
    ((_, entry, _),) = read({**DAY, "date": "2026-05-01"})
    assert entry.date == TODAY


def test_flat_fields_are_cells_and_the_instant_stands_in_for_the_day() -> None:
    (row,) = read({"recorded_at": "2026-04-30T20:00:00Z", "pain_average": 7.5, "pain_worst": 8, "note": None})
    assert isinstance(row, Row)
    cells = {"pain_average": "7.5", "pain_worst": "8", "note": "", "recorded_on": "2026-04-30T20:00:00Z"}
    assert {name: row.cells[name] for name in cells} == cells
    (told,) = read({"recorded_on": "2026-04-29", "recorded_at": "2026-04-30T00:10:00Z", "pain_average": 7})
    assert told.cells["recorded_on"] == "2026-04-29"
