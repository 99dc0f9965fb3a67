"""Erasure on request: a person's rows go, a tombstone and the audit remain."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.accounts.access import Caller
from app.accounts.service import account, sign_in
from app.audit import service as audit
from app.calendar.feeds import feed
from app.calendar.service import appointment
from app.calendar.waiting import waiting
from app.diary.record import day
from app.diary.record import revision as written
from app.facts.service import fact
from app.flags.service import flag
from app.history.service import revision
from app.invitations.service import invitation
from app.messages.outbox import address, message
from app.once.service import kept as kept_answer
from app.patients import service as patients
from app.patients.service import patient
from app.pictures.drawing import drawn
from app.procedures.service import of_patient, procedure
from app.records.tables import Tombstone
from app.reviews.service import review
from app.store.base import columns
from app.store.database import Database
from app.verdicts.memory import memory

tombstone = columns(Tombstone)


async def erase(database: Database, caller: Caller, patient_id: UUID, reason: str, now: datetime) -> None:
    """Takes every row of a person away, her account too; verdicts go with their procedures."""

    async def work(connection: AsyncConnection) -> list[UUID]:
        person = await patients.find(connection, caller, patient_id, "erase", lock=True)
        treated = [row.id for row in await of_patient(connection, person.clinic_id, person.id)]
        mine = select(account.c.id).where(account.c.clinic_id == person.clinic_id, account.c.patient_id == person.id)
        of_clinic = select(account.c.id).where(account.c.clinic_id == person.clinic_id)
        for table in (appointment, waiting, invitation, review, day, written, flag, procedure, fact, revision, message):
            await connection.execute(
                delete(table).where(table.c.clinic_id == person.clinic_id, table.c.patient_id == person.id)
            )
        await connection.execute(
            delete(kept_answer).where(
                kept_answer.c.account_id.in_(mine)
                | ((kept_answer.c.patient_id == person.id) & kept_answer.c.account_id.in_(of_clinic))
            )
        )
        await connection.execute(
            delete(sign_in).where(sign_in.c.clinic_id == person.clinic_id, sign_in.c.account_id.in_(mine))
        )
        await connection.execute(delete(feed).where(feed.c.clinic_id == person.clinic_id, feed.c.account_id.in_(mine)))
        hers = and_(address.c.clinic_id == person.clinic_id, address.c.account_id.in_(mine))
        await connection.execute(delete(address).where(hers))
        await connection.execute(
            delete(account).where(account.c.clinic_id == person.clinic_id, account.c.patient_id == person.id)
        )
        await connection.execute(
            delete(patient).where(patient.c.clinic_id == person.clinic_id, patient.c.id == person.id)
        )
        buried = {"clinic_id": person.clinic_id, "patient_id": person.id, "erased_at": now,
                  "account_id": caller.account_id, "reason": reason}  # fmt: skip
        await connection.execute(insert(tombstone).values(buried))
        await audit.record(connection, caller, "delete", "record", person.id, now)
        return treated

    for procedure_id in await database.write(work):
        memory.take(caller.clinic_id, procedure_id)  # what the engine kept of her goes too
    drawn.forget(caller.clinic_id)
