"""What the patient's earlier treatments of a site brought: how long people's relief lasts is their own in part.

They are judged from the same state of the record as the procedure itself, so that its verdict is the same for ever.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from app.answers.verdicts.engine_input import first_day, to_diary
from app.answers.verdicts.record import PatientRecord, before_at_site, to_procedure
from app.record.diary.service import DayEntry
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.relief import BASELINE_DAYS, Definition, Diary, EarlierRelief, Verdict, judge


def diary_of(own: Fact[ProcedureIn], entries: Sequence[DayEntry], time_zone: str) -> Diary:
    """The part of a diary that a procedure is judged by."""
    first = first_day(own.body.performed_on, BASELINE_DAYS)
    mine = [entry for entry in entries if entry.date >= first]
    return to_diary(mine, own.body.region, laterality=own.body.laterality, time_zone=time_zone)


def earlier_reliefs(
    own: Fact[ProcedureIn],
    record: PatientRecord,
    *,
    entries: Sequence[DayEntry],
    time_zone: str,
    as_of: date,
    definition: Definition,
) -> tuple[EarlierRelief, ...]:
    """Relief after each earlier procedure at the site of a procedure, the oldest first; without relief there is none."""
    judged: dict[UUID, Verdict] = {}
    for one in before_at_site(own, record):
        subject = to_procedure(one, record, reliefs_of(before_at_site(one, record), judged))
        diary = diary_of(one, entries, time_zone)
        judged[one.id] = judge(diary, subject, as_of=as_of, definition=definition)
    return reliefs_of(before_at_site(own, record), judged)


def reliefs_of(before: list[Fact[ProcedureIn]], judged: dict[UUID, Verdict]) -> tuple[EarlierRelief, ...]:
    """Of procedures that were judged already, how long relief lasted."""
    found = [judged[one.id] for one in before if one.id in judged]
    return tuple(EarlierRelief(v.relief_days, v.censored) for v in found if v.relief_days)
