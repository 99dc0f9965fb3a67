"""A new password for somebody who has forgotten theirs: a code to the mail addresses that they have confirmed.

Whoever asks learns nothing: the answer is the same for a name that nobody has, and for one without an address.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.attempts import CODES, Bucket, attempt, bucket, network_of
from app.access.accounts.permissions import Caller
from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.access.lifecycle import codes
from app.alerts.messages.outbox import RESET, post
from app.alerts.messages.tables import Address
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col


async def asked(database: Database, username: str, *, address: str | None, now: datetime) -> None:
    """Mails a code where the name is an account's with a confirmed address; each time counts, for it may send mail.

    Raises:
        Problem: 429 where a name, or an address of the network, was asked with too often.
    """
    here = [bucket(CODES, "mailed", network_of(address)), bucket(CODES, "mailed to", username)]
    async with attempt(database, here, now=now, failed=lambda _: True, succeeded=_counts):
        await _mail(database, username, now)


async def _counts(_connection: AsyncConnection, _buckets: Sequence[Bucket], _now: datetime) -> None:
    """Gives nothing back."""


async def _mail(database: Database, username: str, now: datetime) -> None:
    """Mails a code with which the account of a name gets a new password, where it has a confirmed mail address.

    An earlier code for the account is no longer valid; its sign-ins go on until the code is used.
    """
    if "\x00" in username:  # PostgreSQL's text can't hold it, so no account has it
        return
    same = and_(col(Address.clinic_id) == col(Account.clinic_id), col(Address.account_id) == col(Account.id))
    query = (
        select(col(Account.clinic_id), col(Account.id), col(Account.role), col(Account.patient_id), col(Address.id))
        .join_from(account, Address, same)
        .where(col(Account.username) == username, col(Account.disabled_at).is_(None))
        .where(col(Address.channel) == "email", col(Address.confirmed_at).is_not(None))
    )

    async def work(connection: AsyncConnection) -> None:
        found = (await connection.execute(query)).all()
        if not found:
            return
        clinic_id, account_id, role, patient_id, _ = found[0]
        code = secrets.token_urlsafe(18)
        await codes.reset_by_mail(connection, clinic_id, account_id, code=code, now=now)
        for *_, address_id in found:
            told = {"address_id": str(address_id), "code": code}
            await post(connection, clinic_id, topic=RESET, key=str(new_id()), about=told, now=now, audience="address")
        whom = Caller(account_id, clinic_id, role, patient_id)
        await audit.record(connection, whom, action="create", resource="code", patient_id=patient_id, now=now)

    await database.write(work)
