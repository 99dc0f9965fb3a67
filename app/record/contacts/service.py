"""The plan after a procedure, and the contacts that were made."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.base.http.problems import bad_field
from app.base.store.database import Database
from app.record.contacts.schemas import ContactIn, ContactOut, DueOut, PlanOut, PlanStepOut
from app.record.facts import service as facts
from app.record.facts.kinds import Kind
from app.record.patients import service as patients
from app.record.patients.service import Person, check_past
from app.record.procedures.service import PROCEDURE
from app.rules import plan


async def _check(connection: AsyncConnection, person: Person, *, new: ContactIn, now: datetime) -> None:
    check_past("done_on", new.done_on, person=person, now=now)
    held = await facts.of_patient(connection, person.clinic_id, patient_id=person.id, kinds=[PROCEDURE, CONTACT])
    for procedure in held.of(PROCEDURE):
        if procedure.id == new.procedure_id:
            if new.done_on < procedure.body.performed_on:
                raise bad_field("/done_on", "lies before the procedure")
            return
    if any(one.body.procedure_id == new.procedure_id for one in held.of(CONTACT)):
        return  # the procedure was deleted since; what is on record about its contacts can still be corrected
    raise bad_field("/procedure_id", "is no procedure of this patient")


CONTACT = Kind("contact", "contacts", ContactIn, ContactOut, "done_on", "record_contact", check=_check)


def done_by_window(made: Iterable[ContactIn], procedure_id: UUID) -> dict[str, date]:
    """The day of the first contact of each window of a procedure's plan."""
    done: dict[str, date] = {}
    for contact in made:
        if contact.procedure_id == procedure_id:
            done.setdefault(contact.contact, contact.done_on)
    return done


async def read(database: Database, caller: Caller, *, procedure_id: UUID, now: datetime) -> PlanOut:
    """The plan of a procedure, as it stands today."""
    async with database.read() as connection:
        procedure = await facts.find(connection, caller, kind=PROCEDURE, fact_id=procedure_id)
        person = await patients.find(connection, caller, patient_id=procedure.patient_id)
        found = await facts.of_patient(
            connection, procedure.clinic_id, patient_id=procedure.patient_id, kinds=[CONTACT]
        )
    await audit.record_read(database, caller, resource="plan", patient_id=procedure.patient_id, now=now)
    done = done_by_window([one.body for one in found.of(CONTACT)], procedure_id)
    performed_on, today = procedure.body.performed_on, patients.today_of(person.time_zone, now)
    return PlanOut(
        procedure_id=procedure_id,
        advice=list(plan.ADVICE),
        steps=[PlanStepOut(**vars(step)) for step in plan.steps(performed_on)],
        contacts=[DueOut.model_validate(vars(c)) for c in plan.contacts(performed_on, done, today)],
    )
