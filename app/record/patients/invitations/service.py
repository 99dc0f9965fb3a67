"""Inviting a patient, and her acceptance."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from anyio import to_thread
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller
from app.access.accounts.service import account, add_account, hash_password
from app.access.audit import service as audit
from app.base.http.idempotency.service import Answer, Once
from app.base.http.problems import Problem, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import columns
from app.record.patients import service as patients
from app.record.patients.invitations.schemas import AcceptIn, InvitationOut
from app.record.patients.invitations.tables import Invitation

invitation = columns(Invitation)
LASTS = timedelta(days=14)


async def invite(database: Database, caller: Caller, patient_id: UUID, once: Once, now: datetime) -> Answer:
    """A new code for a patient without an account; an earlier one of hers is no longer good.

    Raises:
        Problem: 403, 404, or 409 where she has an account.
    """
    code = secrets.token_urlsafe(18)

    async def work(connection: AsyncConnection) -> Answer:
        person = await patients.find(connection, caller, patient_id, "invite", lock=True)
        hers = (account.c.clinic_id == person.clinic_id) & (account.c.patient_id == person.id)
        if (await connection.execute(select(account.c.id).where(hers))).first() is not None:
            raise Problem(409, "She has an account already.")
        mine = (invitation.c.clinic_id == person.clinic_id) & (invitation.c.patient_id == person.id)
        await connection.execute(delete(invitation).where(mine))
        values = {
            "code_hash": _hash(code), "clinic_id": person.clinic_id, "patient_id": person.id,
            "invited_by": caller.account_id, "created_at": now, "expires_at": now + LASTS}  # fmt: skip
        await connection.execute(insert(invitation).values(values))
        await audit.record(connection, caller, "create", "invitation", person.id, now)
        return Answer(to_wire(InvitationOut, {"code": code, **values}), patient_id=person.id)

    return await once.run(database, caller.account_id, now, work)


async def accept(database: Database, code: str, given: AcceptIn, now: datetime) -> dict[str, Any]:
    """Makes the account that a code is for; the code is used up by it, and by nothing that fails.

    Raises:
        Problem: 404 for a code that is wrong, used or too old; 409 for a name that is taken.
    """
    hashed = await to_thread.run_sync(hash_password, given.password.get_secret_value())

    async def work(connection: AsyncConnection) -> dict[str, Any]:
        this = invitation.c.code_hash == _hash(code)
        row = (await connection.execute(select(invitation).where(this).with_for_update())).first()
        if row is None or row.expires_at < now:
            raise not_found("invitation")
        new = await add_account(connection, row.clinic_id, given.username, hashed, "patient", now, row.patient_id)
        await connection.execute(delete(invitation).where(this))
        herself = Caller(new, row.clinic_id, "patient", row.patient_id)
        await audit.record(connection, herself, "create", "account", row.patient_id, now)
        return {"account_id": new, "username": given.username, "patient_id": row.patient_id}

    return await database.write(work)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
