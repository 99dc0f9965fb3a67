"""A verdict with everything a reader wants beside it: the patient, the procedure, the other facts, the entries.

All of it is of one state of the record, so that the verdict's ETag covers all of it.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from app.access.accounts.permissions import Caller
from app.answers.verdicts import service
from app.answers.verdicts.record import PatientRecord, first_of_side, first_of_stages, read_record
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
        entries: of the diary, from four weeks before the treatment, the first date of one in stages, to `until`.
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
    def treated_from(self) -> date:
        """The first date at its side of the treatment that the procedure belongs to: what was before lies before it."""
        return first_of_side(self.own, self.record).body.performed_on

    @property
    def until(self) -> date:
        """The last day told of: that of the verdict, or the day before what ended the watch."""
        return last_day(self.verdict)

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
        async with database.read(aside=True) as connection:
            found = await service.look_up(connection, caller, procedure_id=procedure_id, definition=question.definition)
            if service.tag_of(found, verdict.as_of, question) != answer.tag:
                continue  # the record has changed in between
            person = await patients.find(connection, caller, patient_id=found.patient_id)
            record = await read_record(
                connection, person.clinic_id, patient_id=person.id, known_on=question.as_known_on
            )
            own = service.own_of(found, record)
            entries = await diaries.entries(
                connection,
                person.clinic_id,
                person.id,
                first=first_of_stages(own, record).body.performed_on - timedelta(days=SHOWN_BEFORE),
                last=last_day(verdict),
                known_on=question.as_known_on,
            )
        return VerdictContext(verdict, answer.tag, person, own, record, entries)


async def by_half(
    database: Database, caller: Caller, about: VerdictContext, *, question: service.Question, now: datetime
) -> VerdictContext:
    """The same by definition `half`, which is what a payer asks for, whatever definition is looked at."""
    if question.definition == "half":
        return about
    asked = replace(question, definition="half")
    return await read(database, caller, procedure_id=about.own.id, question=asked, now=now)


def last_day(verdict: VerdictOut) -> date:
    """The last day that a verdict tells of."""
    return verdict.as_of if verdict.followed_until is None else verdict.followed_until - timedelta(days=1)
