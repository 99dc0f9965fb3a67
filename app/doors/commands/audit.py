"""The calls `reprieve audit head` and `reprieve audit verify`."""

import asyncio
import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import select

from app.access.accounts.tables import Clinic
from app.access.audit.checking import CheckedLog, Head, check
from app.access.audit.schemas import AuditHeadOut
from app.access.audit.search import head_of
from app.base.http.wire import to_wire
from app.base.store.metadata import utc_now
from app.base.store.typed import col
from app.doors.commands.common import Refusal, new_call, opened, parse_id

app = new_call("Who did what: how far it is sealed, and whether anything sealed was touched.")
OneClinicOption = Annotated[str | None, typer.Option("--clinic", help="id of one clinic; all of them if not given")]


class NotedHead(BaseModel):
    """A line that `reprieve audit head` printed earlier."""

    clinic_id: UUID
    size: int = Field(ge=0)
    root: str = Field(pattern="^[0-9a-f]{64}$")
    link: str = Field(pattern="^[0-9a-f]{64}$")


@app.command("head")
def print_heads(clinic: OneClinicOption = None) -> None:
    """How many events of each clinic are sealed, and the root over them: a line of JSON each, to be kept elsewhere."""
    for one in asyncio.run(_heads(clinic)):
        print(json.dumps(to_wire(AuditHeadOut, one)))


@app.command("verify")
def verify(
    clinic: OneClinicOption = None,
    heads: Annotated[Path | None, typer.Option("--heads", help="file of lines that `head` printed earlier")] = None,
) -> None:
    """Reads every sealed event; names the first that was changed, dropped, added or moved. Exit code 1 where one was."""
    noted = [] if heads is None else _noted(heads)
    bad = False
    for clinic_id, found in asyncio.run(_verify(clinic, noted)):
        bad = bad or found.fault is not None
        since = "" if found.sealed_at is None else f", the last on {found.sealed_at:%Y-%m-%d %H:%M} UTC"
        says = f"FAULT: {found.fault}" if found.fault else f"{found.head.size} events as they were sealed{since}"
        print(f"{clinic_id}: {says}; {found.unsealed} not sealed yet")
    raise typer.Exit(1 if bad else 0)


def _noted(file: Path) -> list[NotedHead]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"--heads: {file} can't be read: {type(error).__name__}") from None
    out = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                out.append(NotedHead.model_validate_json(line))
            except ValidationError:
                raise Refusal(f"--heads: line {number} is none that `reprieve audit head` prints") from None
    return out


async def _heads(clinic: str | None) -> list[AuditHeadOut]:
    async with opened() as database, database.read() as connection:
        query = select(col(Clinic.id)).order_by(col(Clinic.id))
        known = [found for (found,) in (await connection.execute(query)).all()]
        return [await head_of(connection, one) for one in _chosen(clinic, known)]


async def _verify(clinic: str | None, noted: list[NotedHead]) -> list[tuple[UUID, CheckedLog]]:
    out = []
    async with opened() as database, database.read() as connection:
        query = select(col(Clinic.id)).order_by(col(Clinic.id))
        known = [found for (found,) in (await connection.execute(query)).all()]
        for one in _chosen(clinic, known):
            theirs = [Head(each.size, each.root, each.link) for each in noted if each.clinic_id == one]
            out.append((one, await check(connection, one, known=theirs, now=utc_now())))
        gone = {one.clinic_id for one in noted} - set(known)
        if gone and clinic is None:
            raise Refusal(f"--heads: there is no clinic {min(gone)} any more")
    return out


def _chosen(clinic: str | None, known: list[UUID]) -> list[UUID]:
    if clinic is None:
        return known
    one = parse_id("--clinic", clinic)
    if one not in known:
        raise Refusal(f"--clinic: there is no clinic {one}")
    return [one]
