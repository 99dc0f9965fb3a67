"""The call `reprieve export`."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, TextIO

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.audit.service import record_of_command
from app.base.store.metadata import utc_now
from app.doors.commands.chosen_patient import ChosenPatient, ClinicOption, chosen_patient, find
from app.doors.commands.common import Refusal, new_call, opened
from app.record.diary import service, sheet
from app.record.diary.service import DayEntry
from app.record.patients.service import Person

FORMS = ("csv", "ndjson")


app = new_call()


@app.command("export")
def export_diary(
    patient: Annotated[str, typer.Option(help="id of the patient whose diary it is")],
    clinic: ClinicOption = None,
    form: Annotated[str, typer.Option("--format", help="csv or ndjson")] = "csv",
    output: Annotated[Path | None, typer.Option(help="file to write; standard output if not given")] = None,
) -> None:
    """The current diary of a patient as CSV (a row a day and site) or NDJSON (an entry a line)."""
    chosen = chosen_patient(patient, clinic)
    if form not in FORMS:
        raise Refusal(f"--format: {form!r} is none of {', '.join(FORMS)}")
    asyncio.run(_export(chosen, form, output))


async def _export(chosen: ChosenPatient, form: str, output: Path | None) -> None:
    line: Callable[[DayEntry], str] = _ndjson if form == "ndjson" else _csv
    async with opened() as database, database.read() as connection:
        person = await find(connection, chosen)
        await database.write(partial(_leave_event, person=person))
        with _opened(output) as file:  # once the patient is found: what a refused call would have written over stays
            if form == "csv":
                file.write(sheet.heading())
            async for entry in service.stream(connection, person.clinic_id, person.id):
                file.write(line(entry))


def _opened(output: Path | None) -> AbstractContextManager[TextIO]:
    try:
        return nullcontext(sys.stdout) if output is None else output.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise Refusal(f"{output}: {error.strerror}") from None


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
