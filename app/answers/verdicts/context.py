"""A verdict with everything a reader wants beside it: the patient, the procedure, the other facts, the entries.

All of it is of one state of the record, so that the verdict's ETag covers all of it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.access.accounts.permissions import Caller
from app.answers.verdicts import service
from app.answers.verdicts.record import PatientRecord, read_record
from app.answers.verdicts.schemas import VerdictOut
from app.base.store.database import Database
from app.record.diary import service as diaries
from app.record.diary.service import DayEntry
from app.record.facts.kinds import Fact
from app.record.patients import service as patients
from app.record.patients.service import Person
from app.record.procedures.schemas import ProcedureIn
from app.rules.parameters import SHOWN_BEFORE


@dataclass(frozen=True)
class VerdictContext:
    """A verdict and what stands around it.

    Args:
        tag: the verdict's ETag; holds for all of this.
        own: the procedure as it was recorded.
        entries: of the diary, from four weeks before the procedure to the day as of which is judged.
    """

    verdict: VerdictOut
    tag: str
    person: Person
    own: Fact[ProcedureIn]
    record: PatientRecord
    entries: list[DayEntry]

    @property
    def performed_on(self) -> date:
        """The procedure's day."""
        return self.own.body.performed_on

    @property
    def as_of(self) -> date:
        """The day as of which the verdict is given."""
        return self.verdict.as_of


async def read(
    database: Database, caller: Caller, *, procedure_id: UUID, question: service.Question, now: datetime
) -> VerdictContext:
    """The verdict and its context.

    Raises:
        Problem: 403 or 404 as for the verdict, 422 for a day in the patient's future.
    """
    while True:
        answer = await service.answer(
            database, caller, procedure_id=procedure_id, question=question, if_none_match=None, now=now
        )
        assert answer.body is not None
        verdict = VerdictOut.model_validate_json(answer.body)
        async with database.read() as connection:
            found = await service.look_up(connection, caller, procedure_id=procedure_id, definition=question.definition)
            if service.tag_of(found, verdict.as_of, question) != answer.tag:
                continue  # the record has changed in between
            person = await patients.find(connection, caller, patient_id=found.patient_id)
            record = await read_record(
                connection, person.clinic_id, patient_id=person.id, known_on=question.as_known_on
            )
            first = found.performed_on - timedelta(days=SHOWN_BEFORE)
            entries = await diaries.entries(
                connection, person.clinic_id, person.id, first=first, last=verdict.as_of, known_on=question.as_known_on
            )
        return VerdictContext(verdict, answer.tag, person, service.own_of(found, record), record, entries)
