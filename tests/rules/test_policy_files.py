"""Files of policies that are wrong in a way that would only show later: each names its line."""

from datetime import date
from pathlib import Path

import pytest

from app.rules.policies import BadPolicyError, load_text
from app.rules.policies.loading import load
from tests.rules.test_policies import GOOD_FILE

RULE = GOOD_FILE[GOOD_FILE.index("[[version.rule]]") :]
LEVELS = 'rule = "levels"\nmost = 2\n'
DURATION = 'rule = "relief_duration"\n'
SECOND = '\n[[version]]\nversion = "2"\nin_force_from = {}\n\n' + RULE


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ('version = "1"', "version = 1", 7, "version is missing"),
        ("in_force_from = 2026-01-01\n", "", 6, "in_force_from is missing"),
        ("in_force_from = 2026-01-01", "in_force_from = 2026-01-01T00:00:00", 8, "in_force_from is missing, or no day"),
        ("in_force_from = 2026-01-01", "in_force_from = 2026-01-01\nverified_by = 'ada'", 6, "verified_on goes with"),
        (RULE, "", 6, "rule a version has at least one"),
        (GOOD_FILE[GOOD_FILE.index("[[version]]") :], "", 1, "version a policy has at least one"),
        (
            "[[version.rule]]\n" + LEVELS + 'certainty = "found"',
            "rule = [{rule = 'levels'}]",
            1,
            "version and its rules",
        ),
        ("most = 2", "most = true", 12, "most is missing, or of the wrong type"),
        ("most = 2", "most = 1001", 12, "most is no number above 0"),
        (LEVELS, DURATION, 10, "months give months or weeks"),
        (LEVELS, DURATION + "months = 6\nweeks = 26\n", 12, "months give months or weeks"),
        (LEVELS, 'rule = "minimum_gap"\nmonths = 6\nscope = "spine"\n', 13, "scope is none of"),
        (LEVELS, 'rule = "region_covered"\nregions = []\n', 12, "regions is no list of"),
        (LEVELS, 'rule = "region_covered"\nregions = ["elbow"]\n', 12, "regions is no list of"),
        ('name = "own"', "name = " + "[" * 5_000, 1, "no TOML that can be read"),
        ('name = "own"', 'name = "own', 1, ""),
        ('name = "own"', "a" + ".a" * 9_000 + " = 1", 1, "more than 40 dots"),
    ],
)
def test_it_names_its_line(was: str, becomes: str, line: int, says: str) -> None:
    assert was in GOOD_FILE
    with pytest.raises(BadPolicyError) as refused:
        load_text(GOOD_FILE.replace(was, becomes))
    assert str(refused.value).startswith(f"line {line}: {says}"), refused.value


@pytest.mark.parametrize("begins", ["2025-06-01", "2026-12-31"])
def test_two_versions_never_hold_on_one_day(begins: str) -> None:
    first = GOOD_FILE.replace("in_force_from = 2026-01-01", "in_force_from = 2026-01-01\nin_force_to = 2026-12-31")
    with pytest.raises(BadPolicyError, match="version 2 overlaps 1"):
        load_text(first + SECOND.format(begins))
    with pytest.raises(BadPolicyError, match="version 2 overlaps 1"):
        load_text(GOOD_FILE + SECOND.format("2030-01-01"))  # the first never ends
    policy = load_text(first + SECOND.format("2027-01-01"))
    days = (date(2026, 12, 31), date(2027, 1, 1))
    assert [version.version for day in days if (version := policy.on(day))] == ["1", "2"]


def test_what_is_no_utf_8_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(GOOD_FILE.replace("clinic's", "Bäder").encode("latin-1"))
    with pytest.raises(BadPolicyError, match=r"^line 2: not UTF-8$"):
        load(str(path))
    path.write_text(GOOD_FILE)
    assert load(str(path)).name == "own"
