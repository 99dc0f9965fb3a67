"""The clinics of a service, for whoever runs it: their names and sizes, and no patient."""

import secrets
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.accounts.service import account, add_account, add_clinic, clinic, hashed
from app.access.accounts.tables import Account, Clinic
from app.access.audit import service as audit
from app.access.lifecycle import codes
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.paging import Page, from_cursor, page, to_cursor
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.typed import col
from app.work.clinic.schemas import ClinicMadeOut, ClinicSizeOut, NewClinicIn


async def list_all(database: Database, caller: Caller, *, limit: int, cursor: str | None) -> Page[ClinicSizeOut]:
    """Every clinic of the database, the oldest first, with how many accounts it has.

    Raises:
        Problem: 403; 422 for a cursor that is none.
    """
    require(caller, "operate")
    theirs = select(func.count()).select_from(account).where(col(Account.clinic_id) == col(Clinic.id)).correlate(clinic)
    columns = select(col(Clinic.id), col(Clinic.name), col(Clinic.created_at), theirs.scalar_subquery())
    query = columns.order_by(col(Clinic.id)).limit(limit + 1)
    if (after := from_cursor(cursor)) is not None:
        query = query.where(col(Clinic.id) > after)
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    told = [ClinicSizeOut(id=one, name=name, created_at=made, accounts=many) for one, name, made, many in found]
    shown, rest = page(told, limit, lambda one: to_cursor(one.id))
    return Page(items=shown, next=rest)


async def add(database: Database, caller: Caller, *, new: NewClinicIn, once: IdempotentCall, now: datetime) -> Answer:
    """A clinic, its first admin, and the code with which the admin chooses a password.

    Raises:
        Problem: 403; 409 where the admin's name is taken.
    """
    require(caller, "operate")
    unknown = await hashed(secrets.token_urlsafe(24))  # nobody signs in before the code is used

    async def work(connection: AsyncConnection) -> Answer:
        made = await add_clinic(connection, new.name, now)
        admin = await add_account(connection, made, username=new.admin, password_hash=unknown, role="admin", now=now)
        code, ends = await codes.for_first_password(connection, made, admin, now=now)
        who = Caller(admin, made, "admin", None)
        await audit.record(connection, who, action="create", resource="clinic", patient_id=None, now=now)
        told = ClinicMadeOut(id=made, name=new.name, admin_id=admin, code=code, expires_at=ends)
        return Answer(to_wire(ClinicMadeOut, told), secret=True)

    return await once.run(database, caller.account_id, clinic_id=caller.clinic_id, now=now, work=work)


async def count(connection: AsyncConnection) -> tuple[int, int]:
    """How many clinics and accounts there are."""
    clinics = (await connection.execute(select(func.count()).select_from(clinic))).scalar_one()
    return clinics, (await connection.execute(select(func.count()).select_from(account))).scalar_one()
