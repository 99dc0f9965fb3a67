"""The house stays clean: imports run one way, files stay short, the tools find nothing. mypy runs in `tests/types`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "tool",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("importlinter.cli",)],
    ids=["ruff", "format", "imports"],
)
def test_the_tools_find_nothing(tool: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", *tool]
    if tool[0] == "importlinter.cli":
        command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_long() -> None:
    files = [
        f
        for folder in ("app", "tests", "migrations")
        for f in (ROOT / folder).rglob("*")
        if f.suffix in (".py", ".html")
    ]
    long = {str(f.relative_to(ROOT)): n for f in files if (n := len(f.read_text().splitlines())) > 400}
    assert long == {}


def test_no_setting_names_a_registry() -> None:
    for name in ("pyproject.toml", "requirements.txt", "requirements-test.txt"):
        text = (ROOT / name).read_text()
        assert "http://" not in text
        assert "--index" not in text
        assert "--extra-index" not in text
