"""What the patient's earlier treatments of a site brought: how long people's relief lasts is their own in part.

They are judged from the same state of the record as the procedure itself, so that its verdict is the same for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.answers.verdicts.engine_input import first_day, to_diary
from app.answers.verdicts.record import (
    PatientRecord,
    before_at_place,
    both_sides_from,
    first_of_stages,
    to_procedure,
)
from app.record.diary.service import DayEntry
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.relief import BASELINE_DAYS, Definition, Diary, EarlierRelief, Verdict, judge


@dataclass(frozen=True)
class EarlierTreatments:
    """What a patient's earlier treatments at a procedure's place brought.

    Args:
        reliefs: after each, the oldest first; without relief there is none.
        baseline_pain: before the first of them, in points; None where there is none or it is not known.
    """

    reliefs: tuple[EarlierRelief, ...] = ()
    baseline_pain: float | None = None


def diary_of(own: Fact[ProcedureIn], record: PatientRecord, entries: Sequence[DayEntry], *, time_zone: str) -> Diary:
    """The part of a diary that a procedure is judged by."""
    first = first_entry(own, record)
    return to_diary(
        [entry for entry in entries if entry.date >= first],
        own.body.region,
        laterality=own.body.laterality,
        time_zone=time_zone,
        apart_from=both_sides_from(own, record),
    )


def first_entry(own: Fact[ProcedureIn], record: PatientRecord) -> date:
    """The first day whose entry can matter to a procedure."""
    return first_day(first_of_stages(own, record).body.performed_on, BASELINE_DAYS)


def earlier_treatments(
    own: Fact[ProcedureIn],
    record: PatientRecord,
    *,
    entries: Sequence[DayEntry],
    time_zone: str,
    as_of: date,
    definition: Definition,
) -> EarlierTreatments:
    """What each earlier procedure at the place of a procedure brought, as of a day."""
    judged: dict[UUID, Verdict] = {}
    before = before_at_place(own, record)
    for one in before:
        subject = to_procedure(one, record, reliefs_of(before_at_place(one, record), judged))
        diary = diary_of(one, record, entries, time_zone=time_zone)
        judged[one.id] = judge(diary, subject, as_of=as_of, definition=definition)
    return EarlierTreatments(reliefs_of(before, judged), judged[before[0].id].baseline.pain if before else None)


def reliefs_of(before: list[Fact[ProcedureIn]], judged: dict[UUID, Verdict]) -> tuple[EarlierRelief, ...]:
    """Of procedures that were judged already, how long relief lasted."""
    found = [judged[one.id] for one in before if one.id in judged]
    return tuple(EarlierRelief(v.relief_days, v.censored) for v in found if v.relief_days)
