"""The call `reprieve export`."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, TextIO
from uuid import UUID

import typer
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.audit.service import event
from app.base.store.database import Database
from app.base.store.metadata import new_id, utc_now
from app.doors.commands.common import Refusal, new_call, opened, parse_id
from app.record.diary import service, sheet
from app.record.patients.service import patient as patient_row

FORMS = ("csv", "ndjson")


app = new_call()


@app.command("export")
def export_diary(
    patient: Annotated[str, typer.Option(help="id of the patient whose diary it is")],
    form: Annotated[str, typer.Option("--format", help="csv or ndjson")] = "csv",
    output: Annotated[Path | None, typer.Option(help="file to write; standard output if not given")] = None,
) -> None:
    """The current diary of a patient as CSV (a row a day and site) or NDJSON (an entry a line)."""
    who = parse_id("--patient", patient)
    if form not in FORMS:
        raise Refusal(f"--format: {form!r} is none of {', '.join(FORMS)}")
    try:
        target = nullcontext(sys.stdout) if output is None else output.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise Refusal(f"{output}: {error.strerror}") from None
    with target as file:
        found = asyncio.run(_export(who, form, file))
    if not found:
        raise Refusal(f"--patient: there is no patient {who}")


async def _export(patient_id: UUID, form: str, file: TextIO) -> bool:
    line: Callable[[Row[Any]], str] = _ndjson if form == "ndjson" else _csv
    async with opened() as database, database.read() as connection:
        row = (await connection.execute(select(patient_row).where(patient_row.c.id == patient_id))).first()
        if row is None:
            return False
        await _leave_event(database, row)
        if form == "csv":
            file.write(sheet.heading())
        async for entry in service.stream(connection, row.clinic_id, row.id):
            file.write(line(entry))
    return True


async def _leave_event(database: Database, row: Row[Any]) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(
            insert(event).values(
                clinic_id=row.clinic_id,
                id=new_id(),
                at=utc_now(),
                patient_id=row.id,
                action="read",
                resource="diary export",
            )
        )

    await database.write(work)


def _csv(entry: Row[Any]) -> str:
    return sheet.lines(entry.date, entry.content, entry.opioid_mme, entry.recorded_at)


def _ndjson(entry: Row[Any]) -> str:
    data = {"date": entry.date.isoformat(), **entry.content, "opioid_mme": entry.opioid_mme,
            "recorded_at": entry.recorded_at.isoformat()}  # fmt: skip
    return json.dumps(data, ensure_ascii=False) + "\n"
