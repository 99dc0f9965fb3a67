"""`reprieve policy check FILE` and `add`: good, at fault with its line, and not there."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import typer

from app.doors.commands.common import Refusal
from app.doors.commands.policy import check
from tests.commands import reprieve
from tests.rules.test_policies import GOOD_FILE


def ended(call: Callable[[str], None], file: str) -> int:
    """The exit code of a call."""
    try:
        call(file)
    except typer.Exit as end:
        return end.exit_code
    return 0


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (GOOD_FILE, 0, "own: good; The clinic's own\n  version 1, in force from 2026-01-01 on, unverified: levels\n"),
        (GOOD_FILE.replace("most = 2", "most = -2"), 1, "line 12: most is no number above 0\n"),
        ("", 1, "line 1: name is missing, or no text\n"),
        ("name = ", 1, "line 1: Invalid value\n"),
    ],
)
def test_a_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, said: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    assert ended(check, str(file)) == code
    told = capsys.readouterr()
    assert (told.out + told.err).removeprefix(f"{file}: ") == said


def test_other_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "own"\ntitle = "caf\xe9"\n')
    with pytest.raises(Refusal, match="No such file"):
        check(str(tmp_path / "none.toml"))
    assert ended(check, str(tmp_path / "latin.toml")) == 1
    assert "line 2: not UTF-8" in capsys.readouterr().err


def test_a_clinic_adds_its_own_by_file(tmp_path: Path, migrated_sqlite: Path) -> None:
    url, file = f"sqlite:///{migrated_sqlite}", tmp_path / "own.toml"
    file.write_text(GOOD_FILE)
    clinic = reprieve("clinic", "Lakeside", "--admin", "ruth", url=url).stdout.split()[1]
    added = reprieve("policy", "add", str(file), "--clinic", clinic, "--by", "ruth", url=url)
    assert (added.returncode, added.stdout.splitlines()[-1]) == (0, "added")
    with closing(sqlite3.connect(migrated_sqlite)) as connection:
        assert connection.execute("SELECT name, text FROM clinic_policy").fetchall() == [("own", GOOD_FILE)]
    nobody = reprieve("policy", "add", str(file), "--clinic", clinic, "--by", "nobody", url=url)
    assert (nobody.returncode, nobody.stderr) == (2, "reprieve: --by: the clinic has no account nobody\n")
    assert reprieve("policy", "add", str(file), "--clinic", "x", "--by", "ruth", url=url).returncode == 2
    file.write_text(GOOD_FILE.replace("most = 2", "most = -2"))
    faulty = reprieve("policy", "add", str(file), "--clinic", clinic, "--by", "ruth", url=url)
    assert (faulty.returncode, "line 12: most" in faulty.stderr) == (1, True)
