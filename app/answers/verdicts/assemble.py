"""Makes a verdict from what was read for it: no database in it, so that another process can do it as well."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.answers.verdicts.engine_input import EntryRow, to_diary
from app.answers.verdicts.outcomes import outcome_of, sparks
from app.answers.verdicts.record import Around, confounders, to_procedure
from app.answers.verdicts.sentence import sentence
from app.answers.verdicts.side_effects import gather
from app.answers.verdicts.verdict_json import to_json
from app.relief import Definition, Kept, judge


@dataclass(frozen=True)
class Material:
    """What a verdict is made of; every part can be sent to another process."""

    clinic_id: UUID
    patient_id: UUID
    procedure_id: UUID
    record_version: int
    time_zone: str
    born_on: date
    own: dict[str, Any]
    found: Around
    entries: list[EntryRow]
    as_of: date
    as_known_on: datetime | None
    definition: Definition


@dataclass(frozen=True)
class Made:
    """A verdict's body as it goes over the wire, its sentence, curve and decisive days, and its row among the outcomes."""

    body: str
    says: str
    spark: list[float | None]
    why: list[date]
    outcome: dict[str, Any]


def make(material: Material, kept: Kept | None = None) -> Made:
    """The verdict; `kept` is what earlier calls about the procedure left behind."""
    own, found, as_of = material.own, material.found, material.as_of
    subject = to_procedure(own, found)
    diary = to_diary(material.entries, own["region"], own["laterality"], material.time_zone)
    verdict = judge(diary, subject, as_of, material.definition, kept)
    effects = gather(material.entries, subject.performed_on, own["region"], own["laterality"])
    body = to_json(verdict, own, material.as_known_on, effects, confounders(own, found, as_of))
    row = outcome_of(verdict, own, found, material.born_on, effects)
    why = [reason.date for reason in verdict.why]
    return Made(body, sentence(verdict, own), sparks(verdict.days.level), why, row)
