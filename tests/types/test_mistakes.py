"""Names and types across the borders of rooms: ten mistakes that mypy must find, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MISTAKES = Path(__file__).with_name("mistakes.txt")


def test_each_mistake_is_a_type_error(tmp_path: Path) -> None:
    text = MISTAKES.read_text()
    wrong = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# wrong")]
    (tmp_path / "mistakes.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"), "mistakes.py"]
    done = subprocess.run(
        [*command[:-1], str(tmp_path / "mistakes.py")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = [int(line) for line in re.findall(r"mistakes\.py:(\d+): error", done.stdout)]
    assert (found, len(wrong)) == (wrong, 10), done.stdout
