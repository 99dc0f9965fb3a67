"""Exports a patient's whole record as one document, as it stands now or as it was known."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.base.store.database import Database
from app.base.store.typed import col, table, wholes
from app.record.diary.tables import DiaryRevision
from app.record.patients import service as patients
from app.record.revisions.tables import Revision
from app.record.whole.schemas import FORMAT, KeptRevision, KeptWriting, RecordOut


async def export(
    database: Database, caller: Caller, *, patient_id: UUID, as_known_on: datetime | None, now: datetime
) -> RecordOut:
    """Every revision of every row, and of every day, that had been received by then."""
    until = as_known_on or now
    of_rows = select(table(Revision)).order_by(col(Revision.kind), col(Revision.row_id), col(Revision.number))
    of_days = select(table(DiaryRevision)).order_by(col(DiaryRevision.date), col(DiaryRevision.revision))
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        of_rows = of_rows.where(
            col(Revision.clinic_id) == person.clinic_id,
            col(Revision.patient_id) == person.id,
            col(Revision.received_at) <= until,
        )
        of_days = of_days.where(
            col(DiaryRevision.clinic_id) == person.clinic_id,
            col(DiaryRevision.patient_id) == person.id,
            col(DiaryRevision.received_at) <= until,
        )
        rows = wholes(Revision, (await connection.execute(of_rows)).all())
        days = wholes(DiaryRevision, (await connection.execute(of_days)).all())
    await audit.record_read(database, caller, resource="record", patient_id=patient_id, now=now)
    return RecordOut(
        format=FORMAT,
        patient_id=patient_id,
        exported_at=now,
        revisions=[KeptRevision.model_validate(one, from_attributes=True) for one in rows],
        diary=[KeptWriting.model_validate(one, from_attributes=True) for one in days],
    )
