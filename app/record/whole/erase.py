"""Erasure on request: everything of a person goes, a tombstone and the audit remain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, false, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import account
from app.access.audit import service as audit
from app.base import memory
from app.base.store.database import Database
from app.base.store.metadata import columns, metadata
from app.record.patients import service as patients
from app.record.patients.service import patient
from app.record.whole.tables import Tombstone

KEPT = {"tombstone", "audit_event"}  # that somebody was treated and who saw the record must be known afterwards


async def erase(database: Database, caller: Caller, patient_id: UUID, reason: str, now: datetime) -> None:
    """Takes away every row that names the patient or the patient's account, in whatever table; verdicts go with procedures.

    Which tables there are is read from the metadata, so that one that is added later can't be forgotten.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id, "erase", lock=True)
        theirs = select(account.c.id).where(account.c.clinic_id == person.clinic_id, account.c.patient_id == person.id)
        accounts = list((await connection.execute(theirs)).scalars())
        for table in reversed(metadata.sorted_tables):
            if table.name not in KEPT and {"patient_id", "account_id"} & set(table.c.keys()):
                await connection.execute(delete(table).where(_of(table, person.clinic_id, person.id, accounts)))
        await connection.execute(
            delete(patient).where(patient.c.clinic_id == person.clinic_id, patient.c.id == person.id)
        )
        await connection.execute(
            insert(columns(Tombstone)).values(
                clinic_id=person.clinic_id,
                patient_id=person.id,
                erased_at=now,
                account_id=caller.account_id,
                reason=reason,
            )
        )
        await audit.record(connection, caller, "delete", "record", person.id, now)

    await database.write(work)
    memory.forget(caller.clinic_id)  # what the engine and the pictures kept goes too


def _of(table: Table, clinic_id: UUID, patient_id: UUID, accounts: list[UUID]) -> ColumnElement[bool]:
    """Rows of a table that belong to a patient of a clinic, by its columns `patient_id` and `account_id`."""
    named: ColumnElement[bool] = false()
    if "patient_id" in table.c:
        named = or_(named, table.c.patient_id == patient_id)
    if "account_id" in table.c:
        named = or_(named, table.c.account_id.in_(accounts))
    if "clinic_id" in table.c:
        return (table.c.clinic_id == clinic_id) & named
    if "account_id" in table.c:  # a table of accounts alone: theirs is the clinic
        return named & table.c.account_id.in_(select(account.c.id).where(account.c.clinic_id == clinic_id))
    return named
