"""Keys of machines, as a clinic's admins make and end them."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.api_keys import api_key, fresh_key
from app.access.accounts.hashes import hash_of
from app.access.accounts.permissions import RULES, Caller, require
from app.access.accounts.tables import Account, ApiKey
from app.access.audit import service as audit
from app.access.lifecycle.schemas import ApiKeyIn, ApiKeyMadeOut, ApiKeyOut
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, values_of, wholes
from app.rules.words import STAFF

MOST = 100  # of a clinic


async def make(database: Database, caller: Caller, *, new: ApiKeyIn, once: IdempotentCall, now: datetime) -> Answer:
    """A key that stands for one of the staff, for some of what they may do.

    Raises:
        Problem: 403; 409 where the clinic has too many; 422 for an account that is none of the staff's, or a scope that its
            role has not.
    """
    require(caller, "manage_keys")
    key = fresh_key()

    async def work(connection: AsyncConnection) -> Answer:
        account_id = new.account_id or caller.account_id
        this = and_(col(Account.clinic_id) == caller.clinic_id, col(Account.id) == account_id)
        query = select(col(Account.role)).where(this, col(Account.disabled_at).is_(None), col(Account.role).in_(STAFF))
        found = (await connection.execute(query.with_for_update())).first()
        if found is None:
            raise bad_field("/account_id", "is nobody of this clinic's staff")
        for place, scope in enumerate(new.scopes):
            if (found[0], scope) not in RULES:
                raise bad_field(f"/scopes/{place}", f"is nothing that a {found[0]} may do")
        held = select(func.count()).select_from(api_key).where(col(ApiKey.clinic_id) == caller.clinic_id)
        if (await connection.execute(held)).scalar_one() >= MOST:
            raise Problem(409, f"The clinic has {MOST} keys; end one first.")
        values = row(
            ApiKey,
            clinic_id=caller.clinic_id,
            id=new_id(),
            account_id=account_id,
            name=new.name,
            key_hash=hash_of(key),
            scopes=sorted(set(new.scopes)),
            created_at=now,
            expires_at=now + timedelta(days=new.days),
        )
        await connection.execute(insert(api_key), values)
        await audit.record(connection, caller, action="create", resource="key", patient_id=None, now=now)
        return Answer(to_wire(ApiKeyMadeOut, ApiKeyMadeOut.model_validate({**values, "key": key})), secret=True)

    return await audit.once(database, caller, once, now=now, work=work)


async def list_all(database: Database, caller: Caller, now: datetime) -> list[ApiKeyOut]:
    """The clinic's keys, the newest first; also those that have run out.

    Raises:
        Problem: 403.
    """
    require(caller, "manage_keys")
    query = select(api_key).where(col(ApiKey.clinic_id) == caller.clinic_id).order_by(col(ApiKey.id).desc())
    async with database.read() as connection:
        found = wholes(ApiKey, (await connection.execute(query)).all())
    await audit.record_read(database, caller, resource="keys", patient_id=None, now=now)
    return [ApiKeyOut.model_validate(values_of(one)) for one in found]


async def end(database: Database, caller: Caller, *, key_id: UUID, now: datetime) -> None:
    """Ends a key at once.

    Raises:
        Problem: 403; 404 where the clinic has no such key.
    """
    require(caller, "manage_keys")

    async def work(connection: AsyncConnection) -> None:
        this = and_(col(ApiKey.clinic_id) == caller.clinic_id, col(ApiKey.id) == key_id)
        if (await connection.execute(delete(api_key).where(this))).rowcount == 0:
            raise not_found("key")
        await audit.record(connection, caller, action="delete", resource="key", patient_id=None, now=now)

    await database.write(work)
