"""Fills an empty database with the demo's clinics."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
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
from app.doors.demo.extras import facts_after, facts_before
from app.doors.demo.people import CLINIC, COUNTRY, PEOPLE, PHONES, SECOND_CLINIC, SECOND_PEOPLE, DemoPatient, Treatment
from app.record.diary.door import Incoming, incoming, take_in
from app.record.diary.schemas import EntryIn
from app.record.facts import service as facts
from app.record.patients import service as patients
from app.record.patients.schemas import PatientIn
from app.record.procedures.schemas import ProcedureIn
from app.record.procedures.service import PROCEDURE
from app.rules.words import Role
from app.work.calendar import waiting
from app.work.calendar.schemas import AppointmentIn, SlotIn, WaitingIn
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
STAFF: list[tuple[Role, str]] = [("clinician", "clinician"), ("scheduler", "scheduler"), ("admin", "admin")]
SECOND_STAFF: list[tuple[Role, str]] = [("clinician", "other-clinician")]


async def build(database: Database, now: datetime, tell: Tell) -> list[SignInTo]:
    """Makes both clinics; the sign-ins have passwords of this run. `tell` is called for each patient."""
    out = []
    for name, people, staff in ((CLINIC, PEOPLE, STAFF), (SECOND_CLINIC, SECOND_PEOPLE, SECOND_STAFF)):
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
    person = await database.write(lambda c: patients.add(c, clinician, new=new, now=now))
    today = patients.today_of(someone.time_zone, now)
    zone = ZoneInfo(someone.time_zone)
    by_day: dict[date, Body] = {}
    procedures = []
    for k, treatment in enumerate(someone.treatments):
        performed_on = today - timedelta(days=treatment.ago)
        procedures.append(_procedure(treatment, performed_on))
        repeat = any(later.laterality == treatment.laterality for later in someone.treatments[k + 1 :])
        until = today - timedelta(days=someone.treatments[k + 1].ago) if repeat else today
        for day, entry in entries(
            treatment.course, treatment.region, performed_on=performed_on, until=until, seed=100 * seed + k
        ):
            if day in by_day:
                by_day[day]["pain"] += entry["pain"]
            else:
                by_day[day] = entry
    entries_in = [_incoming(day, by_day[day], zone=zone, now=now) for day in sorted(by_day)]

    async def work(connection: AsyncConnection) -> UUID:
        made = [
            await facts.add(connection, clinician, kind=PROCEDURE, person=person, new=new, now=now)
            for new in procedures
        ]
        for treatment, procedure in zip(someone.treatments, made, strict=True):
            beside = facts_before(treatment, procedure.body.performed_on)
            beside += facts_after(treatment, procedure.id, performed_on=procedure.body.performed_on, today=today)
            for kind, fact in beside:
                await facts.add(connection, clinician, kind=kind, person=person, new=fact, now=now)
        await take_in(connection, clinician, author=None, person=person, entries=entries_in, now=now)
        await patients.touch(connection, person.clinic_id, person.id)
        return made[0].id

    return person.id, await database.write(work)


async def _calendar(database: Database, callers: list[Caller], *, ids: dict[str, UUID], now: datetime) -> None:
    """Slots on two mornings a week for two months; in the first clinic one patient is booked and one is waiting."""
    clinician = next(c for c in callers if c.role == "clinician")
    first = datetime.combine(now.date() + timedelta(days=3), time(8, 30), ZoneInfo(PLACE))
    new = SlotIn(
        clinician_id=clinician.account_id,
        starts_at=first,
        minutes=45,
        location="Room 2",
        repeats="FREQ=WEEKLY;BYDAY=TU,TH;COUNT=16",
        time_zone=PLACE,
    )
    await add_slots(database, clinician, new=new, once=NO_KEY, now=now)
    if "Elsa Frei" not in ids:
        return
    talk = SlotIn(
        clinician_id=clinician.account_id,
        starts_at=first + timedelta(hours=2),
        minutes=20,
        location="Room 1",
        kind="consultation",
    )
    made = await add_slots(database, clinician, new=talk, once=NO_KEY, now=now)
    booked = AppointmentIn(patient_id=ids["Elsa Frei"], slot_id=UUID(str(made.body["id"])))
    await add_appointment(database, clinician, new=booked, once=NO_KEY, now=now)
    waits = WaitingIn(
        patient_id=ids["Greta Huber"], minutes=45, first_on=now.date() + timedelta(days=7), note="mornings"
    )
    await waiting.add(database, clinician, new=waits, once=NO_KEY, now=now)


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
    evening = min(datetime.combine(day, time(20, 30), zone).astimezone(UTC), now)
    return incoming(day, EntryIn.model_validate({**entry, "recorded_at": evening}))
