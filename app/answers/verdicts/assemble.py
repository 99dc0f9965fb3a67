"""Makes a verdict from what was read for it: no database in it, so that another process can do it as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.answers.verdicts.course import last_written, logged_since
from app.answers.verdicts.earlier import EarlierTreatments, diary_of, earlier_treatments
from app.answers.verdicts.function import function_falls, told_flare_ups
from app.answers.verdicts.horizon import holds_to
from app.answers.verdicts.outcomes import outcome_of, sparks
from app.answers.verdicts.record import (
    PatientRecord,
    WatchEnd,
    both_sides_from,
    confounding_events,
    confounding_treatments,
    end_of_watch,
    to_procedure,
)
from app.answers.verdicts.sentence import sentence
from app.answers.verdicts.side_effects import side_effect_courses
from app.answers.verdicts.verdict_json import to_json
from app.record.diary.service import DayEntry
from app.record.facts.kinds import Fact
from app.record.procedures.schemas import ProcedureIn
from app.relief import Asked, Definition, DurationPrior, EngineState, Verdict, judge, judge_all
from app.rules.outcome import Outcome


@dataclass(frozen=True)
class VerdictMaterial:
    """The input of a verdict; every part can be sent to another process.

    `cohort` is what the clinic's own outcomes have taught, `learned` how often that has changed.
    """

    clinic_id: UUID
    patient_id: UUID
    procedure_id: UUID
    record_version: int
    time_zone: str
    born_on: date
    own: Fact[ProcedureIn]
    record: PatientRecord
    entries: list[DayEntry]
    as_of: date
    as_known_on: datetime | None
    definition: Definition
    learned: int = 0
    cohort: DurationPrior | None = None


@dataclass(frozen=True)
class AssembledVerdict:
    """A verdict's JSON body, its sentence, thinned curve (`spark`), decisive days (`why`), and its `outcome` row.

    `end_recorded_at` is when the fact that ended the watch was recorded; None while it goes on. `holds_to` is the last day
    on which all but the body and the curve holds, should nothing be written; None is for good.
    """

    body: str
    says: str
    spark: list[float | None]
    why: list[date]
    outcome: Outcome
    end_recorded_at: datetime | None
    holds_to: date | None


@dataclass(frozen=True)
class ReadyMaterial:
    """What the engine is asked for a material, and what is said beside its verdict."""

    material: VerdictMaterial
    earlier: EarlierTreatments
    end: WatchEnd | None
    asked: Asked


def make(material: VerdictMaterial, kept: EngineState | None = None) -> AssembledVerdict:
    """The verdict; `kept` is the engine's state from earlier calls about the procedure."""
    ready = prepare(material)
    asked = ready.asked
    verdict = judge(
        asked.diary,
        asked.procedure,
        as_of=asked.as_of,
        definition=material.definition,
        kept=kept,
        prior=asked.prior,
    )
    return finish(ready, verdict)


def make_all(materials: Sequence[VerdictMaterial]) -> list[AssembledVerdict | Exception]:
    """`make` for many of one definition, side by side, which is several times as quick and changes no result.

    Each by itself where one of them can't be judged: its place holds what was raised.
    """
    try:
        ready = [prepare(one) for one in materials]
        verdicts = judge_all([one.asked for one in ready], materials[0].definition) if ready else []
        return [finish(one, verdict) for one, verdict in zip(ready, verdicts, strict=True)]
    except Exception:  # of one of them; which, is found by asking each
        return [_make_or_raised(one) for one in materials]


def _make_or_raised(material: VerdictMaterial) -> AssembledVerdict | Exception:
    try:
        return make(material)
    except Exception as error:
        return error


def prepare(material: VerdictMaterial) -> ReadyMaterial:
    """What the engine is asked: the diary of the site, the procedure with those before it, and where the watch ends."""
    own, record, as_of = material.own, material.record, material.as_of
    earlier = earlier_treatments(
        own,
        record,
        entries=material.entries,
        time_zone=material.time_zone,
        as_of=as_of,
        definition=material.definition,
    )
    end = end_of_watch(own, record)
    diary = diary_of(own, record, material.entries, time_zone=material.time_zone)
    return ReadyMaterial(
        material,
        earlier,
        None if end is None or end.on > as_of else end,
        Asked(diary, to_procedure(own, record, earlier.reliefs), as_of, material.cohort),
    )


def finish(ready: ReadyMaterial, verdict: Verdict) -> AssembledVerdict:
    """The engine's verdict with its sentence, its body, and the row of its outcome."""
    material, earlier, end, subject = ready.material, ready.earlier, ready.end, ready.asked.procedure
    own, record, as_of = material.own, material.record, material.as_of
    watched = material.entries if end is None else [entry for entry in material.entries if entry.date < end.on]
    effects = side_effect_courses(watched, subject.performed_on, region=own.body.region, laterality=own.body.laterality)
    written, together = last_written(own, watched), both_sides_from(own, record)
    if together is not None:
        together = max(together, subject.performed_on) if logged_since(verdict, written) else None
    says = sentence(verdict, own.body, earlier=earlier, end=end, together_from=together)
    until = as_of if end is None else end.on - timedelta(days=1)
    beside = [
        *confounding_events(own, record, as_of),
        *confounding_treatments(own, record, as_of),
        *told_flare_ups(watched, subject.performed_on, until),
    ]
    body = to_json(
        verdict,
        own,
        as_known_on=material.as_known_on,
        effects=effects,
        beside=beside,
        says=says,
        end=end,
        before_first=earlier.baseline_pain,
        cohort=material.cohort,
    )
    falls = function_falls(watched, subject.performed_on, until)
    row = outcome_of(verdict, own, record, born_on=material.born_on, effects=effects, written=written, falls=falls)
    whole = end_of_watch(own, record)
    return AssembledVerdict(
        body,
        says,
        sparks(verdict.days.level),
        why=[reason.date for reason in verdict.why],
        outcome=row,
        end_recorded_at=None if end is None else end.recorded_at,
        holds_to=holds_to(
            verdict,
            own.body.performed_on,
            written=max((entry.date for entry in material.entries), default=None),
            ends_on=None if whole is None else whole.on,
        ),
    )
