"""A patient's day, gathered for the phone in one read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.tables import Clinic
from app.access.audit import service as audit
from app.access.consent.tables import Consent
from app.alerts.flags.conditions import ASKS_FIRST
from app.alerts.flags.service import rules_of
from app.alerts.flags.tables import Flag
from app.answers.verdicts.tables import OutcomeRow
from app.base.http.problems import Problem, bad_field
from app.base.languages.catalogue import say
from app.base.store.database import Database
from app.base.store.typed import col
from app.record.assessments.schemas import AssessmentIn
from app.record.assessments.service import ASSESSMENT
from app.record.diary import service as diary
from app.record.diary.content import EntryContent
from app.record.diary.entry_json import entry_json
from app.record.diary.schemas import EntryOut, Medication, SideEffect
from app.record.diary.service import DayEntry
from app.record.facts import service as facts
from app.record.facts.kinds import Fact
from app.record.patients import service as patients
from app.record.patients.service import Person
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import PROCEDURE
from app.rules.asked import asked_form
from app.rules.consents import CONSENT_KINDS, newest, text_of
from app.rules.course_words import course_sentence, days_ahead
from app.rules.emergency import emergency_number
from app.rules.language import language_of
from app.rules.plan import steps
from app.rules.words import Language, Phase, Side
from app.work.calendar import service as calendar
from app.work.calendar import waiting
from app.work.calendar.booked import Booked
from app.work.calendar.schemas import AppointmentOut, SlotOut
from app.work.today.schemas import (
    AskedConsent,
    AskedOut,
    CallOut,
    FormOut,
    OfferOut,
    OwnRule,
    QuestionOut,
    SentenceOut,
    StepOut,
    TodayOut,
    TreatedSite,
    TreatmentDone,
)

SHOWN = timedelta(days=42)  # how far back the calendar of the first screen reaches
USUAL = timedelta(days=14)  # what was taken in them is offered again
SIDES: dict[str, tuple[Side, ...]] = {"left": ("left",), "right": ("right",), "bilateral": ("left", "right")}
DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Read:
    """What a day is made from."""

    person: Person
    procedures: list[Fact[ProcedureIn]]
    answered: list[AssessmentIn]
    entries: list[DayEntry]
    phase: Phase | None
    question: QuestionOut | None
    said: set[str]
    own_rules: list[OwnRule]
    clinic: tuple[str, str | None, str | None, str | None]


async def read(
    database: Database, caller: Caller, *, on: date | None, language: Language | None, now: datetime
) -> TodayOut:
    """The day of the patient who asks, or for whom they act.

    Args:
        on: the day by the phone's own calendar, where it is not the patient's usual one.
        language: of the sentences; that of the patient's record where left out.

    Raises:
        Problem: 403 for who is no patient and acts for none; 422 for a day that is today nowhere.
    """
    if caller.role != "patient" or caller.patient_id is None:
        raise Problem(403, "This is for patients, and for those who act for one.")
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=caller.patient_id)
        today = _today(person, on, now)
        found = await _gather(connection, person, caller=caller, today=today)
    ahead = await calendar.to_come(database, caller, person.id, now=now)
    waits, _, offered = await waiting.read_waiting(database, caller, patient_id=person.id, now=now)
    offers = [
        OfferOut(waiting_id=one.id, slot=SlotOut.model_validate(one.offered.model_dump()), until=one.offered_until)
        for one in waiting.with_fits(waits, [], now, offered=offered)
        if one.offered is not None and one.offered_until is not None
    ]
    await audit.record_read(database, caller, resource="today", patient_id=person.id, now=now)
    return _day(found, caller, today=today, language=language, offers=offers, ahead=ahead)


def _today(person: Person, on: date | None, now: datetime) -> date:
    usual = patients.today_of(person.time_zone, now)
    if on is not None and not now.date() - DAY <= on <= now.date() + DAY:
        raise bad_field("/on", "is today nowhere on Earth", where="query")
    return on or usual


async def _gather(connection: AsyncConnection, person: Person, *, caller: Caller, today: date) -> _Read:
    found = await facts.of_patient(connection, person.clinic_id, patient_id=person.id, kinds=[PROCEDURE, ASSESSMENT])
    entries = await diary.entries(connection, person.clinic_id, person.id, first=today - SHOWN, last=today)
    whose = (person.clinic_id, person.id)
    phase = (
        await connection.execute(
            select(col(OutcomeRow.phase))
            .where(
                col(OutcomeRow.clinic_id) == whose[0],
                col(OutcomeRow.patient_id) == whose[1],
                col(OutcomeRow.definition) == "half",
            )
            .order_by(col(OutcomeRow.performed_on).desc(), col(OutcomeRow.procedure_id).desc())
        )
    ).first()
    question = (
        await connection.execute(
            select(col(Flag.id), col(Flag.asked_at))
            .where(
                col(Flag.clinic_id) == whose[0],
                col(Flag.patient_id) == whose[1],
                col(Flag.kind) == ASKS_FIRST,
                col(Flag.state).in_(("open", "acknowledged")),
                col(Flag.asked_at).is_not(None),
                col(Flag.answer).is_(None),
            )
            .order_by(col(Flag.id).desc())
        )
    ).first()
    said = select(col(Consent.kind)).where(
        col(Consent.clinic_id) == whose[0], col(Consent.patient_id) == whose[1], col(Consent.current)
    )
    of_clinic = select(
        col(Clinic.name), col(Clinic.phone), col(Clinic.emergency_number), col(Clinic.jurisdiction)
    ).where(col(Clinic.id) == caller.clinic_id)
    name, phone, emergency, jurisdiction = (await connection.execute(of_clinic)).one()
    return _Read(
        person,
        found.of(PROCEDURE),
        [one.body for one in found.of(ASSESSMENT)],
        entries,
        None if phase is None else phase[0],
        None if question is None or question[1] is None else QuestionOut(flag_id=question[0], asked_at=question[1]),
        {kind for (kind,) in (await connection.execute(said)).all()},
        [
            OwnRule.model_validate(
                {
                    "kind": kind,
                    "least_severity": rule.least_severity,
                    "advice": rule.advice["en"],
                    "severity": rule.severity,
                }
            )
            for rule in await rules_of(connection, person.clinic_id)
            for kind in rule.kinds
        ],
        (name, phone, emergency, jurisdiction),
    )


def _day(
    found: _Read,
    caller: Caller,
    *,
    today: date,
    language: Language | None,
    offers: list[OfferOut],
    ahead: Sequence[Booked],
) -> TodayOut:
    person, speaks = found.person, language or language_of(found.person.language)
    treated = [one.body for one in found.procedures]
    last = treated[-1] if treated else None
    done = [one for one in treated if one.performed_on <= today]
    sentences = _sentences(today, done[-1] if done else None, phase=found.phase, language=speaks)
    by_day = {one.date: one for one in found.entries}
    name, phone, emergency, jurisdiction = found.clinic
    asked = asked_form(
        today, None if last is None else last.performed_on, [a.answered_on for a in found.answered if a.kind == "peg"]
    )
    return TodayOut(
        patient_id=person.id,
        account_id=caller.account_id,
        by_proxy=caller.proxy is not None,
        date=today,
        time_zone=person.time_zone,
        language=speaks,
        sites=_sites(treated, found.entries),
        treatments=[
            TreatmentDone(
                procedure_id=one.id,
                performed_on=one.body.performed_on,
                region=one.body.region,
                laterality=one.body.laterality,
            )
            for one in found.procedures
        ],
        today=_shown(by_day.get(today), person),
        yesterday=_shown(by_day.get(today - DAY), person),
        logged_on=sorted(by_day),
        medicines=_medicines([one.content for one in found.entries if one.date >= today - USUAL]),
        open_side_effects=_open_effects([one.content for one in found.entries if one.date < today]),
        activities=_activities(found.answered),
        asked=AskedOut(
            question=found.question,
            form=None if asked is None else FormOut(kind=asked.kind, until=asked.until),
            offers=offers,
            consents=_consents(found.said, speaks),
        ),
        appointment=AppointmentOut.model_validate(ahead[0]) if ahead else None,
        says=sentences[0].says,
        sentences=sentences,
        plan=[
            StepOut(first_on=one.first_on, last_on=one.last_on, says=say(one.says, speaks))
            for one in (steps(done[-1].performed_on) if done else [])
            if one.last_on >= today
        ],
        call=CallOut(clinic=name, phone=phone, emergency=emergency_number(emergency, jurisdiction)),
        own_rules=found.own_rules,
    )


def _sentences(
    today: date, newest_one: ProcedureIn | None, *, phase: Phase | None, language: Language
) -> list[SentenceOut]:
    out: list[SentenceOut] = []
    for on in days_ahead(today):
        told = course_sentence(
            on,
            None if newest_one is None else newest_one.performed_on,
            region=None if newest_one is None else newest_one.region,
            phase=phase,
        )
        says = say(told.text, language, number=told.number)
        if not out or out[-1].says != says:
            out.append(SentenceOut(from_on=on, says=says))
    return out


def _sites(treated: Iterable[ProcedureIn], entries: Sequence[DayEntry]) -> list[TreatedSite]:
    """Where pain is asked for: what was treated, the newest first; before that, where it was last written of."""
    sites = [(one.region, side) for one in reversed(list(treated)) for side in SIDES[one.laterality]]
    if not sites:
        written = next((one.content["pain"] for one in reversed(entries) if one.content.get("pain")), [])
        return [TreatedSite.model_validate({"region": pain["region"], "side": pain["side"]}) for pain in written]
    return [TreatedSite(region=region, side=side) for region, side in dict.fromkeys(sites)]


def _shown(one: DayEntry | None, person: Person) -> EntryOut | None:
    return None if one is None else EntryOut.model_validate(entry_json(one.date, one, zone=person.time_zone))


def _medicines(contents: Sequence[EntryContent]) -> list[Medication]:
    """Each medicine as it was last taken, daily and when needed apart, those of the latest day first."""
    out: dict[tuple[object, ...], Medication] = {}
    for content in reversed(contents):
        for one in content.get("medications") or ():
            way = (one.get("code") or one.get("name"), one.get("schedule"), one.get("dose"), one.get("unit"))
            out.setdefault(way, Medication.model_validate(one))
    return list(out.values())


def _open_effects(contents: Sequence[EntryContent]) -> list[SideEffect]:
    """The side effects of the last entry that says anything about them."""
    last: Sequence[object] = next(
        (one["side_effects"] for one in reversed(contents) if one.get("side_effects") is not None), []
    )
    return [SideEffect.model_validate(one) for one in last]


def _activities(answered: Sequence[AssessmentIn]) -> list[str]:
    return next((list(one.names) for one in reversed(answered) if one.kind == "activities" and one.names), [])


def _consents(said: set[str], language: Language) -> list[AskedConsent]:
    asked = [(kind, newest(kind)) for kind in CONSENT_KINDS if kind not in said]
    return [
        AskedConsent(kind=kind, version=version, text=text_of(kind, version, language) or "") for kind, version in asked
    ]
