"""Small files that failed: each is read rightly, or refused with a question that names the option that answers it."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.doors.commands.import_file import Contents, Options, read_file
from app.record.diary.importing.table import BadFile

TODAY = date(2026, 5, 1)
PLAIN = Options(
    file="-",
    patient=None,
    clinic=None,
    mapping=[],
    day_first=False,
    month_first=False,
    encoding=None,
    only=[],
    scale=None,
    tz=None,
    keep_going=False,
    dry_run=True,
    performed_on=None,
    region="lumbar",
    laterality="left",
    baseline_pain=None,
)
LEFT = ("lumbar", "left")


def read(text: str | bytes, zone: str | None = None, **options: object) -> Contents:
    data = text.encode() if isinstance(text, str) else text
    there = None if zone is None else ZoneInfo(zone)
    return read_file(replace(PLAIN, **options), data, zone=there, today=TODAY, site=LEFT)  # type: ignore[arg-type]  # options of several types


def days(contents: Contents) -> dict[str, tuple[float | None, float | None]]:
    assert contents.faults == []
    return {str(day.day): day.pain.get(LEFT, (None, None)) for day in contents.days}


PEOPLE = "record_id,date,pain_avg\n7,2025-04-16,8\n7,2025-04-17,8\n9,2025-04-16,2\n9,2025-04-17,1\n"
MEASURES = (
    "date,measure,score\n2025-04-16,Back pain,8\n2025-04-16,Sleep,3\n2025-04-17,Back pain,7\n2025-04-17,Sleep,2\n"
)
UNNAMED = MEASURES.replace("measure", "Kind of thing")
TWICE = "Date,Pain,Pain\n2025-04-16,2,8\n"
MM = "Date,VAS (mm)\n2025-05-14,9\n2025-05-16,4\n"
MIXED = "Date,VAS\n2025-04-16,72\n2025-05-14,9\n"
INSTANTS = "timestamp,pain\n2026-04-15T03:10:00Z,7\n2026-04-16T16:00:00Z,3\n"
UTF16 = "Date\tPain\n2025-04-16\t7\n".encode("utf-16-le")
A_DAY_A_COLUMN = "Measure,2025-04-16,2025-04-17\nPain,7,6\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PEOPLE, "--only record_id=7"),
        (MEASURES, '--only "measure=Back pain"'),
        (UNNAMED, '--only "Kind of thing=Back pain"'),
        ("Date,How bad,Notes\n2025-04-16,7,slept badly\n", "--map pain_average="),
        ("Date,Pain\n2025-04-16,\n2025-04-17,n/a\n", "--map pain_average="),
        (TWICE, '--map pain_average="#2"'),
        ("Date,Pain,Pain score\n2025-04-16,2,8\n", '--map pain_average="#2"'),
        (MM, "--scale 100"),
        ("Date,Pain (0-5)\n2025-05-14,4\n", "--scale 5"),
        (MIXED, "--scale 100"),
        ("Date,Pain\n2025-05-14,12\n2025-05-15,15\n2025-05-16,9\n", "--scale 100"),
        (INSTANTS, "--tz"),
        (UTF16, "--encoding utf-16-le"),
        ('[{"date":"2025-04-16","pain_average":7}]', "JSON array"),
        (A_DAY_A_COLUMN, "turn the table"),
    ],
)
@pytest.mark.parametrize("keep_going", [False, True])
def test_what_is_open_is_asked_and_never_half_taken(text: str | bytes, names: str, keep_going: bool) -> None:
    with pytest.raises(BadFile) as caught:
        read(text, keep_going=keep_going)
    assert names in str(caught.value)


def test_each_answer_is_taken() -> None:
    assert days(read(PEOPLE, only=["record_id=9"])) == {"2025-04-16": (2, None), "2025-04-17": (1, None)}
    assert days(read(MEASURES, only=["Measure=back pain"])) == {"2025-04-16": (8, None), "2025-04-17": (7, None)}
    assert days(read(TWICE, mapping=["pain_average=#2", "pain_worst=#3"])) == {"2025-04-16": (2, 8)}
    assert days(read(MM, scale=100)) == {"2025-05-14": (1, None), "2025-05-16": (0.5, None)}
    assert days(read(MIXED, scale=100)) == {"2025-04-16": (7, None), "2025-05-14": (1, None)}
    assert days(read(INSTANTS, zone="America/New_York")) == {"2026-04-14": (7, None), "2026-04-16": (3, None)}
    assert days(read(UTF16, encoding="utf-16-le")) == {"2025-04-16": (7, None)}
    noted = read("Date,Notes\n2025-04-16,slept badly\n", mapping=["pain_average=-"])
    assert [day.note for day in noted.days] == ["slept badly"]


def test_an_answer_that_fits_nothing_says_what_there_is() -> None:
    with pytest.raises(BadFile, match="there are 7, 9"):
        read(PEOPLE, only=["record_id=8"])
    with pytest.raises(BadFile, match="there is no heading"):
        read(PEOPLE, only=["person=7"])


@pytest.mark.parametrize("name", ["Time of day", "Zeit"])
def test_several_readings_of_a_day_are_no_question(name: str) -> None:
    text = f"Date,{name},Pain\n2025-04-16,morning,7\n2025-04-16,evening,5\n2025-04-17,morning,6\n2025-04-17,evening,4\n"
    assert days(read(text)) == {"2025-04-16": (6, 7), "2025-04-17": (5, 6)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Date,Pain,Worst\n2025-04-16,7,5,9,0\n", "line 2: has 5 cells"),
        ("Date,Pain,Worst\n2025-04-16,7,5\n", 'line 2: pain_worst "5": lies under the average of 7'),
        ('Date,Pain,MME\n2025-04-16,7,"1,200"\n', 'line 2: opioid_mme "1,200": 1200, or 1.2?'),
        ("Date,Where,Pain\n2025-04-16,knee,7\n", 'line 2: place "knee": is no place of the spine'),
        ("Date,region,side,pain\n2025-04-16,toe,left,7\n", "line 2: region \"toe\": 'toe' is none of"),
        ("Date,Pain\n16-04-25,7\n", "is the year first or last"),
        ("Date,Pain,Steps\n2025-04-16,7,12.5\n", 'line 2: steps "12.5": not a whole number'),
        ("Date,Pain,Temp\n2025-04-16,7,101.2\n", 'line 2: temperature_c "101.2": not a temperature from 30 to 45'),
    ],
)
def test_a_line_at_fault_says_why(text: str, says: str) -> None:
    (fault,) = read(text).faults
    assert str(fault).startswith(says) or says in str(fault)


@pytest.mark.parametrize("heading", ["Temperature", "Temp (°C)", "Temperatur"])
def test_a_temperature_is_read_and_the_highest_of_a_day_counts(heading: str) -> None:
    text = f"Date,{heading},Pain\n2025-04-16,36.9,7\n2025-04-16,38.4 °C,6\n2025-04-17,,6\n"
    assert [day.temperature for day in read(text).days] == [38.4, None]


@pytest.mark.parametrize("heading", ["Status", "Unit", "Scale", "Deleted", "Zustand"])
def test_lines_that_may_not_count_as_others_do_are_asked_about(heading: str) -> None:
    text = f"Date,Pain,{heading}\n2025-04-16,7,a\n2025-04-17,2,b\n"
    with pytest.raises(BadFile, match=f'"{heading}" tells lines apart .a, b.; which count. Say --only {heading}=a'):
        read(text)
    assert days(read(text, only=[f"{heading}=a"])) == {"2025-04-16": (7, None)}
    assert len(days(read(text, only=[f"{heading}=a", f"{heading}=b"]))) == 2
    assert len(days(read(text.replace(",b", ",a")))) == 2, "all alike: nothing to ask"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_a_byte_order_mark_says_what_a_file_is_written_in(encoding: str) -> None:
    assert days(read("Date,Schmerz\n2025-04-16,7\n".encode(encoding))) == {"2025-04-16": (7, None)}


@pytest.mark.parametrize(
    ("text", "steps", "mme"),
    [
        ('Date,Pain,Steps,MME\n2025-04-16,7,"8,432","1,200"\n2025-04-17,6,950,60\n', 8432, 1200),
        ("Date;Pain;Steps;MME\n2025-04-16;7,5;8.432;1,200\n", 8432, 1.2),
        ('Date,Pain,Steps,MME\n2025-04-16,7,"12,010",7.5\n', 12010, 7.5),
    ],
)
def test_marks_between_thousands_are_those_of_the_file(text: str, steps: int, mme: float) -> None:
    day = read(text).days[0]
    assert (day.steps, day.mme) == (steps, mme)


@pytest.mark.parametrize(
    "cell",
    [
        "45763",
        "4/16/25",
        "16.4.25",
        "Apr 16, 2025 at 8:39\u202fPM",
        "Wednesday, April 16, 2025",
        "16-Apr-25",
        "16. April 2025",
        "16 avril 2025",
        "16 de abril de 2025",
        "04/16/2025, 20:39",
        "Mi., 16.04.2025 20:39 Uhr",
    ],
)
def test_forms_of_a_day_that_common_software_writes(cell: str) -> None:
    assert list(days(read(f'Date,Pain\n"{cell}",7\n'))) == ["2025-04-16"]


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("März", 3),
        ("mars", 3),
        ("Mai", 5),
        ("juin", 6),
        ("juillet", 7),
        ("août", 8),
        ("Oktober", 10),
        ("enero", 1),
        ("Dez.", 12),
    ],
)
def test_months_have_names_in_four_languages(name: str, month: int) -> None:
    assert list(days(read(f"Date;Pain\n7. {name} 2025;7\n"))) == [f"2025-{month:02}-07"]


def test_a_separator_line_and_lines_above_the_headings_are_passed_over_and_told() -> None:
    assert days(read("sep=;\nDate;Pain\n16.04.2025;7,5\n")) == {"2025-04-16": (7.5, None)}
    found = read("Pain diary\nExported 1 May 2025\n\nDate,Pain,Mood\n2025-04-16,7,3\n")
    assert days(found) == {"2025-04-16": (7, None)}
    assert found.notes == ["lines above the headings that were not read: 3", 'columns that were not read: "Mood"']


@pytest.mark.parametrize("last", ["9,worse", '9,"worse"'])
def test_a_quotation_mark_that_swallows_lines_is_refused(last: str) -> None:
    text = f'Date,Pain,Notes\n2025-04-16,7,"bad night\n2025-04-17,8,better\n2025-04-18,{last}\n'
    with pytest.raises(BadFile, match="line 2: a quotation mark is opened, and the lines after it become part of it"):
        read(text)


def test_a_note_of_several_lines_is_one_note() -> None:
    kept = read('Date,Pain,Notes\n2025-04-16,7,"bad night\nand ""worse"", really\n3 times"\n2025-04-17,8,\n')
    assert days(kept) == {"2025-04-16": (7, None), "2025-04-17": (8, None)}


def test_the_stamp_is_when_it_was_written() -> None:
    found = read("Timestamp,Date,Pain\n2025-05-02 21:10:00,2025-04-16,7\n", zone="Europe/Zurich")
    written = found.days[0].written
    assert written is not None and written.isoformat() == "2025-05-02T21:10:00+02:00"
    flat = read('{"date":"2025-04-16","pain_average":7,"recorded_at":"2025-05-02T21:10:00+02:00"}\n')
    assert flat.days[0].written is not None and flat.days[0].written.date() == date(2025, 5, 2)


def test_a_place_is_its_own() -> None:
    text = "Date,Where,Pain\n2025-04-16,neck,8\n2025-04-16,low back,3\n2025-04-16,lower back right,5\n2025-04-17,,4\n"
    first, second = read(text).days
    assert first.pain == {("cervical", "both"): (8, None), LEFT: (3, None), ("lumbar", "right"): (5, None)}
    assert second.pain == {LEFT: (4, None)}


def test_what_was_accepted_once_is_taken_with_a_note() -> None:
    pain = '"pain":[{"region":"lumbar","side":"left","average":7,"worst":5}]'
    kept = read(f'{{"date":"2025-04-16",{pain},"opioid_mme":null,"recorded_at":"2025-04-16T20:00:00Z"}}\n')
    assert (len(kept.entries), kept.faults) == (1, [])
    assert kept.notes == ["line 1: /pain/0/worst: lies under the average; kept, for it was accepted once"]
    assert len(read(f'{{"date":"2025-04-16",{pain}}}\n').faults) == 1
