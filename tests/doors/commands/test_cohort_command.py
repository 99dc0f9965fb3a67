"""`reprieve cohort`: counts of clinics that are merged, and what is refused."""

import json
import sqlite3
from pathlib import Path
from uuid import UUID

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
        (("--where", "regin=lumbar"), "regin: "),
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
