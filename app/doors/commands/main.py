"""The command `reprieve`: one file per call, imported only when that call is made, so that each starts quickly."""

import gc
import os
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # the engine's products are small; threads only cost
    os.environ.setdefault(_threads, "1")

# name: module of this folder, and what `--help` says of it
CALLS = {
    "demo": (
        "demo",
        "An embedded database, a clinic with patients in every phase, the server, and the sign-ins printed.",
    ),
    "serve": ("serve", "Serves; all settings come from the environment (REPRIEVE_DATABASE_URL, REPRIEVE_HOST, ...)."),
    "trace": ("trace", "Judges diaries day by day, with no server: NDJSON in, NDJSON out."),
    "import": (
        "import_diary",
        "A diary from CSV or NDJSON; faults are reported line by line, and then nothing is written.",
    ),
    "export": (
        "export",
        "The current diary of a patient as CSV (a row a day and site) or NDJSON (an entry a line).",
    ),
    "migrate": ("migrate", "Brings the database up to date."),
    "backup": ("backup", "Writes a copy of the whole database, as of one moment, while the service goes on."),
    "restore": ("restore", "Puts a copy into an empty database."),
    "sweep": ("sweep", "Brings verdicts, flags and reviews up to date and sends what is due."),
    "rehearse": (
        "rehearse",
        "Judges all history by this version beside what is kept, and tells what would change.",
    ),
    "clinic": ("clinic", "Makes a clinic and its first admin; prints the clinic's id and the admin's password once."),
    "account": ("account", "Makes an account in a clinic, or ends or renews one; prints a new password once."),
    "cohort": (
        "cohort",
        "Cohorts: counts that travel, the curves of several databases' counts together, rows for research.",
    ),
    "policy": ("policy", "Policies: payers' and guidelines' rules for a repeat."),
    "messages": ("messages", "Messages: mail, Web Push and webhooks that wait, or have failed."),
    "audit": ("audit", "Who did what: how far it is sealed, and whether anything sealed was touched."),
    "keys": ("keys", "The keys under which names, notes, addresses and secrets are kept: look, add, change, drop."),
    "push-key": ("push_key", "Prints a fresh key for REPRIEVE_PUSH_KEY."),
}


class LazyCommands(TyperGroup):
    """The calls by their names; each module is imported when its call is made."""

    def list_commands(self, ctx: Any) -> list[str]:  # Typer keeps the types of its contexts private
        """Their names, in the order of the help."""
        return list(CALLS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:  # as above
        """One call, with its options."""
        if cmd_name not in CALLS:
            return None
        gc.disable()  # of what is imported nothing is lost: to look for it takes a quarter of the time
        try:
            made = typer.main.get_command(import_module(f"app.doors.commands.{CALLS[cmd_name][0]}").app)
        finally:
            gc.enable()
        assert isinstance(made, TyperCommand | TyperGroup)
        return made

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # as above
        """The list in the help, without loading any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in CALLS.items()])


app = typer.Typer(
    name="reprieve",
    cls=LazyCommands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def reprieve() -> None:
    """Follows people after a medial branch rhizotomy: did it work, how long has it held, is it ending?"""


def main() -> None:
    """Runs the command; what can't be done as asked is one sentence and exit code 2."""
    from app.base.settings import SettingError
    from app.base.store.keys import CellError
    from app.doors.commands.common import Refusal

    try:
        app()
    except (SettingError, Refusal, CellError) as error:
        print(f"reprieve: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # its message may hold a patient's data
        sys.exit(_failed(error))


def _failed(error: Exception) -> int:
    from app.base.logs import error_lines
    from app.base.store.failures import is_unavailable

    if is_unavailable(error):
        print("reprieve: the database or its disk can't be had for the moment; try again", file=sys.stderr)
        return 2
    print("reprieve: this failed on our side:", *error_lines(error), sep="\n", file=sys.stderr)
    return 1
