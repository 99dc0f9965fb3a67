"""Exports a patient's whole record as one document, as it stands now or as it was known."""

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.base.http.pools import HEAVY
from app.base.http.wire import STORED
from app.base.store.database import Database
from app.base.store.long_results import wholes_in_turns
from app.base.store.typed import col, table
from app.record.diary.entry_json import instant
from app.record.diary.tables import DiaryRevision
from app.record.patients import service as patients
from app.record.revisions.tables import Revision
from app.record.whole.schemas import FORMAT, KeptRevision, KeptWriting


async def export(
    database: Database, caller: Caller, *, patient_id: UUID, as_known_on: datetime | None, now: datetime
) -> str:
    """Every revision of every row, and of every day, that had been received by then; as JSON (`RecordOut`)."""
    async with database.read(aside=True) as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
    document = await document_of(database, person.clinic_id, person.id, until=as_known_on, now=now)
    await audit.record_read(database, caller, resource="record", patient_id=patient_id, now=now)
    return document


async def document_of(
    database: Database, clinic_id: UUID, patient_id: UUID, *, until: datetime | None = None, now: datetime
) -> str:
    """The same for whoever has made sure that it may be read, and keeps that it was."""
    until = until or now
    of_rows = select(table(Revision)).order_by(col(Revision.kind), col(Revision.row_id), col(Revision.number))
    of_days = select(table(DiaryRevision)).order_by(col(DiaryRevision.date), col(DiaryRevision.revision))
    async with database.read(aside=True) as connection:
        of_rows = of_rows.where(
            col(Revision.clinic_id) == clinic_id,
            col(Revision.patient_id) == patient_id,
            col(Revision.received_at) <= until,
        )
        of_days = of_days.where(
            col(DiaryRevision.clinic_id) == clinic_id,
            col(DiaryRevision.patient_id) == patient_id,
            col(DiaryRevision.received_at) <= until,
        )
        rows = await wholes_in_turns(Revision, await connection.execute(of_rows))
        days = await wholes_in_turns(DiaryRevision, await connection.execute(of_days))

    def document() -> str:
        about = {"format": FORMAT, "patient_id": str(patient_id), "exported_at": instant(now)}
        lists = {"revisions": _items(KeptRevision, rows), "diary": _items(KeptWriting, days)}
        parts = [f"{json.dumps(name)}:{json.dumps(value)}" for name, value in about.items()]
        return "{" + ",".join(parts + [f"{json.dumps(name)}:[{items}]" for name, items in lists.items()]) + "}"

    return await HEAVY.run(document, clinic_id=clinic_id)


def _items(form: type[BaseModel], rows: Iterable[object]) -> str:
    """Rows in their wire form, one by one: a single dump of them all would hold up every other thread."""
    shown = (form.model_validate(one, from_attributes=True, context=STORED) for one in rows)
    return ",".join(
        (_without_what_follows(one) if isinstance(one, KeptWriting) else one).model_dump_json() for one in shown
    )


def _without_what_follows(one: KeptWriting) -> KeptWriting:
    """Without the morphine equivalents that the medication of the entry tells."""
    told = one.content is not None and "medications" in one.content
    return one.model_copy(update={"opioid_mme": None}) if told else one
