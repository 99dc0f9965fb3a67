"""The call `reprieve demo`."""

import asyncio
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from app.base.logs import configure
from app.base.settings import SettingError, get_settings, sqlite_url
from app.base.store.database import Database
from app.base.store.leases import CONCLUSIONS, leased
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from app.doors.commands.common import new_call
from app.doors.demo.build import SignInTo, Tell, build
from app.doors.demo.people import PEOPLE, SECOND_PEOPLE
from app.doors.server import run as serve
from app.work.worker import work_once

KEPT = "sign-ins.json"
app = new_call()


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="folder of the database; a fresh temporary one if not given")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one line of JSON when it can answer")] = False,
) -> None:
    """An embedded database, a clinic with patients in every phase, the server, and the sign-ins printed."""
    configure("warning")
    folder = data or Path(tempfile.mkdtemp(prefix="reprieve-demo-"))
    url = sqlite_url(folder / "reprieve.db")
    console = Console(stderr=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        accounts = _accounts(folder, url, console)
    except OSError as error:
        raise SettingError(f"--data {folder}: {error.strerror}") from None
    service = create_app(get_settings().model_copy(update={"database_url": SecretStr(url)}))

    def when_ready(address: str) -> None:
        if as_json:
            print(json.dumps({"url": address, "accounts": [_public(a) for a in accounts]}), flush=True)
        else:
            _show(console, address, accounts=accounts, folder=folder)

    raise typer.Exit(serve(service, "127.0.0.1", port=port, when_ready=when_ready))


def _accounts(folder: Path, url: str, console: Console) -> list[SignInTo]:
    """The sign-ins of a folder: those made before, or those of new data."""
    upgrade(url)
    kept = folder / KEPT
    if kept.exists():
        return [SignInTo(**a) for a in json.loads(kept.read_text("utf-8"))]
    total = len(PEOPLE) + len(SECOND_PEOPLE)
    columns = (TextColumn("making a clinic"), BarColumn(), TextColumn("{task.completed} of {task.total} patients"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        accounts = asyncio.run(_build(url, lambda name: bar.advance(task)))
    file = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        json.dump([asdict(a) for a in accounts], out, default=str)
    return accounts


async def _build(url: str, tell: Tell) -> list[SignInTo]:
    database = Database(url)
    try:
        accounts = await build(database, utc_now(), tell)
        async with leased(database, CONCLUSIONS, utc_now, wait=lambda: None):
            await work_once(database, utc_now, most=None)
        return accounts
    finally:
        await database.close()


def _public(account: SignInTo) -> dict[str, object]:
    out: dict[str, object] = {"role": account.role, "username": account.username, "password": account.password}
    if account.patient_id is not None:
        out["patient_id"] = str(account.patient_id)
    return out


def _show(console: Console, address: str, *, accounts: list[SignInTo], folder: Path) -> None:
    table = Table("role", "username", "password", box=None, padding=(0, 3, 0, 0))
    for a in accounts:
        table.add_row(a.role, a.username, a.password)
    patient = next(a for a in accounts if a.patient_id)
    clinician = accounts[0]
    console.print(
        f"\n[bold]Reprieve answers at {address}[/bold] (the clinic's pages: {address}/clinic, the API's: {address}/docs)\n"
    )
    console.print(table)
    console.print("\nThree things to try:\n")
    sign_in = f"curl -s {address}/v1/token -d username={clinician.username} -d password={clinician.password}"
    take = "python3 -c 'import json,sys; print(json.load(sys.stdin)[\"access_token\"])'"
    for line in (
        f"TOKEN=$({sign_in} | {take})",
        f'curl -s -H "Authorization: Bearer $TOKEN" {address}/v1/patients',
        f'curl -s -H "Authorization: Bearer $TOKEN" {address}/v1/procedures/{patient.procedure_id}/relief',
    ):
        console.print("  " + line, soft_wrap=True, highlight=False, markup=False)
    console.print(f"\nThe data lie in {folder}. Ctrl-C ends it.\n", soft_wrap=True, highlight=False)
