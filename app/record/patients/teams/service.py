"""The team that treats a patient, and looking from outside it for a reason that is on record."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, in_reach_of_team, require
from app.access.accounts.service import account, is_staff
from app.access.accounts.tables import Account, CareTeam
from app.access.audit import service as audit
from app.base.http.problems import Problem, bad_field, not_found
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table
from app.record.patients import service as patients
from app.record.patients.names import MOST_FOUND, called
from app.record.patients.tables import Patient
from app.record.patients.teams.schemas import MemberOut, OutsideOut

care_team = table(CareTeam)
LOOKS_FOR = timedelta(hours=4)
FOUND = 20  # people whom a search from outside shows


async def list_members(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> list[MemberOut]:
    """The team, and who looks from outside now; empty where all of the clinic's clinicians treat the patient."""
    same = and_(col(Account.clinic_id) == col(CareTeam.clinic_id), col(Account.id) == col(CareTeam.account_id))
    columns = select(
        col(Account.id),
        col(Account.username),
        col(Account.role),
        col(CareTeam.since),
        col(CareTeam.until),
        col(CareTeam.reason),
    ).join_from(care_team, account, same)
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        theirs = and_(col(CareTeam.clinic_id) == person.clinic_id, col(CareTeam.patient_id) == person.id)
        holds = or_(col(CareTeam.until).is_(None), col(CareTeam.until) > now)
        found = (await connection.execute(columns.where(theirs, holds).order_by(col(CareTeam.id)))).all()
    await audit.record_read(database, caller, resource="team", patient_id=patient_id, now=now)
    return [
        MemberOut(account_id=one, username=name, role=role, since=since, until=until, reason=reason)
        for one, name, role, since, until, reason in found
    ]


async def add(database: Database, caller: Caller, *, patient_id: UUID, account_id: UUID, now: datetime) -> None:
    """Adds one of the staff to the team; who has no team is seen by all clinicians, who has one by those of it.

    Raises:
        Problem: 403; 404; 422 for an account that is none of the staff's.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="manage_team", lock=True)
        if not await is_staff(connection, person.clinic_id, account_id):
            raise bad_field("/account_id", "is nobody of this clinic's staff")
        await connection.execute(delete(care_team).where(_this(person.clinic_id, person.id, account_id)))
        values = row(
            CareTeam,
            clinic_id=person.clinic_id,
            id=new_id(),
            patient_id=person.id,
            account_id=account_id,
            since=now,
        )
        await connection.execute(insert(care_team), values)
        await audit.record(connection, caller, action="change", resource="team", patient_id=person.id, now=now)

    await database.write(work)


async def remove(database: Database, caller: Caller, *, patient_id: UUID, account_id: UUID, now: datetime) -> None:
    """Takes one of the staff off the team.

    Raises:
        Problem: 403; 404 where they are not of it.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="manage_team", lock=True)
        this = _this(person.clinic_id, person.id, account_id)
        if (await connection.execute(delete(care_team).where(this))).rowcount == 0:
            raise not_found("member of the team")
        await audit.record(connection, caller, action="change", resource="team", patient_id=person.id, now=now)

    await database.write(work)


async def break_glass(database: Database, caller: Caller, *, patient_id: UUID, reason: str, now: datetime) -> None:
    """Lets a clinician look who is not of the team, for four hours; the admins' log and the patient's say so, and why.

    Raises:
        Problem: 403; 404; 409 for one of the team, who needs no reason.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="break_glass", lock=True)
        theirs = in_reach_of_team(caller, clinic_id=col(Patient.clinic_id), patient_id=col(Patient.id))
        this = and_(col(Patient.clinic_id) == person.clinic_id, col(Patient.id) == person.id)
        if (await connection.execute(select(col(Patient.id)).where(this, theirs))).first() is not None:
            raise Problem(409, "You may look without that.")
        values = row(
            CareTeam,
            clinic_id=person.clinic_id,
            id=new_id(),
            patient_id=person.id,
            account_id=caller.account_id,
            since=now,
            until=now + LOOKS_FOR,
            reason=reason,
        )
        await connection.execute(insert(care_team), values)
        await audit.record(
            connection, caller, action="read", resource="break_glass", patient_id=person.id, now=now, why=reason
        )

    await database.write(work)


async def outside(database: Database, caller: Caller, *, name: str, now: datetime) -> list[OutsideOut]:
    """Patients by name whose team the caller is not of; each is an event in the log.

    Raises:
        Problem: 403.
    """
    require(caller, "break_glass")
    theirs = in_reach_of_team(caller, clinic_id=col(Patient.clinic_id), patient_id=col(Patient.id))
    query = select(col(Patient.id), col(Patient.name), col(Patient.born_on)).where(
        col(Patient.clinic_id) == caller.clinic_id, ~theirs
    )
    async with database.read() as connection:
        people = await called(connection, caller.clinic_id, name)
        rows = (await connection.execute(query.where(col(Patient.id).in_(people[:MOST_FOUND])))).all()
    place = {patient_id: number for number, patient_id in enumerate(people)}
    found = sorted(rows, key=lambda one: place[one[0]])[:FOUND]
    for patient_id, *_ in found:
        await audit.record_read(database, caller, resource="outside_team", patient_id=patient_id, now=now)
    return [OutsideOut(id=one, name=called, born_on=born_on) for one, called, born_on in found]


def _this(clinic_id: UUID, patient_id: UUID, account_id: UUID) -> ColumnElement[bool]:
    return and_(
        col(CareTeam.clinic_id) == clinic_id,
        col(CareTeam.patient_id) == patient_id,
        col(CareTeam.account_id) == account_id,
    )
