"""The command's help names every call, and loads none of them."""

import sys
from subprocess import run

import pytest
import typer

from app.doors.commands.main import CALLS, LazyCommands


@pytest.mark.parametrize("name", CALLS)
def test_the_help_of_a_call_begins_as_the_list_says(name: str) -> None:
    made = LazyCommands().get_command(None, name)
    assert made is not None
    said = " ".join((made.help or "").split())
    listed = CALLS[name][1]
    assert said.startswith(listed.rstrip(".").split(", ...")[0]), said


def test_the_help_loads_no_call() -> None:
    script = "import sys; from app.doors.commands.main import app\ntry: app(['--help'])\nexcept SystemExit: pass\n"
    script += "print([m for m in sys.modules if m.startswith('app.') and not m.startswith('app.doors')])"
    done = run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_call_of_another_name() -> None:
    assert LazyCommands().get_command(None, "nosuch") is None
    assert isinstance(
        typer.main.get_command(__import__("app.doors.commands.main").doors.commands.main.app), LazyCommands
    )
