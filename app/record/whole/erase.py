"""Erasure on request: every row of a patient is deleted; a tombstone and the audit remain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Update, delete, false, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.base import memory
from app.base.store.database import Database
from app.base.store.metadata import metadata
from app.base.store.typed import col, row, table
from app.record.patients import service as patients
from app.record.patients.names import names_changed
from app.record.patients.service import patient
from app.record.patients.tables import Patient
from app.record.whole.tables import Tombstone

WRITINGS = {"diary_revision", "revision", "consent"}  # of a patient, whoever wrote them
KEPT = {"tombstone", "audit_event"}  # that somebody was treated and who saw the record must be known afterwards


async def erase(database: Database, caller: Caller, *, patient_id: UUID, reason: str, now: datetime) -> None:
    """Deletes every row that names the patient or the patient's account, in any table; verdicts go with procedures.

    Which tables there are is read from the metadata, so that one that is added later can't be forgotten.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="erase", lock=True)
        theirs = select(col(Account.id)).where(
            col(Account.clinic_id) == person.clinic_id, col(Account.patient_id) == person.id
        )
        accounts = list((await connection.execute(theirs)).scalars())
        for each in reversed(metadata.sorted_tables):
            if each.name in WRITINGS:
                await connection.execute(_without_author(each, person.clinic_id, accounts=accounts))
            if each.name not in KEPT and {"patient_id", "account_id"} & set(each.c.keys()):
                await connection.execute(
                    delete(each).where(_of(each, person.clinic_id, patient_id=person.id, accounts=accounts))
                )
        await connection.execute(
            delete(patient).where(col(Patient.clinic_id) == person.clinic_id, col(Patient.id) == person.id)
        )
        await names_changed(connection, person.clinic_id)
        await connection.execute(
            insert(table(Tombstone)).values(
                row(
                    Tombstone,
                    clinic_id=person.clinic_id,
                    patient_id=person.id,
                    erased_at=now,
                    account_id=caller.account_id,
                    reason=reason,
                )
            )
        )
        await audit.record(connection, caller, action="delete", resource="record", patient_id=person.id, now=now)

    await database.write(work)
    memory.forget(caller.clinic_id)  # the engine's states and the pictures cached for the clinic go too


def _without_author(each: Table, clinic_id: UUID, *, accounts: list[UUID]) -> Update:
    """What the patient wrote for others, as somebody who acts for them, stays theirs; who wrote it is not known any more."""
    written = (each.c.clinic_id == clinic_id) & each.c.account_id.in_(accounts)
    return update(each).where(written).values(account_id=None)


def _of(each: Table, clinic_id: UUID, *, patient_id: UUID, accounts: list[UUID]) -> ColumnElement[bool]:
    """Rows of a table that belong to a patient of a clinic, by its columns `patient_id` and `account_id`."""
    named: ColumnElement[bool] = false()
    if "patient_id" in each.c:
        named = or_(named, each.c.patient_id == patient_id)
    if "account_id" in each.c and each.name not in WRITINGS:
        named = or_(named, each.c.account_id.in_(accounts))
    if "clinic_id" in each.c:
        return (each.c.clinic_id == clinic_id) & named
    if "account_id" in each.c:  # a table without a clinic: that of the account counts
        # the patient's own accounts may be gone by now: their rows went before, and their ids are of the clinic
        of_clinic = select(col(Account.id)).where(col(Account.clinic_id) == clinic_id)
        return named & or_(each.c.account_id.in_(accounts), each.c.account_id.in_(of_clinic))
    return named
