"""Reading and changing a clinic's settings."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require, require_staff
from app.access.accounts.service import clinic, is_staff
from app.access.accounts.tables import Account, Clinic
from app.access.audit import service as audit
from app.alerts.flags.budget import used
from app.base.http.problems import bad_field
from app.base.store.database import Database
from app.base.store.typed import Setting, col, to, values_of, whole
from app.rules.words import STAFF
from app.work.calendar.absences import move_to_zone
from app.work.clinic.schemas import ClinicChange, ClinicOut, ColleagueOut


async def read(database: Database, caller: Caller, now: datetime) -> ClinicOut:
    """The caller's clinic."""
    require_staff(caller)
    async with database.read() as connection:
        return await _read(connection, caller, now)


async def change(database: Database, caller: Caller, *, given: ClinicChange, now: datetime) -> ClinicOut:
    """Changes the settings of the caller's clinic.

    Raises:
        Problem: 403, or 422 for an account that is not one of its staff.
    """
    require(caller, "change_clinic")

    async def work(connection: AsyncConnection) -> ClinicOut:
        for place, account_id in enumerate(given.chain or []):
            if not await is_staff(connection, caller.clinic_id, account_id):
                raise bad_field(f"/chain/{place}", "is nobody of this clinic's staff")
        changes = settings_of(given)
        if changes:
            await connection.execute(update(clinic).where(col(Clinic.id) == caller.clinic_id).ordered_values(*changes))
            await audit.record(connection, caller, action="change", resource="clinic", patient_id=None, now=now)
        if "time_zone" in given.model_fields_set:
            await move_to_zone(connection, caller.clinic_id, zone=given.time_zone or "UTC", now=now)
        return await _read(connection, caller, now)

    return await database.write(work)


def settings_of(given: ClinicChange) -> list[Setting]:
    """What is given: null takes a limit away, and a name can't be null."""
    out: list[Setting] = []
    if "name" in given.model_fields_set:
        if given.name is None:
            raise bad_field("/name", "a clinic has a name")
        out.append(to(col(Clinic.name), given.name))
    if "time_zone" in given.model_fields_set:
        out.append(to(col(Clinic.time_zone), given.time_zone))
    if "alarm_budget" in given.model_fields_set:
        out.append(to(col(Clinic.alarm_budget), given.alarm_budget))
    if "phone" in given.model_fields_set:
        out.append(to(col(Clinic.phone), given.phone))
    if "emergency_number" in given.model_fields_set:
        out.append(to(col(Clinic.emergency_number), given.emergency_number))
    if "jurisdiction" in given.model_fields_set:
        out.append(to(col(Clinic.jurisdiction), given.jurisdiction))
    if "audit_days" in given.model_fields_set:
        out.append(to(col(Clinic.audit_days), given.audit_days))
    if "second_factor" in given.model_fields_set:
        out.append(to(col(Clinic.second_factor), given.second_factor is True))
    if "treating_teams" in given.model_fields_set:
        out.append(to(col(Clinic.treating_teams), given.treating_teams is True))
    if "chain" in given.model_fields_set:
        chain: list[UUID] = given.chain or []
        out.append(to(col(Clinic.chain), [str(one) for one in dict.fromkeys(chain)] or None))
    return out


async def list_colleagues(database: Database, caller: Caller) -> list[ColleagueOut]:
    """The staff of the caller's clinic."""
    require_staff(caller)
    async with database.read() as connection:
        return await colleagues(connection, caller)


async def staff_names(database: Database, caller: Caller) -> dict[str, str]:
    """The names of the clinic's staff by the ids that steps hold."""
    return {str(one.id): one.username for one in await list_colleagues(database, caller)}


async def colleagues(connection: AsyncConnection, caller: Caller) -> list[ColleagueOut]:
    """The staff of the caller's clinic, by name."""
    theirs = select(col(Account.id), col(Account.username), col(Account.role), col(Account.disabled_at)).where(
        col(Account.clinic_id) == caller.clinic_id, col(Account.role).in_(STAFF)
    )
    found = (await connection.execute(theirs.order_by(col(Account.username)))).all()
    return [
        ColleagueOut(id=account_id, username=name, role=role, disabled=disabled_at is not None)
        for account_id, name, role, disabled_at in found
    ]


async def _read(connection: AsyncConnection, caller: Caller, now: datetime) -> ClinicOut:
    one = whole(Clinic, (await connection.execute(select(clinic).where(col(Clinic.id) == caller.clinic_id))).one())
    shown, held = await used(connection, caller.clinic_id, now)
    told = {**values_of(one), "chain": one.chain or [], "shown_in_seven_days": shown, "held_back": held}
    return ClinicOut.model_validate(told)
