"""The call `reprieve demo`."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from app.access.accounts.service import any_clinic
from app.base.logs import configure
from app.base.settings import SettingError, get_settings, sqlite_url
from app.base.store.database import Database
from app.base.store.known_keys import know_keys
from app.base.store.leases import CONCLUSIONS, leased
from app.base.store.metadata import utc_now
from app.base.store.migrate import upgrade
from app.doors.api import create_app
from app.doors.commands.common import new_call
from app.doors.demo.build import SignInTo, Tell, build
from app.doors.demo.people import PEOPLE, SECOND_PEOPLE
from app.doors.server import check_port, free_port
from app.doors.server import run as serve
from app.work.worker import work_once

FILE, KEPT, MARK = "reprieve.db", "sign-ins.json", "building"
app = new_call()


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="folder of the database; a fresh temporary one if not given")
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="URL of an empty PostgreSQL that is filled instead of a file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one line of JSON when it can answer")] = False,
) -> None:
    """An embedded database, a clinic with patients in every phase, the server, and the sign-ins printed."""
    configure("warning")
    check_port("127.0.0.1", port)  # before a minute's work
    if database is not None and data is not None:
        raise SettingError("--data is a folder of the embedded database: give it or --database")
    console = Console(stderr=True)
    with _folder(data) as folder:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            url = sqlite_url(folder / FILE) if database is None else database
            accounts = _accounts(folder, url, console) if database is None else _filled(url, console)
        except OSError as error:
            raise SettingError(f"--data {folder}: {error.strerror}") from None
        settings, port = get_settings(), port or free_port("127.0.0.1")
        where_it_is = {} if "public_url" in settings.model_fields_set else {"public_url": f"http://127.0.0.1:{port}"}
        service = create_app(settings.model_copy(update={"database_url": SecretStr(url), **where_it_is}), tuned=True)

        def when_ready(address: str) -> None:
            if as_json:
                print(json.dumps({"url": address, "accounts": [_public(a) for a in accounts]}), flush=True)
            else:
                stays = "The data stay in that database" if data is None else f"The data lie in {folder}"
                where = "The data go with it" if data is None and database is None else stays
                _show(console, address, accounts=accounts, where=where)

        ended = serve(service, "127.0.0.1", port=port, when_ready=when_ready)
    raise typer.Exit(ended)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """The folder that was named, which stays, or a temporary one, which goes at the end."""
    if data is not None:
        yield data
        return
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(0)
    )  # so that it goes then as well: the server hands the signal on
    with tempfile.TemporaryDirectory(prefix="reprieve-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _accounts(folder: Path, url: str, console: Console) -> list[SignInTo]:
    """The sign-ins of a folder: those made before, or those of new data.

    A build that was interrupted is begun again: its mark stands until the sign-ins are written.

    Raises:
        SettingError: the folder holds a database that no demo has made.
    """
    kept, mark = folder / KEPT, folder / MARK
    if mark.exists():
        for left in folder.glob(f"{FILE}*"):
            left.unlink()
    elif kept.exists():
        upgrade(url)
        return [SignInTo(**a) for a in json.loads(kept.read_text("utf-8"))]
    elif (folder / FILE).exists():
        raise SettingError(f"--data {folder}: {FILE} is there already, and no demo has made it")
    mark.touch()
    accounts = _filled(url, console)
    file = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        json.dump([asdict(a) for a in accounts], out, default=str)
    mark.unlink()
    return accounts


def _filled(url: str, console: Console) -> list[SignInTo]:
    """Migrates a database and fills it.

    Raises:
        SettingError: a clinic is in it already.
    """
    upgrade(url)
    total = len(PEOPLE) + len(SECOND_PEOPLE)
    columns = (TextColumn("making a clinic"), BarColumn(), TextColumn("{task.completed} of {task.total} patients"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        return asyncio.run(_build(url, lambda name: bar.advance(task)))


async def _build(url: str, tell: Tell) -> list[SignInTo]:
    database = Database(url)
    try:
        await know_keys(database)
        async with database.read() as connection:
            if await any_clinic(connection):
                raise SettingError("the database holds a clinic already: the demo fills an empty one")
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


def _show(console: Console, address: str, *, accounts: list[SignInTo], where: str) -> None:
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
    console.print(f"\n{where}. Ctrl-C ends it.\n", soft_wrap=True, highlight=False)
