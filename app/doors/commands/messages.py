"""The calls `reprieve messages status` and `reprieve messages replay`."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError

from app.alerts.messages.outbox import waiting_since
from app.alerts.messages.sending import replay
from app.base.http.wire import Moment
from app.base.store.metadata import utc_now
from app.doors.commands.common import Refusal, new_call, opened, parse_id

MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
app = new_call("Messages: mail, Web Push and webhooks that wait, or have failed.")


@app.command("status")
def status() -> None:
    """How many wait, since when, and how many dead letters there are; the exit code is 1 if there are any."""
    late, waiting, dead = asyncio.run(_status())
    print(f"{waiting} waiting, the oldest for {late:.0f} s; {dead} dead letters")
    raise typer.Exit(1 if dead else 0)


@app.command("replay")
def replay_dead(
    delivery: Annotated[str | None, typer.Option(help="id of one dead letter; all of them if not given")] = None,
    since: Annotated[str | None, typer.Option(help="all that went to webhooks since this instant instead")] = None,
) -> None:
    """Sends dead letters again, under their old ids, so that a receiver can drop what it has."""
    if delivery is not None and since is not None:
        raise Refusal("--delivery and --since do not go together")
    one = None if delivery is None else parse_id("--delivery", delivery)
    print(f"{asyncio.run(_replay(one, None if since is None else _instant(since)))} to be sent again")


def _instant(text: str) -> datetime:
    try:
        return MOMENT.validate_python(text)
    except ValidationError:
        raise Refusal("--since is an instant with an offset, such as 2026-05-01T00:00:00+00:00") from None


async def _status() -> tuple[float, int, int]:
    async with opened() as database, database.read() as connection:
        return await waiting_since(connection, utc_now())


async def _replay(one: UUID | None, since: datetime | None) -> int:
    async with opened() as database:
        return await database.write(partial(replay, now=utc_now(), one=one, since=since))
