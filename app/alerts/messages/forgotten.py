"""A new password for somebody who has forgotten theirs: a code to the mail addresses that they have confirmed.

Whoever asks learns nothing: the answer is the same for a name that nobody has, and for one without an address.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.attempts import CODES, Bucket, attempt, bucket, network_of
from app.access.accounts.hashes import fresh_code
from app.access.accounts.permissions import Caller
from app.access.accounts.service import account
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.access.lifecycle import codes
from app.alerts.messages.outbox import RESET, post
from app.alerts.messages.tables import RESETS, Address
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col

AGAIN = timedelta(minutes=10)


async def asked(database: Database, username: str, *, address: str | None, now: datetime) -> None:
    """Mails a code where the name is an account's with a confirmed address; each time counts, for it may send mail.

    Raises:
        Problem: 429 where too many were asked for from an address of the network.
    """
    here = [bucket(CODES, "mailed", network_of(address))]
    async with attempt(database, here, now=now, failed=lambda _: True, succeeded=_counts):
        await _mail(database, username, now)


async def _counts(_connection: AsyncConnection, _buckets: Sequence[Bucket], _now: datetime) -> None:
    """Gives nothing back."""


async def _mail(database: Database, username: str, now: datetime) -> None:
    """Mails a code with which the account of a name gets a new password, where it has a confirmed mail address.

    At most one in ten minutes; sign-ins go on until a code is used. Only addresses that were added with the password count:
    who has taken a session over must not get the account by it.
    """
    if "\x00" in username:  # PostgreSQL's text can't hold it, so no account has it
        return
    same = and_(col(Address.clinic_id) == col(Account.clinic_id), col(Address.account_id) == col(Account.id))
    query = (
        select(
            col(Account.clinic_id),
            col(Account.id),
            col(Account.role),
            col(Account.patient_id),
            col(Address.id),
            col(Address.target),
        )
        .join_from(account, Address, same)
        .where(col(Account.username) == username, col(Account.disabled_at).is_(None))
        .where(col(Address.channel) == "email", col(Address.confirmed_at).is_not(None))
    )

    async def work(connection: AsyncConnection) -> None:
        found = [one for one in (await connection.execute(query)).all() if one[-1].get(RESETS)]
        if not found:
            return
        clinic_id, account_id, role, patient_id, *_ = found[0]
        if await codes.mailed_since(connection, clinic_id, account_id, since=now - AGAIN):
            return  # nobody's mailbox is filled by others, and the code that is under way stays good
        code = fresh_code()
        await codes.reset_by_mail(connection, clinic_id, account_id, code=code, now=now)
        for *_, address_id, _target in found:
            told = {"address_id": str(address_id), "code": code}
            await post(connection, clinic_id, topic=RESET, key=str(new_id()), about=told, now=now, audience="address")
        whom = Caller(account_id, clinic_id, role, patient_id)
        await audit.record(connection, whom, action="create", resource="code", patient_id=patient_id, now=now)

    await database.write(work)
