"""The command `reprieve`. Each call imports what it needs, so that none waits for the others' parts."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # the engine's products are small; threads only cost
    os.environ.setdefault(_threads, "1")

app = typer.Typer(
    name="reprieve", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Follows people after a medial branch rhizotomy: did it work, how long has it held, is it ending?",
)  # fmt: skip


def main() -> None:
    """Runs the command; a setting at fault is one sentence and exit code 2."""
    from app.settings import SettingError

    try:
        app()
    except SettingError as error:
        print(f"reprieve: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


@app.command()
def trace(
    file: Annotated[str, typer.Argument(help="NDJSON diaries, one a line; `-` is standard input")],
    jobs: Annotated[int, typer.Option(min=1, max=256, help="processes to use")] = 1,
    definition: Annotated[str, typer.Option(help="of return: half, eighty or full")] = "half",
) -> None:
    """Judges diaries day by day, with no server: NDJSON in, NDJSON out; the exit code is 1 if a line was bad."""
    from app.verdicts.tracing import run

    raise typer.Exit(run(file, jobs, definition))


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="folder of the database; a fresh temporary one if not given")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one line of JSON when it can answer")] = False,
) -> None:
    """An embedded database, a clinic with patients in every phase, the server, and the sign-ins printed."""
    from app.demo.run import run

    raise typer.Exit(run(port, data, as_json))


@app.command()
def serve(
    migrate_first: Annotated[bool, typer.Option("--migrate", help="first bring the database up to date")] = False,
) -> None:
    """Serves; all settings come from the environment (REPRIEVE_DATABASE_URL, REPRIEVE_HOST, REPRIEVE_PORT, ...)."""
    from app.server import serve as run

    raise typer.Exit(run(migrate_first))


@app.command()
def migrate() -> None:
    """Brings the database up to date."""
    from app.settings import get_settings
    from app.store.migrate import upgrade

    upgrade(get_settings().url)
    typer.echo("The database is up to date.")


@app.command("import")
def import_diary(
    file: Annotated[str, typer.Argument(help="CSV or NDJSON; `-` is standard input")],
    patient: Annotated[str | None, typer.Option(help="id of the patient whose diary it is")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar='FIELD="Heading"', help="which column is what")
    ] = None,
    day_first: Annotated[bool, typer.Option("--day-first", help="03/04/2025 is 3 April")] = False,
    month_first: Annotated[bool, typer.Option("--month-first", help="03/04/2025 is March 4")] = False,
    encoding: Annotated[str | None, typer.Option(help="of the file, where it is not found out by itself")] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="take the good lines although others are at fault")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="write nothing; print what `reprieve trace` reads")
    ] = False,
    performed_on: Annotated[str | None, typer.Option(help="day of the procedure, for a dry run")] = None,
    region: Annotated[str | None, typer.Option(help="cervical, thoracic, lumbar or sacroiliac")] = None,
    laterality: Annotated[str | None, typer.Option(help="left, right or bilateral")] = None,
    baseline_pain: Annotated[float | None, typer.Option(help="the clinic's recorded pain, for a dry run")] = None,
) -> None:
    """A diary from CSV or NDJSON; faults are reported line by line, and then nothing is written."""
    from app.diary.importing.command import Options, run

    given = Options(
        file=file, patient=patient, mapping=mapping or [], day_first=day_first, month_first=month_first, encoding=encoding,
        keep_going=keep_going, dry_run=dry_run, performed_on=performed_on, region=region, laterality=laterality,
        baseline_pain=baseline_pain)  # fmt: skip
    raise typer.Exit(run(given))


@app.command("export")
def export_diary(
    patient: Annotated[str, typer.Option(help="id of the patient whose diary it is")],
    form: Annotated[str, typer.Option("--format", help="csv or ndjson")] = "csv",
    output: Annotated[Path | None, typer.Option(help="file to write; standard output if not given")] = None,
) -> None:
    """The current diary of a patient as CSV (a row a day and site) or NDJSON (an entry a line, nothing left out)."""
    from app.diary.exporting import run

    raise typer.Exit(run(patient, form, output))


@app.command()
def clinic(
    name: Annotated[str, typer.Argument(help="name of the new clinic")],
    admin: Annotated[str, typer.Option(help="name under which its first admin signs in")],
) -> None:
    """Makes a clinic and its first admin; prints the clinic's id and the admin's password once."""
    from app.accounts.command import add_clinic_with_admin

    raise typer.Exit(add_clinic_with_admin(name, admin))


@app.command()
def sweep(
    jobs: Annotated[int | None, typer.Option(min=1, help="processes; as many as there are cores if not given")] = None,
    once: Annotated[bool, typer.Option("--once/--watch", help="end when all is done, or go on until stopped")] = True,
) -> None:
    """Brings verdicts, flags and reviews up to date and sends what is due; a run that was killed is gone on with."""
    from app.sweeping import run

    raise typer.Exit(run(jobs, once))


messages = typer.Typer(help="Messages: mail, Web Push and webhooks that wait, or have failed.", no_args_is_help=True)
app.add_typer(messages, name="messages")


@messages.command("status")
def messages_status() -> None:
    """How many wait, since when, and how many dead letters there are; the exit code is 1 if there are any."""
    from app.messages.command import status

    raise typer.Exit(status())


@messages.command("replay")
def messages_replay(
    delivery: Annotated[str | None, typer.Option(help="id of one dead letter; all of them if not given")] = None,
    since: Annotated[str | None, typer.Option(help="all that went to webhooks since this instant instead")] = None,
) -> None:
    """Sends dead letters again, under their old ids, so that a receiver can drop what it has."""
    from app.messages.command import replay_dead

    raise typer.Exit(replay_dead(delivery, since))


@app.command("push-key")
def push_key() -> None:
    """Prints a fresh key for REPRIEVE_PUSH_KEY."""
    from app.messages.command import new_push_key

    raise typer.Exit(new_push_key())


policies = typer.Typer(help="Policies: payers' and guidelines' rules for a repeat.", no_args_is_help=True)
app.add_typer(policies, name="policy")


@policies.command("check")
def check_policy(file: Annotated[str, typer.Argument(help="TOML file of a policy")]) -> None:
    """Says whether a file is a policy, or which line is at fault."""
    from app.eligibility.command import check

    raise typer.Exit(check(file))


@policies.command("add")
def add_policy(
    file: Annotated[str, typer.Argument(help="TOML file of a policy")],
    clinic_id: Annotated[str, typer.Option("--clinic", help="id of the clinic whose own it is")],
    username: Annotated[str, typer.Option("--by", help="name of the clinic's admin who adds it")],
) -> None:
    """Adds a policy of a clinic's own; a second file of the same name takes the first one's place."""
    from app.eligibility.command import add

    raise typer.Exit(add(file, clinic_id, username))


@app.command()
def account(
    username: Annotated[str, typer.Argument(help="name under which somebody signs in")],
    clinic_id: Annotated[str, typer.Option("--clinic", help="id of the clinic")],
    role: Annotated[str, typer.Option(help="patient, clinician, scheduler or admin")],
    patient: Annotated[str | None, typer.Option(help="id of the patient, for that role")] = None,
) -> None:
    """Makes an account in a clinic; prints its password once."""
    from app.accounts.command import add_account_to

    raise typer.Exit(add_account_to(username, clinic_id, role, patient))
