"""Whose diary a call is about: a patient by id, and by clinic where two hold one."""

from typing import Annotated, NamedTuple
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from app.doors.commands.common import Refusal, parse_id
from app.record.patients.service import Person, by_id

ClinicOption = Annotated[
    str | None, typer.Option("--clinic", help="id of the patient's clinic, where two hold the patient's id")
]


class ChosenPatient(NamedTuple):
    """The ids that the options gave; without a clinic it is looked for in all."""

    patient_id: UUID
    clinic_id: UUID | None


def chosen_patient(patient: str, clinic: str | None) -> ChosenPatient:
    """The ids of the options.

    Raises:
        Refusal: one is none.
    """
    return ChosenPatient(parse_id("--patient", patient), None if clinic is None else parse_id("--clinic", clinic))


async def find(connection: AsyncConnection, chosen: ChosenPatient) -> Person:
    """The one patient that is meant.

    Raises:
        Refusal: there is none, or each of several clinics has one: the first found would be a guess.
    """
    found = await by_id(connection, chosen.patient_id, clinic_id=chosen.clinic_id)
    if not found:
        where = "" if chosen.clinic_id is None else f" in clinic {chosen.clinic_id}"
        raise Refusal(f"--patient: there is no patient {chosen.patient_id}{where}")
    if len(found) > 1:
        clinics = ", ".join(str(one.clinic_id) for one in found)
        raise Refusal(f"--clinic: {len(found)} clinics hold a patient {chosen.patient_id}; say which: {clinics}")
    return found[0]
