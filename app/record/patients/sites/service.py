"""The sites of a clinic, and of its patients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, IdColumn, require
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.statements import upsert
from app.base.store.typed import Setting, col, row, table, to, values_of, whole, wholes
from app.record.patients import service as patients
from app.record.patients.sites.schemas import ClinicSiteOut, SiteChange, SiteIn, SiteOfOut
from app.record.patients.sites.tables import ClinicSite, PatientSite

site, patient_site = table(ClinicSite), table(PatientSite)
TAKEN = "A site of the clinic has that name."
MOST = 200


async def list_all(database: Database, caller: Caller) -> list[ClinicSiteOut]:
    """The clinic's sites by name, those that are closed among them; 403 for who reads nothing of the clinic."""
    require(caller, "read")
    query = select(site).where(col(ClinicSite.clinic_id) == caller.clinic_id).order_by(col(ClinicSite.name))
    async with database.read() as connection:
        return [_out(one) for one in wholes(ClinicSite, (await connection.execute(query)).all())]


async def add(database: Database, caller: Caller, *, new: SiteIn, once: IdempotentCall, now: datetime) -> Answer:
    """A new site.

    Raises:
        Problem: 403; 409 for a name that is taken, or one site too many.
    """
    require(caller, "change_clinic")

    async def work(connection: AsyncConnection) -> Answer:
        names = await _names(connection, caller.clinic_id)
        if new.name.casefold() in names:
            raise Problem(409, TAKEN)
        if len(names) >= MOST:
            raise Problem(409, f"A clinic has {MOST} sites at most.")
        made = ClinicSite(clinic_id=caller.clinic_id, id=new_id(), created_at=now, **new.model_dump())
        await connection.execute(insert(site), values_of(made))
        await audit.record(connection, caller, action="create", resource="site", patient_id=None, now=now)
        return Answer(to_wire(ClinicSiteOut, _out(made)), 201)

    return await audit.once(database, caller, once, now=now, work=work)


async def change(
    database: Database, caller: Caller, *, site_id: UUID, given: SiteChange, now: datetime
) -> ClinicSiteOut:
    """Changes what is given.

    Raises:
        Problem: 403; 404; 409 for a name that is taken.
    """
    require(caller, "change_clinic")

    async def work(connection: AsyncConnection) -> ClinicSiteOut:
        one = await _find(connection, caller.clinic_id, site_id)
        changes: list[Setting] = []
        if given.name is not None and given.name != one.name:
            if given.name.casefold() in await _names(connection, caller.clinic_id, but=site_id):
                raise Problem(409, TAKEN)
            changes.append(to(col(ClinicSite.name), given.name))
        if "address" in given.model_fields_set:
            changes.append(to(col(ClinicSite.address), given.address))
        if "phone" in given.model_fields_set:
            changes.append(to(col(ClinicSite.phone), given.phone))
        if given.closed is not None:
            changes.append(to(col(ClinicSite.closed_at), (one.closed_at or now) if given.closed else None))
        if changes:
            await connection.execute(update(site).where(_this(caller.clinic_id, site_id)).ordered_values(*changes))
            await audit.record(connection, caller, action="change", resource="site", patient_id=None, now=now)
        return _out(await _find(connection, caller.clinic_id, site_id))

    return await database.write(work)


async def check_open(connection: AsyncConnection, clinic_id: UUID, site_id: UUID | None) -> None:
    """Refuses (422) a site that the clinic does not have, or that is closed."""
    if site_id is None:
        return
    is_open = and_(_this(clinic_id, site_id), col(ClinicSite.closed_at).is_(None))
    if (await connection.execute(select(col(ClinicSite.id)).where(is_open))).first() is None:
        raise bad_field("/site_id", "is no open site of this clinic")


async def of_patient(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> SiteOfOut:
    """The site that a patient belongs to."""
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id)
        out = await _of(connection, person.clinic_id, person.id)
    await audit.record_read(database, caller, resource="patient_site", patient_id=patient_id, now=now)
    return out


async def set_of_patient(
    database: Database, caller: Caller, *, patient_id: UUID, site_id: UUID | None, now: datetime
) -> SiteOfOut:
    """Says which site a patient belongs to, or none.

    Raises:
        Problem: 403; 404; 422 for a site that is none, or closed.
    """

    async def work(connection: AsyncConnection) -> SiteOfOut:
        person = await patients.find(connection, caller, patient_id=patient_id, action="change_patient", lock=True)
        await check_open(connection, person.clinic_id, site_id)
        if site_id is None:
            mine = and_(col(PatientSite.clinic_id) == person.clinic_id, col(PatientSite.patient_id) == person.id)
            await connection.execute(delete(patient_site).where(mine))
        else:
            values = row(PatientSite, clinic_id=person.clinic_id, patient_id=person.id, site_id=site_id)
            await connection.execute(upsert(connection, patient_site, "clinic_id", "patient_id"), values)
        await audit.record(connection, caller, action="change", resource="patient_site", patient_id=person.id, now=now)
        return await _of(connection, person.clinic_id, person.id)

    return await database.write(work)


def belongs_to(site_id: UUID, *, clinic_id: IdColumn, patient_id: IdColumn) -> ColumnElement[bool]:
    """That a patient belongs to a site."""
    return exists().where(
        col(PatientSite.clinic_id) == clinic_id,
        col(PatientSite.patient_id) == patient_id,
        col(PatientSite.site_id) == site_id,
    )


async def _names(connection: AsyncConnection, clinic_id: UUID, *, but: UUID | None = None) -> set[str]:
    query = select(col(ClinicSite.id), col(ClinicSite.name)).where(col(ClinicSite.clinic_id) == clinic_id)
    return {name.casefold() for site_id, name in (await connection.execute(query)).all() if site_id != but}


async def _of(connection: AsyncConnection, clinic_id: UUID, patient_id: UUID) -> SiteOfOut:
    same = and_(col(PatientSite.clinic_id) == col(ClinicSite.clinic_id), col(PatientSite.site_id) == col(ClinicSite.id))
    mine = and_(col(PatientSite.clinic_id) == clinic_id, col(PatientSite.patient_id) == patient_id)
    found = (await connection.execute(select(site).join(patient_site, same).where(mine))).first()
    return SiteOfOut(site=None if found is None else _out(whole(ClinicSite, found)))


async def _find(connection: AsyncConnection, clinic_id: UUID, site_id: UUID) -> ClinicSite:
    found = (await connection.execute(select(site).where(_this(clinic_id, site_id)).with_for_update())).first()
    if found is None:
        raise not_found("site")
    return whole(ClinicSite, found)


def _this(clinic_id: UUID, site_id: UUID) -> ColumnElement[bool]:
    return and_(col(ClinicSite.clinic_id) == clinic_id, col(ClinicSite.id) == site_id)


def _out(one: ClinicSite) -> ClinicSiteOut:
    return ClinicSiteOut(
        id=one.id, name=one.name, address=one.address, phone=one.phone, closed=one.closed_at is not None
    )
