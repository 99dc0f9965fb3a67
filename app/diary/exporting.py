"""The call `reprieve export`."""

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.audit.service import event
from app.diary import service, sheet
from app.diary.importing.recording import opened
from app.patients.service import patient
from app.store.base import new_id, utc_now
from app.store.database import Database

FORMS = ("csv", "ndjson")


def run(patient_id: str, form: str, output: Path | None) -> int:
    """Writes a patient's current diary; 0, or 2 where the options are wrong or the file can't be written."""
    try:
        who = UUID(patient_id)
    except ValueError:
        return _refuse(f"--patient: {patient_id!r} is no id")
    if form not in FORMS:
        return _refuse(f"--format: {form!r} is none of {', '.join(FORMS)}")
    try:
        target = nullcontext(sys.stdout) if output is None else output.open("w", encoding="utf-8", newline="")
    except OSError as error:
        return _refuse(f"{output}: {error.strerror}")
    with target as file:
        found = asyncio.run(_export(who, form, file))
    return 0 if found else _refuse(f"--patient: there is no patient {who}")


async def _export(patient_id: UUID, form: str, file: TextIO) -> bool:
    line: Callable[[Row[Any]], str] = _ndjson if form == "ndjson" else _csv
    async with opened() as database, database.read() as connection:
        row = (await connection.execute(select(patient).where(patient.c.id == patient_id))).first()
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


def _refuse(says: str) -> int:
    print(f"reprieve: {says}", file=sys.stderr)
    return 2
