from datetime import UTC, date

import pytest

from app.record.diary.importing.days import DayOfDiary, Fault, ReadingOptions, gather, nearest_half, read_readings
from app.record.diary.importing.table import BadFile, decode, read_sheet
from app.record.diary.importing.values import Order

TODAY, LEFT = date(2026, 5, 1), ("lumbar", "left")


def days_of(
    text: str, order: Order = None, mapping: dict[str, str] | None = None
) -> tuple[list[DayOfDiary], list[str]]:
    found = list(read_readings(read_sheet(text, mapping or {}).rows(), ReadingOptions(order, UTC, TODAY, 10, LEFT)))
    faults = [str(f) for f in found if isinstance(f, Fault)]
    return gather((f for f in found if not isinstance(f, Fault)), LEFT), faults


MESSY = (
    "\ufeffWhen;Pain level;Worst;Where;Steps;Comment\r\n"
    '04/23/2025, 7:33:22 PM;7,0;9.0;low back;;"slept ""badly"""\r\n'
    "2025-04-24T21:15;5,0;;;4188;\r\n"
    '04/24/2025 7:11 AM;6;;;;"two\nlines"\r\n'
    ";;;;;\r\n"
    "25 Apr 2025 21:30;n/a;8;;;\r\n"
    "04/26/2025;-;;;;\r\n"
    "total;;;;;\r\n"
)


def test_a_messy_file_becomes_days() -> None:
    days, faults = days_of(decode(MESSY.encode(), None), "month")
    assert faults == []
    assert [(d.day.day, d.pain.get(LEFT), d.steps, d.note) for d in days] == [
        (23, (7.0, 9.0), None, 'slept "badly"'),
        (24, (5.5, 6.0), 4188, "two\nlines"),
        (25, (None, 8.0), None, None),
    ]


def test_faults_name_their_line_even_after_quoted_line_breaks() -> None:
    text = 'date,pain,note\n2025-01-01,4,"a\nb\nc"\n2025-01-02,12,\n2030-01-01,4,\n1800-01-01,4,\n'
    days, faults = days_of(text)
    assert faults == [
        'line 5: pain_average "12": not a score from 0 to 10',
        'line 6: date "2030-01-01": lies in the future',
        'line 7: date "1800-01-01": lies before 1990-01-01',
    ]
    assert [d.day for d in days] == [date(2025, 1, 1)]


@pytest.mark.parametrize(("mean", "half"), [(4.2, 4.0), (4.25, 4.5), (4.5, 4.5), (4.74, 4.5), (4.75, 5.0)])
def test_the_mean_goes_to_the_nearest_half(mean: float, half: float) -> None:
    assert nearest_half(mean) == half


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_separators_and_encodings_are_found_out(separator: str, encoding: str) -> None:
    rows = [["Datum", "Schmerz", "Bemerkung"], ["2025-03-01", "4", "Rücken"]]
    text = "\n".join(separator.join(row) for row in rows)
    days, faults = days_of(decode(text.encode(encoding), None))
    assert faults == []
    assert days[0].note == "Rücken"
    assert days[0].pain == {LEFT: (4.0, None)}


def test_headings_can_be_mapped() -> None:
    text = "t;a;b\n2025-03-01;4;30\n"
    days, _ = days_of(text, mapping={"date": "t", "pain_average": "A", "opioid_mme": "b"})
    assert (days[0].pain, days[0].mme) == ({LEFT: (4.0, None)}, 30)


@pytest.mark.parametrize(
    ("text", "mapping", "says"),
    [
        ("", {}, "the file is empty"),
        ("\n\n", {}, "the file is empty"),
        ("a,b\n1,2\n", {}, "no column for the date"),
        ("date,b\n1,2\n", {}, "no column for the pain"),
        ("date,pain\n", {"pain_average": "Pein"}, 'no heading "Pein"'),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(text: str, mapping: dict[str, str], says: str) -> None:
    with pytest.raises(BadFile, match=says):
        days_of(text, mapping=mapping)


def test_a_wrong_encoding_is_said() -> None:
    with pytest.raises(BadFile, match="line 2: not ascii"):
        decode("a\nü\n".encode(), "ascii")
    with pytest.raises(BadFile, match="there is no encoding"):
        decode(b"a", "klingon")


def test_sites_of_an_exported_sheet_are_kept_apart() -> None:
    text = "date,region,side,pain_average\n2025-03-01,lumbar,left,4\n2025-03-01,lumbar,right,6\n"
    days, _ = days_of(text)
    assert days[0].pain == {("lumbar", "left"): (4.0, None), ("lumbar", "right"): (6.0, None)}
