"""Codes that are handed over: one makes an account for one of the staff, another gives an account a new password."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.hashes import fresh_code, hash_of_code
from app.access.accounts.passwords import hash_new
from app.access.accounts.permissions import Caller, require
from app.access.accounts.service import add_account, change_account, is_taken, new_password
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.access.lifecycle.schemas import AccountCodeOut, PendingCodeOut, ResetIn, StaffInvitationIn
from app.access.lifecycle.tables import AccountCode
from app.base.http.idempotency.service import Answer, IdempotentCall
from app.base.http.problems import Problem, bad_field, not_found
from app.base.http.wire import to_wire
from app.base.store.database import Database
from app.base.store.typed import col, row, table, values_of, whole, wholes

account_code = table(AccountCode)
INVITED_FOR, RESET_WITHIN, MAILED_FOR = timedelta(days=14), timedelta(days=1), timedelta(hours=1)
MOST = 500  # codes listed


async def invite(
    database: Database, caller: Caller, *, new: StaffInvitationIn, once: IdempotentCall, now: datetime
) -> Answer:
    """A code with which one of the staff makes an account; an earlier code for the same name is no longer valid.

    Raises:
        Problem: 403, or 409 for a name that is taken.
    """
    require(caller, "manage_accounts")
    code = fresh_code()

    async def work(connection: AsyncConnection) -> Answer:
        if new.username is not None:
            if await is_taken(connection, new.username):
                raise Problem(409, "The name is taken.")
            same = and_(col(AccountCode.clinic_id) == caller.clinic_id, col(AccountCode.username) == new.username)
            await connection.execute(delete(account_code).where(same))
        values = row(
            AccountCode,
            clinic_id=caller.clinic_id,
            code_hash=hash_of_code(code),
            purpose="invitation",
            role=new.role,
            username=new.username,
            made_by=caller.account_id,
            created_at=now,
            expires_at=now + INVITED_FOR,
        )
        return await _handed(connection, caller, code, values=values, now=now)

    return await audit.once(database, caller, once, now=now, work=work)


async def reset(database: Database, caller: Caller, *, account_id: UUID, once: IdempotentCall, now: datetime) -> Answer:
    """A code with which an account gets a new password within a day; an earlier one for it is no longer valid.

    Its sign-ins go on until the code is used.

    Raises:
        Problem: 403; 404 where the clinic has no such account, or it is disabled.
    """
    require(caller, "manage_accounts")
    code = fresh_code()

    async def work(connection: AsyncConnection) -> Answer:
        this = and_(col(Account.clinic_id) == caller.clinic_id, col(Account.id) == account_id)
        theirs = and_(this, col(Account.disabled_at).is_(None), col(Account.role) != "operator")
        query = select(col(Account.id)).where(theirs).with_for_update()
        if (await connection.execute(query)).first() is None:
            raise not_found("account")
        same = and_(col(AccountCode.clinic_id) == caller.clinic_id, col(AccountCode.account_id) == account_id)
        await connection.execute(delete(account_code).where(same))
        values = row(
            AccountCode,
            clinic_id=caller.clinic_id,
            code_hash=hash_of_code(code),
            purpose="reset",
            account_id=account_id,
            made_by=caller.account_id,
            created_at=now,
            expires_at=now + RESET_WITHIN,
        )
        return await _handed(connection, caller, code, values=values, now=now)

    return await audit.once(database, caller, once, now=now, work=work)


async def for_first_password(
    connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, now: datetime
) -> tuple[str, datetime]:
    """A code with which the first admin of a new clinic chooses a password, and until when it is good."""
    code, ends = fresh_code(), now + INVITED_FOR
    await _keep_own(connection, clinic_id, account_id, code=code, ends=ends, now=now)
    return code, ends


async def reset_by_mail(
    connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, code: str, now: datetime
) -> None:
    """Keeps a code that the owner of an account asked for themselves; those of before hold as long as they did."""
    await _keep_own(connection, clinic_id, account_id, code=code, ends=now + MAILED_FOR, now=now)


async def mailed_since(connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, since: datetime) -> bool:
    """Whether a code that the owner asked for themselves was kept since an instant."""
    own = and_(
        col(AccountCode.clinic_id) == clinic_id,
        col(AccountCode.account_id) == account_id,
        col(AccountCode.made_by) == account_id,
        col(AccountCode.created_at) > since,
    )
    return (await connection.execute(select(col(AccountCode.id)).where(own).limit(1))).first() is not None


async def forget_resets(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> None:
    """Makes every code worthless with which an account would get another password."""
    same = and_(col(AccountCode.clinic_id) == clinic_id, col(AccountCode.account_id) == account_id)
    await connection.execute(delete(account_code).where(same))


async def _keep_own(
    connection: AsyncConnection, clinic_id: UUID, account_id: UUID, *, code: str, ends: datetime, now: datetime
) -> None:
    values = row(
        AccountCode,
        clinic_id=clinic_id,
        code_hash=hash_of_code(code),
        purpose="reset",
        account_id=account_id,
        made_by=account_id,
        created_at=now,
        expires_at=ends,
    )
    await connection.execute(insert(account_code), values)


async def _handed(
    connection: AsyncConnection, caller: Caller, code: str, *, values: dict[str, object], now: datetime
) -> Answer:
    """Keeps a new code's row and tells the code, this once; those that have run out go."""
    await connection.execute(delete(account_code).where(col(AccountCode.expires_at) < now))
    await connection.execute(insert(account_code), values)
    await audit.record(connection, caller, action="create", resource="code", patient_id=None, now=now)
    told = AccountCodeOut.model_validate({**values, "code": code})
    return Answer(to_wire(AccountCodeOut, told), secret=True)


async def pending(database: Database, caller: Caller, now: datetime) -> list[PendingCodeOut]:
    """The codes of the clinic that nobody has used and that hold still, the newest first.

    Raises:
        Problem: 403.
    """
    require(caller, "manage_accounts")
    theirs = and_(col(AccountCode.clinic_id) == caller.clinic_id, col(AccountCode.expires_at) >= now)
    query = select(account_code).where(theirs).order_by(col(AccountCode.id).desc()).limit(MOST)
    async with database.read() as connection:
        found = wholes(AccountCode, (await connection.execute(query)).all())
    await audit.record_read(database, caller, resource="codes", patient_id=None, now=now)
    return [PendingCodeOut.model_validate(values_of(one)) for one in found]


async def withdraw(database: Database, caller: Caller, *, code_id: UUID, now: datetime) -> None:
    """Makes a code worthless.

    Raises:
        Problem: 403; 404 where the clinic has none.
    """
    require(caller, "manage_accounts")

    async def work(connection: AsyncConnection) -> None:
        this = and_(col(AccountCode.clinic_id) == caller.clinic_id, col(AccountCode.id) == code_id)
        if (await connection.execute(delete(account_code).where(this))).rowcount == 0:
            raise not_found("code")
        await audit.record(connection, caller, action="delete", resource="code", patient_id=None, now=now)

    await database.write(work)


async def find(connection: AsyncConnection, code: str, *, now: datetime, lock: bool = False) -> AccountCode | None:
    """What a code is for, where it holds still and whoever made it, an admin or its owner, still may make one.

    Its row is locked where asked.
    """
    return await find_by_hash(connection, hash_of_code(code), now=now, lock=lock)


async def find_by_hash(
    connection: AsyncConnection, code_hash: str, *, now: datetime, lock: bool = False
) -> AccountCode | None:
    """The same for a code of which the hash was kept."""
    maker = and_(
        col(Account.clinic_id) == col(AccountCode.clinic_id),
        col(Account.id) == col(AccountCode.made_by),
        or_(col(Account.role) == "admin", col(AccountCode.account_id) == col(AccountCode.made_by)),
        col(Account.disabled_at).is_(None),
    )
    query = (
        select(account_code)
        .join(table(Account), maker)
        .where(col(AccountCode.code_hash) == code_hash, col(AccountCode.expires_at) >= now)
    )
    found = (await connection.execute(query.with_for_update(of=account_code) if lock else query)).first()
    return None if found is None else whole(AccountCode, found)


async def join(
    connection: AsyncConnection, one: AccountCode, *, username: str, password_hash: str, now: datetime
) -> UUID:
    """Makes the account that an invitation is for, and uses the code up; its row is held.

    Raises:
        Problem: 409 for a name that is taken; 422 for another name than the invitation is for.
    """
    assert one.role is not None
    if one.username not in (None, username):
        raise bad_field("/username", "is not the name that this invitation is for")
    new = await add_account(
        connection, one.clinic_id, username=username, password_hash=password_hash, role=one.role, now=now
    )
    await _use(connection, one)
    who = Caller(new, one.clinic_id, one.role, None)
    await audit.record(connection, who, action="create", resource="account", patient_id=None, now=now)
    return new


async def set_by_code(database: Database, code: str, *, given: ResetIn, now: datetime) -> None:
    """Gives the account that a code is for a new password, uses the code up, and ends the account's sign-ins.

    Raises:
        Problem: 404 for a code that is wrong, used, too old or for something else; 422 for a password that is soon guessed.
    """
    async with database.read() as connection:
        username = (await _of_reset(connection, code, now=now))[1]  # a guess costs no hash
    password_hash = await hash_new(given.password, username=username, pointer="/password")

    async def work(connection: AsyncConnection) -> None:
        who, _ = await _of_reset(connection, code, now=now, lock=True)
        this = and_(col(AccountCode.clinic_id) == who.clinic_id, col(AccountCode.account_id) == who.account_id)
        await connection.execute(delete(account_code).where(this))
        changes = [new_password(password_hash)]
        await change_account(connection, who.clinic_id, who.account_id, changes=changes)
        await audit.record(connection, who, action="change", resource="password", patient_id=who.patient_id, now=now)

    await database.write(work)


async def _of_reset(connection: AsyncConnection, code: str, *, now: datetime, lock: bool = False) -> tuple[Caller, str]:
    """The account that a code gives a new password, and its name."""
    one = await find(connection, code, now=now, lock=lock)
    if one is not None and one.account_id is not None:
        theirs = select(col(Account.role), col(Account.patient_id), col(Account.username)).where(
            col(Account.clinic_id) == one.clinic_id,
            col(Account.id) == one.account_id,
            col(Account.disabled_at).is_(None),
        )
        found = (await connection.execute(theirs)).first()
        if found is not None:
            return Caller(one.account_id, one.clinic_id, found[0], found[1]), found[2]
    raise not_found("code")


async def _use(connection: AsyncConnection, one: AccountCode) -> None:
    this = and_(col(AccountCode.clinic_id) == one.clinic_id, col(AccountCode.id) == one.id)
    await connection.execute(delete(account_code).where(this))
