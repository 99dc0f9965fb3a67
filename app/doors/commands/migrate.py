"""The call `reprieve migrate`."""

import typer

from app.base.settings import get_settings
from app.base.store.migrate import upgrade
from app.doors.commands.common import new_call

app = new_call()


@app.command()
def migrate() -> None:
    """Brings the database up to date."""
    upgrade(get_settings().url)
    typer.echo("The database is up to date.")
