"""Fills an empty database with the demo's clinics."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import add_account, add_clinic, clinic, hash_password
from app.access.accounts.tables import Clinic
from app.base.http.idempotency.service import NO_KEY
from app.base.store.database import Database
from app.base.store.typed import col
from app.doors.demo.courses import Body, entries
from app.doors.demo.extras import events_of, facts_after, facts_before
from app.doors.demo.people import CLINIC, COUNTRY, PEOPLE, PHONES, SECOND_CLINIC, SECOND_PEOPLE, DemoPatient, Treatment
from app.record.diary.door import Incoming, incoming, take_in
from app.record.diary.schemas import EntryIn
from app.record.facts import service as facts
from app.record.patients import service as patients
from app.record.patients.schemas import PatientIn
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import PROCEDURE
from app.rules.words import Role
from app.work.calendar import wishes
from app.work.calendar.schemas import AppointmentIn, SlotIn, SlotOut, WaitingIn
from app.work.calendar.service import add_appointment
from app.work.calendar.slots import add_slots
from app.work.clinic.schemas import ClinicChange
from app.work.clinic.service import settings_of


@dataclass(frozen=True)
class SignInTo:
    """One account of the demo."""

    role: Role
    username: str
    password: str
    patient_id: UUID | None = None
    procedure_id: UUID | None = None


Tell = Callable[[str], None]
PLACE = "Europe/Zurich"
TREATED_NEXT = ("Clara Meier", "Hugo Iten", "Jonas Kunz", "Luca Moser", "Mara Noll")
SYNC = 3  # days after which a phone has sent what was written: what was known on a day is that of the last time
JOINED_BEFORE = 70  # days before the first procedure from which the patient is on record
STAFF: list[tuple[Role, str]] = [("clinician", "clinician"), ("scheduler", "scheduler"), ("admin", "admin")]
RUNS_IT: list[tuple[Role, str]] = [("operator", "operator")]
SECOND_STAFF: list[tuple[Role, str]] = [("clinician", "other-clinician")]


async def build(database: Database, now: datetime, tell: Tell) -> list[SignInTo]:
    """Makes both clinics; the sign-ins have passwords of this run. `tell` is called for each patient."""
    out = []
    for name, people, staff in ((CLINIC, PEOPLE, STAFF + RUNS_IT), (SECOND_CLINIC, SECOND_PEOPLE, SECOND_STAFF)):
        clinic_id = await database.write(partial(_clinic, name=name, now=now))
        callers = []
        for role, username in staff:
            account = await _account(database, clinic_id, username=username, role=role, now=now)
            out.append(account[0])
            callers.append(account[1])
        ids = {}
        for i, someone in enumerate(people):
            made = await _patient(database, callers[0], someone=someone, now=now, seed=i + 1)
            if i == 0 and people is PEOPLE:
                out.append(
                    (
                        await _account(
                            database,
                            clinic_id,
                            username="patient",
                            role="patient",
                            now=now,
                            patient_id=made[0],
                            procedure_id=made[1],
                        )
                    )[0]
                )
            ids[someone.name] = made[0]
            tell(someone.name)
        await _calendar(database, callers, ids=ids, now=now)
    return out


async def _clinic(connection: AsyncConnection, name: str, now: datetime) -> UUID:
    clinic_id = await add_clinic(connection, name, now)
    settings = settings_of(ClinicChange(time_zone=PLACE, phone=PHONES[name], jurisdiction=COUNTRY))
    await connection.execute(update(clinic).where(col(Clinic.id) == clinic_id).ordered_values(*settings))
    return clinic_id


async def _account(
    database: Database,
    clinic_id: UUID,
    *,
    username: str,
    role: Role,
    now: datetime,
    patient_id: UUID | None = None,
    procedure_id: UUID | None = None,
) -> tuple[SignInTo, Caller]:
    password = secrets.token_urlsafe(9)
    hashed = hash_password(password)
    account_id = await database.write(
        lambda c: add_account(
            c, clinic_id, username=username, password_hash=hashed, role=role, now=now, patient_id=patient_id
        )
    )
    return (
        SignInTo(role, username, password, patient_id, procedure_id),
        Caller(account_id, clinic_id, role, patient_id),
    )


async def _patient(
    database: Database, clinician: Caller, *, someone: DemoPatient, now: datetime, seed: int
) -> tuple[UUID, UUID]:
    new = PatientIn(name=someone.name, born_on=date.fromisoformat(someone.born_on), time_zone=someone.time_zone)
    today = patients.today_of(someone.time_zone, now)
    zone = ZoneInfo(someone.time_zone)
    joined = today - timedelta(days=max(treatment.ago for treatment in someone.treatments) + JOINED_BEFORE)
    person = await database.write(lambda c: patients.add(c, clinician, new=new, now=_evening(joined, zone, now)))
    diary = _diary(someone, today=today, seed=seed)

    async def work(connection: AsyncConnection) -> UUID:
        made = []
        for treatment in someone.treatments:
            performed_on = today - timedelta(days=treatment.ago)
            told, at = _procedure(treatment, performed_on), _evening(performed_on, zone, now)
            made.append(await facts.add(connection, clinician, kind=PROCEDURE, person=person, new=told, now=at))
            beside = facts_before(treatment, performed_on)
            beside += facts_after(treatment, made[-1].id, performed_on=performed_on, today=today)
            for kind, fact in beside:
                at = _evening(max(joined, kind.day_of(fact)), zone, now)
                await facts.add(connection, clinician, kind=kind, person=person, new=fact, now=at)
        for kind, fact in events_of(someone, today):
            at = _evening(kind.day_of(fact), zone, now)
            await facts.add(connection, clinician, kind=kind, person=person, new=fact, now=at)
        for last, some in groupby(sorted(diary), key=lambda day: _sent_on(day, today)):
            sent = [_incoming(day, diary[day], zone=zone, now=now) for day in some]
            at = _evening(last, zone, now)
            await take_in(connection, clinician, author=None, person=person, entries=sent, now=at)
        await patients.touch(connection, person.clinic_id, person.id, now=now)
        return made[0].id

    return person.id, await database.write(work)


def _diary(someone: DemoPatient, *, today: date, seed: int) -> dict[date, Body]:
    """The patient's entries by day, of all sites."""
    by_day: dict[date, Body] = {}
    for k, treatment in enumerate(someone.treatments):
        performed_on = today - timedelta(days=treatment.ago)
        repeat = any(later.laterality == treatment.laterality for later in someone.treatments[k + 1 :])
        until = today - timedelta(days=someone.treatments[k + 1].ago) if repeat else today
        for day, entry in entries(
            treatment.course, treatment.region, performed_on=performed_on, until=until, seed=100 * seed + k
        ):
            if day in by_day:
                by_day[day]["pain"] += entry["pain"]
            else:
                by_day[day] = entry
    if someone.fever:
        of_today = by_day.setdefault(today, {})
        of_today["side_effects"] = [*of_today.get("side_effects", []), {"kind": "fever", "severity": 2}]
        of_today["temperature_c"] = 38.6
    return by_day


def _sent_on(day: date, today: date) -> date:
    """The day on which the phone sent what was written on a day."""
    return min(today, day + timedelta(days=-day.toordinal() % SYNC))


def _evening(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    """When what is of a day was received: that evening, or now where that has not come."""
    return min(datetime.combine(day, time(20, 30), zone).astimezone(UTC), now)


async def _calendar(database: Database, callers: list[Caller], *, ids: dict[str, UUID], now: datetime) -> None:
    """Slots on two mornings a week for two months; in the first clinic those of the first weeks are taken, and two wait."""
    clinician = next(c for c in callers if c.role == "clinician")
    first = datetime.combine(now.date() + timedelta(days=3), time(8, 30), ZoneInfo(PLACE))
    new = SlotIn(
        clinician_id=clinician.account_id,
        starts_at=first,
        minutes=45,
        location="Day clinic",
        room="Room 2",
        device="generator",
        repeats="FREQ=WEEKLY;BYDAY=TU,TH;COUNT=16",
        time_zone=PLACE,
    )
    made = await add_slots(database, clinician, new=new, once=NO_KEY, now=now)
    if not set(TREATED_NEXT) <= set(ids):
        return
    slots = SlotOut.model_validate(made.body)
    mornings = [slots.id, *slots.also]
    for name, slot_id in zip(TREATED_NEXT, mornings, strict=False):
        booked = AppointmentIn(patient_id=ids[name], slot_id=slot_id)
        await add_appointment(database, clinician, new=booked, once=NO_KEY, now=now)
    talk = SlotIn(
        clinician_id=clinician.account_id,
        starts_at=first + timedelta(hours=2),
        minutes=20,
        location="Day clinic",
        room="Room 1",
        kind="consultation",
    )
    made = await add_slots(database, clinician, new=talk, once=NO_KEY, now=now)
    booked = AppointmentIn(patient_id=ids["Elsa Frei"], slot_id=UUID(str(made.body["id"])))
    await add_appointment(database, clinician, new=booked, once=NO_KEY, now=now)
    for name, note in (("Greta Huber", "mornings"), ("Bruno Keller", "at short notice")):
        waits = WaitingIn(patient_id=ids[name], minutes=45, first_on=now.date() + timedelta(days=7), note=note)
        await wishes.add(database, clinician, new=waits, once=NO_KEY, now=now)


def _procedure(treatment: Treatment, performed_on: date) -> ProcedureIn:
    return ProcedureIn.model_validate(
        {
            "performed_on": performed_on,
            "region": treatment.region,
            "laterality": treatment.laterality,
            "baseline_pain": treatment.baseline_pain,
            "joints": list(treatment.joints),
            "technique": "thermal",
            "guidance": "fluoroscopy",
        }
    )


def _incoming(day: date, entry: Body, *, zone: ZoneInfo, now: datetime) -> Incoming:
    return incoming(day, EntryIn.model_validate({**entry, "recorded_at": _evening(day, zone, now)}))
