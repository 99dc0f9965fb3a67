"""The call `reprieve serve`."""

from typing import Annotated

import typer

from app.doors.commands.common import new_call
from app.doors.server import serve as run

app = new_call()


@app.command()
def serve(
    migrate_first: Annotated[bool, typer.Option("--migrate", help="first bring the database up to date")] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes that share the port; PostgreSQL only")] = 1,
) -> None:
    """Serves; all settings come from the environment (REPRIEVE_DATABASE_URL, REPRIEVE_HOST, REPRIEVE_PORT, ...)."""
    raise typer.Exit(run(migrate_first, workers))
