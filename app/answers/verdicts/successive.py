"""A patient's successive procedures side by side: each site's episodes in order, staged ones as one treatment."""

from datetime import date, datetime
from statistics import median
from uuid import UUID

from app.access.accounts.permissions import Caller
from app.access.audit import service as audit
from app.answers.verdicts.earlier import diary_of, first_entry, reliefs_of
from app.answers.verdicts.record import PatientRecord, before_at_place, read_record, to_procedure
from app.answers.verdicts.schemas import EpisodeOut, FunctionOut, SiteOut, SuccessiveOut, TreatmentOut
from app.base.http.pools import HEAVY
from app.base.http.problems import bad_field
from app.base.store.database import Database
from app.record.assessments.schemas import AssessmentIn
from app.record.diary import service as diaries
from app.record.diary.content import MedicationContent
from app.record.diary.service import DayEntry
from app.record.facts.kinds import Fact
from app.record.patients import service as patients
from app.record.patients.service import Person
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import performed, repeat_of, staged_with
from app.relief import BASELINE_DAYS, Definition, Verdict, judge
from app.rules.medications import Dose, class_changes
from app.rules.parameters import QUESTIONNAIRE_FROM
from app.rules.questionnaires import is_meaningful, score
from app.rules.words import Laterality, Region


async def side_by_side(
    database: Database,
    caller: Caller,
    *,
    patient_id: UUID,
    definition: Definition,
    as_of: date | None,
    now: datetime,
) -> SuccessiveOut:
    """All procedures of a patient, judged as of a day, and how each compares with the first at its site."""
    async with database.read(aside=True) as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        today = patients.today_of(person.time_zone, now)
        if as_of is not None and as_of > today:
            raise bad_field("/as_of", "lies in the patient's future", where="query")
        record = await read_record(connection, person.clinic_id, patient_id=person.id, known_on=None)
        entries = await diaries.entries(connection, person.clinic_id, person.id, last=as_of or today)
    await audit.record_read(database, caller, resource="relief", patient_id=patient_id, now=now)
    return await HEAVY.run(
        lambda: _put_together(person, record, entries=entries, as_of=as_of or today, definition=definition),
        clinic_id=caller.clinic_id,
    )


def _put_together(
    person: Person, record: PatientRecord, *, entries: list[DayEntry], as_of: date, definition: Definition
) -> SuccessiveOut:
    sites: dict[tuple[Region, Laterality], list[EpisodeOut]] = {}
    treatments: list[TreatmentOut] = []
    treated = [one for one in record.procedures if one.body.performed_on <= as_of]
    everything = [performed(one) for one in treated]
    judged: dict[UUID, Verdict] = {}
    for own in treated:
        body = own.body
        subject = to_procedure(own, record, reliefs_of(before_at_place(own, record), judged))
        until = min(as_of, subject.watched_until or as_of)
        first = first_entry(own, record)
        mine = [entry for entry in entries if first <= entry.date <= until]
        diary = diary_of(own, record, mine, time_zone=person.time_zone)
        verdict = judged[own.id] = judge(diary, subject, as_of=as_of, definition=definition)
        site = sites.setdefault((body.region, body.laterality), [])
        episode = _episode(own, verdict, mine=mine, record=record, until=until, first=site[0] if site else None)
        episode.staged_with = staged_with(performed(own), everything)
        episode.repeat_of = repeat_of(performed(own), everything)
        site.append(episode)
        before = next((t for t in treatments if episode.staged_with in t.procedure_ids), None)
        if before is None:
            treatments.append(TreatmentOut(procedure_ids=[own.id], performed_on=[body.performed_on], staged=False))
        else:
            before.procedure_ids.append(own.id)
            before.performed_on.append(body.performed_on)
            before.staged = True
    return SuccessiveOut(
        patient_id=person.id,
        as_of=as_of,
        definition=definition,
        sites=[SiteOut(region=site[0], laterality=site[1], episodes=found) for site, found in sites.items()],
        treatments=treatments,
    )


def _episode(
    own: Fact[ProcedureIn],
    verdict: Verdict,
    *,
    mine: list[DayEntry],
    record: PatientRecord,
    until: date,
    first: EpisodeOut | None,
) -> EpisodeOut:
    held = [
        percent
        for percent, phase in zip(verdict.days.relief_percent, verdict.days.phase, strict=True)
        if percent is not None and phase in ("relief", "returning")
    ]
    performed_on = own.body.performed_on
    return EpisodeOut(
        procedure_id=own.id,
        performed_on=performed_on,
        staged_with=None,
        repeat_of=None,
        phase=verdict.phase,
        response=verdict.response,
        relief_percent=round(median(held), 1) if held else None,
        onset_on=verdict.onset_on,
        returned_on=None if verdict.censored else verdict.returned.on,
        relief_days=verdict.relief_days,
        held_days=verdict.held_days,
        censored=verdict.censored,
        baseline_pain=verdict.baseline.pain,
        mme_before=verdict.medication.mme_before,
        mme_now=verdict.medication.mme_now,
        medication=_medication(mine, performed_on, until),
        function=_function([one.body for one in record.assessments], performed_on, until),
        as_long_as_first=None if first is None else _as_long(verdict, first),
    )


def _as_long(verdict: Verdict, first: EpisodeOut) -> bool | None:
    """Whether relief held as long as after the first; None while that is open, or where one of them is not known."""
    if verdict.failed and first.relief_days is not None:
        return False
    if verdict.relief_days is None or first.relief_days is None or first.censored:
        return None
    if verdict.relief_days >= first.relief_days:
        return True
    return None if verdict.censored else False


def _medication(mine: list[DayEntry], performed_on: date, until: date) -> dict[str, str]:
    said = [(one.date, taken) for one in mine if (taken := one.content.get("medications")) is not None]
    before = [_taken(taken) for on, taken in said if on < performed_on]
    now = [_taken(taken) for on, taken in said if on > performed_on and (until - on).days < BASELINE_DAYS]
    return dict(class_changes(before, now))


def _taken(medications: list[MedicationContent]) -> list[Dose]:
    return [Dose(m.get("code"), m.get("dose"), m.get("unit"), m.get("times"), m.get("name")) for m in medications]


def _function(answered: list[AssessmentIn], performed_on: date, until: date) -> list[FunctionOut]:
    """Each questionnaire: the last before the procedure, and the last from the sixth week on within its watch."""
    out = []
    for kind in dict.fromkeys(a.kind for a in answered):
        of_kind = [(a.answered_on, score(kind, a.items)) for a in answered if a.kind == kind]
        before = [value for on, value in of_kind if on <= performed_on]
        after = [value for on, value in of_kind if (on - performed_on).days >= QUESTIONNAIRE_FROM and on <= until]
        if before or after:
            known = bool(before and after)
            out.append(
                FunctionOut(
                    kind=kind,
                    before=before[-1] if before else None,
                    after=after[-1] if after else None,
                    meaningful=is_meaningful(kind, before[-1], after[-1]) if known else None,
                )
            )
    return out
