"""A patient's whole record as one document, now or as it was known."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.base.store.database import Database
from app.record.diary.writings import revision as writing
from app.record.patients import service as patients
from app.record.revisions.service import revision
from app.record.whole.schemas import FORMAT, RecordOut


async def export(
    database: Database, caller: Caller, patient_id: UUID, as_known_on: datetime | None, now: datetime
) -> RecordOut:
    """Every revision of every row, and of every day, that had been received by then."""
    until = as_known_on or now
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id)
        rows, days = [
            (
                await connection.execute(
                    select(table)
                    .where(
                        table.c.clinic_id == person.clinic_id,
                        table.c.patient_id == person.id,
                        table.c.received_at <= until,
                    )
                    .order_by(*order)
                )
            ).all()
            for table, order in (
                (revision, (revision.c.kind, revision.c.row_id, revision.c.number)),
                (writing, (writing.c.date, writing.c.revision)),
            )
        ]
    await audit.record_read(database, caller, "record", patient_id, now)
    return RecordOut(
        format=FORMAT,
        patient_id=patient_id,
        exported_at=now,
        revisions=[_named(row, ("kind", "row_id", "number", "reason")) for row in rows],
        diary=[_named(row, ("date", "revision", "skew_seconds")) for row in days],
    )


def _named(row: Row[Any], own: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*own, "recorded_at", "received_at", "account_id", "content")}
