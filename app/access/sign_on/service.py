"""Signing in with a clinic's provider: who is let in, as what, and who gets an account."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.hashes import hash_of, hash_of_code
from app.access.accounts.permissions import Caller
from app.access.accounts.service import add_account, change_account, hashed
from app.access.accounts.sessions import Factor, IssuedToken, SignIns, still_holds
from app.access.accounts.tables import Account, SignIn
from app.access.audit import service as audit
from app.access.factors.codes import asks_for_code
from app.access.lifecycle import codes
from app.access.sign_in.service import CodeNeeded, Known
from app.access.sign_on.provider import ProviderFault, address_to_ask, documents, redeem
from app.access.sign_on.settings import client_of, find
from app.access.sign_on.tables import ClinicProvider, Identity, SignOnTry
from app.base.http.problems import Problem
from app.base.http.wire import JsonObject
from app.base.store.database import Database
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table, to, whole
from app.rules.words import STAFF, Role

identity, sign_on_try = table(Identity), table(SignOnTry)
WITHIN = timedelta(minutes=10)  # from the provider's page back to ours
NAME = 200  # characters of a username
NOT_INVITED = (
    "Your clinic's provider knows you, and Reprieve does not yet: ask your clinic's admin for an invitation, or sign in"
    " with your password and connect your account."
)
NO_ROLE = "Your clinic's provider gives you no role here: ask your clinic's admin."
TOO_LATE = "That took too long, or was begun in another browser: begin again."
OF_ANOTHER = "Somebody else's account is connected with that sign-in already."


@dataclass(frozen=True)
class Begun:
    """Where a browser is sent, and what it must bring back in a cookie."""

    address: str
    browser: str


@dataclass(frozen=True)
class Reached:
    """Where people reach the service, and whether hosts that are not public may be called."""

    public_url: str
    private: bool


@dataclass(frozen=True)
class Back:
    """What a browser brings back from the provider, with which device."""

    state: str
    code: str
    browser: str
    device: str | None
    issuer: str | None = None  # as the provider names itself (RFC 9207)


async def begin(
    database: Database,
    site: Reached,
    clinic_id: UUID,
    *,
    leads_to: str,
    now: datetime,
    invitation: str | None = None,
    connects: Caller | None = None,
) -> Begun:
    """Sends a browser to a clinic's provider.

    Args:
        invitation: the code of one that an account is made with.
        connects: somebody who is signed in and connects their account.

    Raises:
        Problem: 404 where the clinic has no provider.
        ProviderFault: it can't be used.
    """
    async with database.read() as connection:
        one = await find(connection, clinic_id)
    client = client_of(one, site.public_url, site.private)
    state, browser, verifier, nonce = (secrets.token_urlsafe(32) for _ in range(4))
    address = await address_to_ask(client, state=state, nonce=nonce, verifier=verifier)
    values = row(
        SignOnTry,
        clinic_id=clinic_id,
        id=new_id(),
        state_hash=hash_of(state),
        browser_hash=hash_of(browser),
        verifier=verifier,
        nonce=nonce,
        issuer=one.issuer,
        client_id=one.client_id,
        invitation_hash=None if invitation is None else hash_of_code(invitation),
        account_id=None if connects is None else connects.account_id,
        session_id=None if connects is None else connects.session_id,
        leads_to=leads_to[:500],
        expires_at=now + WITHIN,
    )

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(sign_on_try).where(col(SignOnTry.expires_at) < now))
        await connection.execute(insert(sign_on_try), values)

    await database.write(work)
    return Begun(address, browser)


async def finish(
    database: Database, sign_ins: SignIns, site: Reached, *, clinic_id: UUID, back: Back, now: datetime
) -> tuple[IssuedToken, str]:
    """A sign-in for whoever comes back, and where it leads to.

    Raises:
        CodeNeeded: the account has a second factor of its own, and the provider asks for none.
        Problem: 403 where they are not let in, or it was not begun in this browser just now.
        ProviderFault: what the provider says is not to be believed.
    """
    begun = await _taken(database, clinic_id, back, now=now)
    async with database.read() as connection:
        one = await find(connection, begun.clinic_id)
    client = client_of(one, site.public_url, site.private)
    says = (await documents(client)).about.get("authorization_response_iss_parameter_supported") is True
    another = back.issuer != begun.issuer and (says or back.issuer is not None)
    if another or (one.issuer, one.client_id) != (begun.issuer, begun.client_id):
        raise Problem(403, TOO_LATE)
    claims = await redeem(client, back.code, verifier=begun.verifier, nonce=begun.nonce)
    account_id = await _account(database, one, begun=begun, claims=claims, now=now)
    async with database.read() as connection:
        asks = not one.second_factor and await asks_for_code(connection, one.clinic_id, account_id)
        if asks:
            raise CodeNeeded(await _known(connection, one.clinic_id, account_id), begun.leads_to)
    factor: Factor | None = "provider" if one.second_factor else None
    token = await sign_ins.issue(one.clinic_id, account_id, now, device=back.device, factor=factor)
    return token, begun.leads_to


async def _taken(database: Database, clinic_id: UUID, back: Back, *, now: datetime) -> SignOnTry:
    """What was begun with a state, by the browser that brings it back; it is used up."""

    async def work(connection: AsyncConnection) -> SignOnTry | None:
        this = and_(col(SignOnTry.clinic_id) == clinic_id, col(SignOnTry.state_hash) == hash_of(back.state))
        found = (await connection.execute(select(sign_on_try).where(this).with_for_update())).first()
        await connection.execute(delete(sign_on_try).where(this))
        return None if found is None else whole(SignOnTry, found)

    one = await database.write(work)
    if one is None or one.expires_at < now or not secrets.compare_digest(one.browser_hash, hash_of(back.browser)):
        raise Problem(403, TOO_LATE)
    return one


async def _account(
    database: Database, one: ClinicProvider, *, begun: SignOnTry, claims: JsonObject, now: datetime
) -> UUID:
    """The account that signs in: the one that is connected, one that is being connected, or a new one."""
    subject = str(claims["sub"])
    if len(subject) > 255:
        raise ProviderFault("The provider's name for you is too long.")
    role = _role(one, claims)
    async with database.read() as connection:
        is_new = begun.account_id is None and await _connected(connection, one, subject) is None
    password_hash = await hashed(secrets.token_urlsafe(32)) if is_new else ""  # nobody knows it; a code sets another

    async def work(connection: AsyncConnection) -> UUID:
        known = await _connected(connection, one, subject)
        if begun.account_id is not None:
            if known not in (None, begun.account_id):
                raise Problem(403, OF_ANOTHER)
            await _check_signed_in(connection, begun, now=now)
            if known is None:
                await _connect(connection, one, subject, account_id=begun.account_id, now=now)
            known = begun.account_id
        if known is None and not password_hash:
            raise Problem(403, TOO_LATE)
        if known is None:
            known = await _made(connection, one, begun, claims=claims, role=role, password_hash=password_hash, now=now)
            await _connect(connection, one, subject, account_id=known, now=now)
        await _let_in(connection, one, known, role=role, now=now)
        return known

    return await database.write(work)


async def _check_signed_in(connection: AsyncConnection, begun: SignOnTry, *, now: datetime) -> None:
    """Refuses to connect an account whose sign-in, in which that began, has ended meanwhile: by a new password, say."""
    mine = and_(
        col(SignIn.clinic_id) == begun.clinic_id,
        col(SignIn.account_id) == begun.account_id,
        col(SignIn.id) == begun.session_id,
        still_holds(now),
    )
    if (await connection.execute(select(col(SignIn.id)).where(mine))).first() is None:
        raise Problem(403, TOO_LATE)


async def _known(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> Known:
    this = and_(col(Account.clinic_id) == clinic_id, col(Account.id) == account_id)
    password_hash = (await connection.execute(select(col(Account.password_hash)).where(this))).scalar_one()
    return Known(clinic_id, account_id, password_hash)


async def _connected(connection: AsyncConnection, one: ClinicProvider, subject: str) -> UUID | None:
    query = select(col(Identity.account_id)).where(
        col(Identity.clinic_id) == one.clinic_id, col(Identity.issuer) == one.issuer, col(Identity.subject) == subject
    )
    return (await connection.execute(query)).scalar_one_or_none()


async def _connect(
    connection: AsyncConnection, one: ClinicProvider, subject: str, *, account_id: UUID, now: datetime
) -> None:
    mine = and_(col(Identity.clinic_id) == one.clinic_id, col(Identity.account_id) == account_id)
    await connection.execute(delete(identity).where(mine))  # one account is one person there
    values = row(
        Identity, clinic_id=one.clinic_id, account_id=account_id, issuer=one.issuer, subject=subject, created_at=now
    )
    await connection.execute(insert(identity), values)
    who = Caller(account_id, one.clinic_id, await _role_of(connection, one.clinic_id, account_id), None)
    await audit.record(connection, who, action="create", resource="identity", patient_id=None, now=now)


async def _made(
    connection: AsyncConnection,
    one: ClinicProvider,
    begun: SignOnTry,
    *,
    claims: JsonObject,
    role: Role | None,
    password_hash: str,
    now: datetime,
) -> UUID:
    """An account by an invitation, or by a domain whose owners need none."""
    username = _username(claims)
    if begun.invitation_hash is not None:
        invited = await codes.find_by_hash(connection, begun.invitation_hash, now=now, lock=True)
        if invited is None or invited.clinic_id != one.clinic_id or invited.purpose != "invitation":
            raise Problem(403, "The invitation was used, or is too old: ask for a new one.")
        named = invited.username or username
        return await codes.join(connection, invited, username=named, password_hash=password_hash, now=now)
    if role is None or not _is_of_domain(one, claims):
        raise Problem(403, NOT_INVITED)
    new = await add_account(
        connection, one.clinic_id, username=username, password_hash=password_hash, role=role, now=now
    )
    who = Caller(new, one.clinic_id, role, None)
    await audit.record(connection, who, action="create", resource="account", patient_id=None, now=now)
    return new


async def _let_in(
    connection: AsyncConnection, one: ClinicProvider, account_id: UUID, *, role: Role | None, now: datetime
) -> None:
    """Makes sure that an account of the staff may come in, as what the provider says."""
    admins = and_(
        col(Account.clinic_id) == one.clinic_id, col(Account.role) == "admin", col(Account.disabled_at).is_(None)
    )
    held = select(col(Account.id)).where(admins).order_by(col(Account.id)).with_for_update()
    others = [found for (found,) in (await connection.execute(held)).all() if found != account_id]
    this = and_(col(Account.clinic_id) == one.clinic_id, col(Account.id) == account_id)
    mine = select(col(Account.role)).where(this, col(Account.disabled_at).is_(None)).with_for_update()
    current = (await connection.execute(mine)).scalar_one_or_none()
    if current is None:
        raise Problem(403, "This account is disabled.")
    if current not in STAFF:
        raise Problem(403, "These pages are for the clinic's staff.")
    if one.roles is None:
        return
    if role is None:
        raise Problem(403, NO_ROLE)
    if role != current and (current != "admin" or others):  # a clinic keeps its last admin
        await change_account(connection, one.clinic_id, account_id, changes=[to(col(Account.role), role)])
        who = Caller(account_id, one.clinic_id, role, None)
        why = "the clinic's provider says so"
        await audit.record(connection, who, action="change", resource="account", patient_id=None, now=now, why=why)


async def _role_of(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> Role:
    this = and_(col(Account.clinic_id) == clinic_id, col(Account.id) == account_id)
    return (await connection.execute(select(col(Account.role)).where(this))).scalar_one()


def _role(one: ClinicProvider, claims: JsonObject) -> Role | None:
    """What the provider's claim says somebody is, by the clinic's own list."""
    if one.roles is None or one.role_claim is None:
        return None
    given = claims.get(one.role_claim)
    values = {str(value) for value in given} if isinstance(given, list) else {str(given)}
    found = next((role for value, role in one.roles.items() if value in values), None)
    return next((role for role in STAFF if role == found), None)


def _is_of_domain(one: ClinicProvider, claims: JsonObject) -> bool:
    """Whether the provider vouches for a mail address of one of the clinic's domains."""
    address, confirmed = claims.get("email"), claims.get("email_verified")
    if not isinstance(address, str) or confirmed not in (True, "true"):
        return False
    return address.rpartition("@")[2].lower() in one.domains


def _username(claims: JsonObject) -> str:
    """The name that a new account gets: what the provider calls it, else its mail address."""
    for name in ("preferred_username", "email"):
        value = claims.get(name)
        if isinstance(value, str) and value.strip() and value.isprintable() and len(value) <= NAME:
            return value.strip()
    raise ProviderFault("The provider tells no name that an account could have.")


async def disconnect(database: Database, caller: Caller, *, now: datetime) -> None:
    """Takes the connection of one's own account away; the password is then the way in."""

    async def work(connection: AsyncConnection) -> None:
        mine = and_(col(Identity.clinic_id) == caller.clinic_id, col(Identity.account_id) == caller.account_id)
        if (await connection.execute(delete(identity).where(mine))).rowcount:
            await audit.record(connection, caller, action="delete", resource="identity", patient_id=None, now=now)

    await database.write(work)


async def is_connected(connection: AsyncConnection, clinic_id: UUID, account_id: UUID) -> bool:
    """Whether an account is connected with its clinic's provider."""
    mine = and_(col(Identity.clinic_id) == clinic_id, col(Identity.account_id) == account_id)
    return bool((await connection.execute(select(func.count()).select_from(identity).where(mine))).scalar_one())
