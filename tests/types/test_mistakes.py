"""mypy finds nothing in the code, and eleven mistakes across the borders of rooms: one run, it takes long."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.unmeasured
ROOT = Path(__file__).parents[2]
MISTAKES = Path(__file__).with_name("mistakes.txt")


def test_each_mistake_is_a_type_error_and_nothing_else_is(tmp_path: Path) -> None:
    text = MISTAKES.read_text()
    wrong = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# wrong")]
    (tmp_path / "mistakes.py").write_text(text)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings == {**settings, "strict": True, "files": ["app", "tests", "migrations"]}
    command = [sys.executable, "-m", "mypy", *settings["files"], str(tmp_path / "mistakes.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # by its name: where mypy remembers the file from a run before, it tells of the folder of that one
    found = re.findall(r"^(?:.*/)?([^/]+\.py):(\d+): error", done.stdout, re.MULTILINE)
    assert found == [("mistakes.py", str(number)) for number in wrong], done.stdout + done.stderr
    assert len(wrong) == 11
