"""A verdict with everything a reader wants beside it: the person, the procedure, blocks, questionnaires, contacts, entries.

All of it is of one state of the record, so that the verdict's ETag speaks for the whole.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.access.accounts.permissions import Caller
from app.answers.verdicts import service
from app.answers.verdicts.record import Around, around, own_of
from app.base.store.database import Database
from app.record.diary import service as diaries
from app.record.facts import service as facts
from app.record.patients import service as patients

BEFORE = 28  # days of diary shown before the procedure


@dataclass(frozen=True)
class Background:
    """A verdict's body and what stands around it.

    Args:
        tag: the verdict's ETag; holds for all of this.
        own: the procedure as it was recorded, with its id.
        entries: rows of the diary from four weeks before the procedure to the day of the question.
    """

    verdict: dict[str, Any]
    tag: str
    person: Row[Any]
    own: dict[str, Any]
    found: Around
    assessments: list[dict[str, Any]]
    entries: list[Row[Any]]

    @property
    def performed_on(self) -> date:
        """The procedure's day."""
        return date.fromisoformat(self.own["performed_on"])

    @property
    def as_of(self) -> date:
        """The day of the question."""
        return date.fromisoformat(self.verdict["as_of"])


async def read(
    database: Database, caller: Caller, procedure_id: UUID, question: service.Question, now: datetime
) -> Background:
    """The verdict and its background.

    Raises:
        Problem: 403 or 404 as for the verdict, 422 for a day in the patient's future.
    """
    while True:
        answer = await service.answer(database, caller, procedure_id, question, None, now)
        assert answer.body is not None
        verdict = json.loads(answer.body)
        as_of = date.fromisoformat(verdict["as_of"])
        async with database.read() as connection:
            row = await service.look_up(connection, caller, procedure_id, question.definition)
            if service.tag_of(row, as_of, question) != answer.tag:
                continue  # the record has changed in between
            person = await patients.find(connection, caller, row.patient_id)
            known_on = question.as_known_on
            found = await around(connection, row.clinic_id, row.patient_id, known_on)
            answered = await facts.of_patient(connection, row.clinic_id, row.patient_id, "assessment", known_on)
            query = diaries.entries_of(row.clinic_id, row.patient_id, known_on)
            on = query.selected_columns.date
            first = row.performed_on - timedelta(days=BEFORE)
            entries = list((await connection.execute(query.where(on >= first, on <= as_of).order_by(on))).all())
        return Background(verdict, answer.tag, person, own_of(row, found), found, answered, entries)
