"""Letting somebody act for a patient, and ending that."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.hashes import fresh_code, hash_of_code
from app.access.accounts.permissions import Caller
from app.access.accounts.service import add_account
from app.access.accounts.tables import Account, Proxy
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table, to, values_of, whole, wholes
from app.record.patients import service as patients
from app.record.patients.proxies.schemas import ActsForOut, ProxyIn, ProxyMadeOut, ProxyOut
from app.record.patients.tables import Patient

proxy = table(Proxy)
CODE_HOLDS = timedelta(days=14)
MOST = 20  # of a patient, at one time


async def let(
    database: Database, caller: Caller, *, patient_id: UUID, new: ProxyIn, once: IdempotentCall, now: datetime
) -> Answer:
    """Lets somebody act for a patient as soon as they have used the code that is answered.

    Raises:
        Problem: 403; 404; 409 where there are too many; 422 for an end that has passed, or a reason that is the staff's.
    """
    code = fresh_code()

    async def work(connection: AsyncConnection) -> Answer:
        person = await patients.find(connection, caller, patient_id=patient_id, action="let_act", lock=True)
        if new.until is not None and new.until <= now:
            raise bad_field("/until", "has passed already")
        if caller.role == "patient" and new.reason != "asked":
            raise bad_field("/reason", "is for the clinic's staff to say")
        theirs = and_(col(Proxy.clinic_id) == person.clinic_id, col(Proxy.patient_id) == person.id, _holds(now))
        theirs = and_(theirs, or_(col(Proxy.account_id).is_not(None), col(Proxy.code_until) >= now))
        many = (await connection.execute(select(func.count()).select_from(proxy).where(theirs))).scalar_one()
        if many >= MOST:
            raise Problem(409, f"{MOST} people may act for this patient already; end one first.")
        values = row(
            Proxy,
            clinic_id=person.clinic_id,
            id=new_id(),
            patient_id=person.id,
            name=new.name,
            reason=new.reason,
            may_write=new.may_write,
            created_at=now,
            until=new.until,
            code_hash=hash_of_code(code),
            code_until=now + CODE_HOLDS,
            made_by=caller.account_id,
        )
        await connection.execute(insert(proxy), values)
        await audit.record(connection, caller, action="create", resource="proxy", patient_id=person.id, now=now)
        told = ProxyMadeOut.model_validate({**values, "name": new.name, "accepted": False, "code": code})
        return Answer(to_wire(ProxyMadeOut, told), patient_id=person.id, secret=True)

    return await audit.once(database, caller, once, now=now, work=work)


async def list_of(database: Database, caller: Caller, *, patient_id: UUID, now: datetime) -> list[ProxyOut]:
    """Who may act for a patient now, or once their code is used; the newest first."""
    async with database.read() as connection:
        person = await patients.find(connection, caller, patient_id=patient_id, action="let_act")
        theirs = and_(col(Proxy.clinic_id) == person.clinic_id, col(Proxy.patient_id) == person.id, _holds(now))
        found = (await connection.execute(select(proxy).where(theirs).order_by(col(Proxy.id).desc()))).all()
    await audit.record_read(database, caller, resource="proxies", patient_id=patient_id, now=now)
    return [_out(one) for one in wholes(Proxy, found)]


async def end(database: Database, caller: Caller, *, patient_id: UUID, proxy_id: UUID, now: datetime) -> None:
    """Ends it: what they ask for from now on is refused.

    Raises:
        Problem: 403; 404 where there is no such one.
    """

    async def work(connection: AsyncConnection) -> None:
        person = await patients.find(connection, caller, patient_id=patient_id, action="let_act", lock=True)
        this = and_(col(Proxy.clinic_id) == person.clinic_id, col(Proxy.patient_id) == person.id)
        this = and_(this, col(Proxy.id) == proxy_id, col(Proxy.ended_at).is_(None))
        ended = [to(col(Proxy.ended_at), now), to(col(Proxy.code_hash), None)]
        if (await connection.execute(update(proxy).where(this).ordered_values(*ended))).rowcount == 0:
            raise not_found("proxy")
        await audit.record(connection, caller, action="delete", resource="proxy", patient_id=person.id, now=now)

    await database.write(work)


async def find(connection: AsyncConnection, code: str, *, now: datetime, lock: bool = False) -> Proxy | None:
    """What a code is for, where it holds still; its row locked where asked."""
    good = and_(col(Proxy.code_hash) == hash_of_code(code), col(Proxy.code_until) >= now, _holds(now))
    maker = and_(col(Account.clinic_id) == col(Proxy.clinic_id), col(Account.id) == col(Proxy.made_by))
    query = select(proxy).join(table(Account), maker).where(good, col(Account.disabled_at).is_(None))
    found = (await connection.execute(query.with_for_update(of=proxy) if lock else query)).first()
    return None if found is None else whole(Proxy, found)


async def join(connection: AsyncConnection, one: Proxy, *, username: str, password_hash: str, now: datetime) -> UUID:
    """Makes an account for somebody who acts for a patient and is none themselves, and uses the code up.

    Raises:
        Problem: 409 where the name is taken.
    """
    new = await add_account(
        connection, one.clinic_id, username=username, password_hash=password_hash, role="patient", now=now
    )
    await _accepted(connection, one, Caller(new, one.clinic_id, "patient", None), now=now)
    return new


async def accept(database: Database, caller: Caller, code: str, *, now: datetime) -> ProxyOut:
    """Lets the caller's own account act for a patient of the same clinic.

    Raises:
        Problem: 403 for one of the staff; 404 for a code that is wrong, used, too old or of another clinic.
    """
    if caller.role != "patient":
        raise Problem(403, "This is for people who are no staff of the clinic.")

    async def work(connection: AsyncConnection) -> ProxyOut:
        one = await find(connection, code, now=now, lock=True)
        if one is None or one.clinic_id != caller.clinic_id or one.patient_id == caller.patient_id:
            raise not_found("invitation")
        await _accepted(connection, one, caller, now=now)
        one.account_id = caller.account_id
        return _out(one)

    return await database.write(work)


async def acts_for(database: Database, caller: Caller, now: datetime) -> list[ActsForOut]:
    """Whom the caller's account may act for."""
    columns = select(col(Proxy.patient_id), col(Patient.name), col(Proxy.may_write), col(Proxy.until))
    same = and_(col(Patient.clinic_id) == col(Proxy.clinic_id), col(Patient.id) == col(Proxy.patient_id))
    mine = and_(col(Proxy.clinic_id) == caller.clinic_id, col(Proxy.account_id) == caller.account_id, _holds(now))
    query = columns.join(table(Patient), same).where(mine).order_by(col(Proxy.id))
    async with database.read() as connection:
        found = (await connection.execute(query)).all()
    for patient_id, *_ in found:
        await audit.record_read(database, caller, resource="patient", patient_id=patient_id, now=now)
    return [ActsForOut(patient_id=one, name=name, may_write=may, until=until) for one, name, may, until in found]


async def _accepted(connection: AsyncConnection, one: Proxy, who: Caller, *, now: datetime) -> None:
    this = and_(col(Proxy.clinic_id) == one.clinic_id, col(Proxy.id) == one.id)
    used = [to(col(Proxy.account_id), who.account_id), to(col(Proxy.code_hash), None)]
    await connection.execute(update(proxy).where(this).ordered_values(*used))
    await audit.record(connection, who, action="change", resource="proxy", patient_id=one.patient_id, now=now)


def _holds(now: datetime) -> ColumnElement[bool]:
    return and_(col(Proxy.ended_at).is_(None), or_(col(Proxy.until).is_(None), col(Proxy.until) > now))


def _out(one: Proxy) -> ProxyOut:
    return ProxyOut.model_validate({**values_of(one), "accepted": one.account_id is not None})
