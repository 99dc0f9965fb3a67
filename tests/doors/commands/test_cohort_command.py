"""`reprieve cohort`: counts of clinics that are merged, and what is refused."""

import json
import sqlite3
import stat
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import pytest

from tests.commands import reprieve


def test_clinics_counted_apart_are_merged_to_the_curves_of_both(judged: str, tmp_path: Path) -> None:
    with sqlite3.connect(judged.removeprefix("sqlite:///")) as database:
        clinics = [str(UUID(one)) for (one,) in database.execute("SELECT id FROM clinic")]
        names = [one for (one,) in database.execute("SELECT id FROM patient UNION SELECT id FROM procedure")]
    assert len(clinics) == 2
    parts = []
    for number, clinic in enumerate(clinics):
        counted = reprieve("cohort", "counts", "--group-by", "region", "--clinic", clinic, url=judged)
        parts.append(tmp_path / f"{number}.json")
        parts[-1].write_text(counted.stdout)
        assert not any(one in counted.stdout for one in (*clinics, *names)), "nobody is named"
    whole = tmp_path / "whole.json"
    whole.write_text(reprieve("cohort", "counts", "--group-by", "region", url=judged).stdout)
    apart, together = (reprieve("cohort", "merge", *map(str, some)) for some in (parts, [whole]))
    assert apart.stdout == together.stdout, apart.stderr
    groups = json.loads(apart.stdout)["groups"]
    assert sum(one["n"] for one in groups) > 10 and len(groups) > 1
    assert apart.stderr.strip().endswith("of 2 files, 0 verdicts not up to date")


def test_what_is_not_up_to_date_is_said(demo_db: Path) -> None:
    counted = reprieve("cohort", "counts", url=f"sqlite:///{demo_db}")
    assert counted.returncode == 0 and json.loads(counted.stdout)["stale"] > 0
    assert "verdicts are not up to date; run `reprieve sweep` first" in counted.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--where", "regin=lumbar"), "--where: 'regin' is none of region, laterality, "),
        (("--where", "outside=false"), "--where: 'outside' is none of "),
        (("--where", "region=lumbar", "--where", "region=cervical"), "--where: a filter is named twice"),
        (("--where", "region=moon"), "region: "),
        (("--where", "region"), "--where: 'region' is no filter; write name=value"),
        (("--group-by", "moon"), "group_by: "),
        (("--definition", "most"), "definition: "),
        (("--clinic", "1"), "--clinic: '1' is no id"),
        (("--clinic", str(UUID(int=1))), "--clinic: there is no clinic 00000000-0000-0000-0000-000000000001"),
    ],
)
def test_what_can_not_be_counted_is_said(demo_db: Path, words: tuple[str, ...], says: str) -> None:
    refused = reprieve("cohort", "counts", *words, url=f"sqlite:///{demo_db}")
    assert refused.returncode == 2 and f"reprieve: {says}" in refused.stderr, refused.stderr
    assert refused.stdout == ""


def test_what_can_not_be_merged_is_said(tmp_path: Path) -> None:
    some = tmp_path / "a.json"
    some.write_text("{}")
    for words, says in (
        ((str(some),), f"{some}: made_by: Field required"),
        ((str(some), str(some)), "a file is named twice"),
        ((str(tmp_path / "no.json"),), f"{tmp_path / 'no.json'}: No such file"),
    ):
        refused = reprieve("cohort", "merge", *words)
        assert refused.returncode == 2 and f"reprieve: {says}" in refused.stderr, refused.stderr


def consent_to_research(url: str, *words: bool) -> list[str]:
    """One patient after the other says yes or no, all others nothing; the ids of those who spoke."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        named = database.execute("SELECT clinic_id, patient_id FROM outcome GROUP BY 2 ORDER BY 2").fetchall()
        for (clinic, patient), given in zip(named, words, strict=False):
            for of, said in (("research", given), ("messages", not given)):
                database.execute(
                    "INSERT INTO consent (clinic_id, id, patient_id, kind, version, given, said_at, current)"
                    " VALUES (?, ?, ?, ?, 1, ?, '2026-01-01 00:00:00', 1)",
                    (clinic, uuid4().hex, patient, of, said),
                )
    return [str(UUID(patient)) for _, patient in named[: len(words)]]


def events_of_cohorts(url: str) -> list[str]:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        found = database.execute("SELECT patient_id FROM audit_event WHERE resource = 'cohort' AND account_id IS NULL")
        return sorted(str(UUID(one)) for (one,) in found)


def test_rows_for_research_are_of_those_who_agreed_and_each_reading_is_an_event(judged: str, tmp_path: Path) -> None:
    spoke, made = consent_to_research(judged, True, False, True), tmp_path / "rows.parquet"
    assert reprieve("cohort", "rows", str(made), "--where", "region=thoracic", url=judged).returncode == 0
    ran = reprieve("cohort", "rows", str(made), url=judged)
    assert ran.returncode == 0, ran.stderr
    found = duckdb.read_parquet(str(made))
    rows = [dict(zip(found.columns, one, strict=True)) for one in found.fetchall()]
    assert ran.stderr.strip() == f"{len(rows)} procedures"
    assert sorted({str(one["patient_id"]) for one in rows}) == sorted({spoke[0], spoke[2]}) == events_of_cohorts(judged)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600 and sorted(one.name for one in tmp_path.iterdir()) == [
        "judged",
        made.name,
    ]
    with sqlite3.connect(judged.removeprefix("sqlite:///")) as database:
        database.row_factory = sqlite3.Row
        for one in rows:
            kept = database.execute(
                "SELECT * FROM outcome WHERE procedure_id = ?", [one["procedure_id"].hex]
            ).fetchone()
            for name in (
                "region",
                "laterality",
                "technique",
                "ended",
                "age",
                "response",
                "baseline_pain",
                "entered_days",
            ):
                assert one[name] == kept[name], name
            assert one["performed_on"] == date.fromisoformat(kept["performed_on"])
            assert (one["clinic_id"], one["patient_id"]) == (UUID(kept["clinic_id"]), UUID(kept["patient_id"]))
            assert one["repeat"] is bool(kept["repeat"]) and one["censored"] in (None, kept["ended"] != "return")


def test_where_nobody_agreed_the_file_has_its_columns_and_no_row(judged: str, tmp_path: Path) -> None:
    ran = reprieve("cohort", "rows", str(tmp_path / "rows.parquet"), url=judged)
    assert (ran.returncode, ran.stderr) == (0, "0 procedures\n")
    found = duckdb.read_parquet(str(tmp_path / "rows.parquet"))
    assert found.fetchall() == []
    told = dict(zip(found.columns, map(str, found.types), strict=True))
    assert told == {
        "clinic_id": "UUID",
        "procedure_id": "UUID",
        "patient_id": "UUID",
        "entered_days": "INTEGER",
        "relief_days": "INTEGER",
        "held_days": "INTEGER",
        "censored": "BOOLEAN",
        "ended": "VARCHAR",
        "performed_on": "DATE",
        "region": "VARCHAR",
        "laterality": "VARCHAR",
        "technique": "VARCHAR",
        "repeat": "BOOLEAN",
        "repeat_of": "UUID",
        "staged_with": "UUID",
        "age": "INTEGER",
        "response": "VARCHAR",
        "baseline_pain": "DOUBLE",
    }


def test_rows_that_can_not_be_written_leave_what_was_there(judged: str, tmp_path: Path) -> None:
    consent_to_research(judged, True)
    nowhere, filtered = tmp_path / "none" / "rows.parquet", tmp_path / "filtered.parquet"
    filtered.write_text("of yesterday")
    for words, says in (
        ([str(nowhere)], f"{nowhere}: No such file or directory"),
        ([str(filtered), "--where", "region=moon"], "region: "),
        ([str(filtered), "--clinic", str(UUID(int=1))], f"--clinic: there is no clinic {UUID(int=1)}"),
        ([str(filtered)], f"{filtered}: is there already, and no Parquet file"),
        ([judged.removeprefix("sqlite:///")], "is there already, and no Parquet file"),
        ([judged.removeprefix("sqlite:///") + ".keys"], "is there already, and no Parquet file"),
        ([str(tmp_path)], f"{tmp_path}: is no file of its own"),
        (["/dev/null"], "/dev/null: is no file of its own"),
    ):
        ran = reprieve("cohort", "rows", *words, url=judged)
        assert ran.returncode == 2 and ran.stderr.startswith("reprieve: ") and says in ran.stderr, ran.stderr
    assert filtered.read_text() == "of yesterday"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["filtered.parquet", "judged"]


def test_verdicts_by_another_definition_are_made_first(judged: str, tmp_path: Path) -> None:
    counted = reprieve("cohort", "counts", "--definition", "full", url=judged)
    assert (counted.returncode, counted.stderr) == (0, "")
    found = json.loads(counted.stdout)
    assert found["stale"] == 0 and sum(one[-1] for one in found["counts"]) > 10
    consent_to_research(judged, True, True)
    ran = reprieve("cohort", "rows", str(tmp_path / "full.parquet"), "--definition", "full", url=judged)
    assert ran.returncode == 0 and not ran.stderr.startswith("0 "), ran.stderr
