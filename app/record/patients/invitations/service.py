"""Invites a patient, and accepts the invitation."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, and_, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.hashes import fresh_code, hash_of_code
from app.access.accounts.passwords import hash_new
from app.access.accounts.permissions import Caller
from app.access.accounts.service import add_account
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.access.lifecycle import codes
from app.access.lifecycle.tables import AccountCode
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.typed import col, row, table
from app.record.patients import service as patients
from app.record.patients.invitations.schemas import AcceptIn, AccountOut, InvitationOut
from app.record.patients.invitations.tables import Invitation
from app.record.patients.proxies import service as proxies

invitation = table(Invitation)
LASTS = timedelta(days=14)


async def invite(
    database: Database, caller: Caller, *, patient_id: UUID, once: IdempotentCall, now: datetime
) -> Answer:
    """A new code for a patient without an account; an earlier code of the patient is no longer valid.

    Raises:
        Problem: 403, 404, or 409 where the patient has an account.
    """
    code = fresh_code()

    async def work(connection: AsyncConnection) -> Answer:
        person = await patients.find(connection, caller, patient_id=patient_id, action="invite", lock=True)
        theirs = (col(Account.clinic_id) == person.clinic_id) & (col(Account.patient_id) == person.id)
        if (await connection.execute(select(col(Account.id)).where(theirs))).first() is not None:
            raise Problem(409, "The patient has an account already.")
        mine = (col(Invitation.clinic_id) == person.clinic_id) & (col(Invitation.patient_id) == person.id)
        await connection.execute(delete(invitation).where(mine))
        values = row(
            Invitation,
            code_hash=hash_of_code(code),
            clinic_id=person.clinic_id,
            patient_id=person.id,
            invited_by=caller.account_id,
            created_at=now,
            expires_at=now + LASTS,
        )
        await connection.execute(insert(invitation).values(values))
        await audit.record(connection, caller, action="create", resource="invitation", patient_id=person.id, now=now)
        told = InvitationOut(code=code, patient_id=person.id, expires_at=now + LASTS)
        return Answer(to_wire(InvitationOut, told), patient_id=person.id, secret=True)

    return await audit.once(database, caller, once, now=now, work=work)


async def good_until(
    connection: AsyncConnection, clinic_id: UUID, patient_id: UUID, *, now: datetime
) -> datetime | None:
    """Until when the code is good that a patient has been handed and not used; None where none is out."""
    query = select(col(Invitation.expires_at)).where(
        col(Invitation.clinic_id) == clinic_id,
        col(Invitation.patient_id) == patient_id,
        col(Invitation.expires_at) > now,
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def accept(database: Database, code: str, *, given: AcceptIn, now: datetime) -> AccountOut:
    """Makes the account that a code is for, of a patient, of one of the staff, or of who acts for a patient.

    It is used up only where that succeeds.

    Raises:
        Problem: 404 for a code that is wrong, used or too old; 409 for a name that is taken; 422 for a password that is soon
            guessed, or another name than the code is for.
    """
    async with database.read() as connection:  # a guess costs no hash
        known = _is_of_staff(await codes.find(connection, code, now=now))
        if not known and await proxies.find(connection, code, now=now) is None:
            await _invited(connection, _good(code, now))
    password_hash = await hash_new(given.password, username=given.username, pointer="/password")

    async def work(connection: AsyncConnection) -> AccountOut:
        of_staff = await codes.find(connection, code, now=now, lock=True)
        if of_staff is not None and of_staff.role is not None:
            new = await codes.join(connection, of_staff, username=given.username, password_hash=password_hash, now=now)
            return AccountOut(account_id=new, username=given.username, role=of_staff.role, patient_id=None)
        acts = await proxies.find(connection, code, now=now, lock=True)
        if acts is not None:
            new = await proxies.join(connection, acts, username=given.username, password_hash=password_hash, now=now)
            return AccountOut(account_id=new, username=given.username, role="patient", patient_id=None)
        clinic_id, patient_id = await _invited(connection, _good(code, now).with_for_update(of=invitation))
        new = await add_account(
            connection,
            clinic_id,
            username=given.username,
            password_hash=password_hash,
            role="patient",
            now=now,
            patient_id=patient_id,
        )
        await connection.execute(delete(invitation).where(col(Invitation.code_hash) == hash_of_code(code)))
        await audit.record(
            connection,
            Caller(new, clinic_id, "patient", patient_id),
            action="create",
            resource="account",
            patient_id=patient_id,
            now=now,
        )
        return AccountOut(account_id=new, username=given.username, role="patient", patient_id=patient_id)

    return await database.write(work)


def _is_of_staff(one: AccountCode | None) -> bool:
    return one is not None and one.role is not None


def _good(code: str, now: datetime) -> Select[UUID, UUID]:
    this = col(Invitation.code_hash) == hash_of_code(code)
    maker = and_(col(Account.clinic_id) == col(Invitation.clinic_id), col(Account.id) == col(Invitation.invited_by))
    query = select(col(Invitation.clinic_id), col(Invitation.patient_id)).join(table(Account), maker)
    return query.where(this, col(Invitation.expires_at) >= now, col(Account.disabled_at).is_(None))


async def _invited(connection: AsyncConnection, query: Select[UUID, UUID]) -> tuple[UUID, UUID]:
    found = (await connection.execute(query)).first()
    if found is None:
        raise not_found("invitation")
    return found[0], found[1]
