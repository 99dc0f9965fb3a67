"""The call `reprieve export`."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, TextIO
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.audit.service import record_of_command
from app.base.store.metadata import utc_now
from app.doors.commands.common import Refusal, new_call, opened, parse_id
from app.record.diary import service, sheet
from app.record.diary.service import DayEntry
from app.record.patients.service import Person, by_id

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
    line: Callable[[DayEntry], str] = _ndjson if form == "ndjson" else _csv
    async with opened() as database, database.read() as connection:
        person = await by_id(connection, patient_id)
        if person is None:
            return False
        await database.write(partial(_leave_event, person=person))
        if form == "csv":
            file.write(sheet.heading())
        async for entry in service.stream(connection, person.clinic_id, person.id):
            file.write(line(entry))
    return True


async def _leave_event(connection: AsyncConnection, person: Person) -> None:
    await record_of_command(
        connection, "read", "diary export", clinic_id=person.clinic_id, patient_id=person.id, now=utc_now()
    )


def _csv(entry: DayEntry) -> str:
    return sheet.lines(entry.date, entry.content, opioid_mme=entry.opioid_mme, recorded_at=entry.recorded_at)


def _ndjson(entry: DayEntry) -> str:
    data = {
        "date": entry.date.isoformat(),
        **entry.content,
        "opioid_mme": entry.opioid_mme,
        "recorded_at": entry.recorded_at.isoformat(),
    }
    return json.dumps(data, ensure_ascii=False) + "\n"
