"""`reprieve policy check FILE`: good, at fault with its line, and not there."""

from pathlib import Path

import pytest

from app.eligibility.command import check
from tests.rules.test_policies import GOOD_FILE


@pytest.mark.parametrize(("text", "code", "said"), [
    (GOOD_FILE, 0, "own: good; The clinic's own\n  version 1, in force from 2026-01-01 on, unverified: levels\n"),
    (GOOD_FILE.replace("most = 2", "most = -2"), 1, "line 12: most is no number above 0\n"),
    ("", 1, "line 1: name is missing, or no text\n"),
    ("name = ", 1, "line 1: Invalid value\n"),
])  # fmt: skip
def test_a_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int, said: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text)
    assert check(str(file)) == code
    told = capsys.readouterr()
    assert (told.out + told.err).removeprefix(f"{file}: ") == said


def test_other_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.toml").write_bytes(b'name = "own"\ntitle = "caf\xe9"\n')
    assert (check(str(tmp_path / "none.toml")), check(str(tmp_path / "latin.toml"))) == (2, 1)
    assert "No such file" in (said := capsys.readouterr().err)
    assert "line 2: not UTF-8" in said
