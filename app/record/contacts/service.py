"""The plan after a procedure, and the contacts that were made."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.base.http.problems import bad_field
from app.base.store.database import Database
from app.record.contacts.schemas import ContactIn, ContactOut, DueOut, PlanOut, StepOut
from app.record.facts import service as facts
from app.record.facts.kinds import Kind
from app.record.patients import service as patients
from app.record.procedures.service import PROCEDURE
from app.rules import plan


async def _check(connection: AsyncConnection, person: Row[Any], new: ContactIn, now: datetime) -> None:
    patients.check_past("done_on", new.done_on, person, now)
    for procedure in await facts.of_patient(connection, person.clinic_id, person.id, "procedure"):
        if procedure["id"] == new.procedure_id:
            if new.done_on.isoformat() < procedure["performed_on"]:
                raise bad_field("/done_on", "lies before the procedure")
            return
    raise bad_field("/procedure_id", "is no procedure of this patient")


CONTACT = Kind("contact", "contacts", ContactIn, ContactOut, "done_on", "record_contact", check=_check)


async def read(database: Database, caller: Caller, procedure_id: UUID, now: datetime) -> PlanOut:
    """The plan of a procedure, as it stands today."""
    async with database.read() as connection:
        row = await facts.find(connection, caller, PROCEDURE, procedure_id)
        person = await patients.find(connection, caller, row.patient_id)
        made = await facts.of_patient(connection, row.clinic_id, row.patient_id, "contact")
    await audit.record_read(database, caller, "plan", row.patient_id, now)
    done: dict[str, date] = {}
    for contact in made:
        if contact["procedure_id"] == str(procedure_id):
            done.setdefault(contact["contact"], date.fromisoformat(contact["done_on"]))
    performed_on, today = row.on_date, patients.today_of(person.time_zone, now)
    return PlanOut(
        procedure_id=procedure_id,
        advice=list(plan.ADVICE),
        steps=[StepOut(**vars(step)) for step in plan.steps(performed_on)],
        contacts=[DueOut.model_validate(vars(c)) for c in plan.contacts(performed_on, done, today)],
    )
