"""The provider of a clinic, as its admins set it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.accounts.permissions import Caller, require
from app.access.accounts.sessions import end_of
from app.access.audit import service as audit
from app.access.factors.tables import Challenge
from app.access.sign_on.provider import Client, ProviderFault, documents
from app.access.sign_on.schemas import ProviderIn, ProviderOut
from app.access.sign_on.tables import ClinicProvider, Identity, SignOnTry
from app.base.http.outgoing import fault_of
from app.base.http.problems import bad_field, not_found
from app.base.store.database import Database
from app.base.store.typed import col, row_of, table, whole

clinic_provider = table(ClinicProvider)
BACK = "/clinic/sign-on/{clinic_id}/back"  # of each clinic its own: no provider can pass for another clinic's


async def find(connection: AsyncConnection, clinic_id: UUID) -> ClinicProvider:
    """A clinic's provider.

    Raises:
        Problem: 404 where it has none.
    """
    found = (
        await connection.execute(select(clinic_provider).where(col(ClinicProvider.clinic_id) == clinic_id))
    ).first()
    if found is None:
        raise not_found("provider")
    return whole(ClinicProvider, found)


async def is_set(connection: AsyncConnection, clinic_id: UUID) -> bool:
    """Whether a clinic has a provider."""
    mine = select(col(ClinicProvider.clinic_id)).where(col(ClinicProvider.clinic_id) == clinic_id)
    return (await connection.execute(mine)).first() is not None


async def only_clinic(connection: AsyncConnection) -> UUID | None:
    """The clinic that has a provider, where one alone has: its button then stands on the sign-in page."""
    found = (await connection.execute(select(col(ClinicProvider.clinic_id)).limit(2))).all()
    return found[0][0] if len(found) == 1 else None


def client_of(one: ClinicProvider, public_url: str, private: bool) -> Client:
    """How the service is known to it."""
    return Client(
        one.clinic_id, one.issuer, one.client_id, one.client_secret, redirect_uri(public_url, one.clinic_id), private
    )


async def read(database: Database, caller: Caller, public_url: str) -> ProviderOut:
    """The provider of the caller's clinic, for its admins."""
    require(caller, "change_clinic")
    async with database.read() as connection:
        return _out(await find(connection, caller.clinic_id), public_url)


async def read_if_set(database: Database, caller: Caller, public_url: str) -> ProviderOut | None:
    """The same, or None where it has none."""
    require(caller, "change_clinic")
    async with database.read() as connection:
        if not await is_set(connection, caller.clinic_id):
            return None
    return await read(database, caller, public_url)


def redirect_uri(public_url: str, clinic_id: UUID) -> str:
    """Where a clinic's provider sends people back to."""
    return public_url.rstrip("/") + BACK.format(clinic_id=clinic_id)


async def change(
    database: Database, caller: Caller, given: ProviderIn, *, public_url: str, private: bool, now: datetime
) -> ProviderOut:
    """Sets the clinic's provider, once its own document could be read.

    Raises:
        Problem: 403; 422 where the issuer can't be used.
    """
    require(caller, "change_clinic")
    if (fault := fault_of(given.issuer, private)) is not None:
        raise bad_field("/issuer", fault)
    one = ClinicProvider(
        clinic_id=caller.clinic_id,
        issuer=given.issuer,
        client_id=given.client_id,
        client_secret=None if given.client_secret is None else given.client_secret.get_secret_value(),
        domains=given.domains,
        role_claim=given.role_claim,
        roles=None if given.roles is None else dict(given.roles),
        second_factor=given.second_factor,
        updated_at=now,
    )
    try:
        await documents(client_of(one, public_url, private), again=True)
    except ProviderFault as fault:
        raise bad_field("/issuer", str(fault)) from None

    async def work(connection: AsyncConnection) -> ProviderOut:
        mine = col(ClinicProvider.clinic_id) == caller.clinic_id
        before = (await connection.execute(select(clinic_provider).where(mine).with_for_update())).first()
        if before is not None and given.client_secret is None and before.issuer == one.issuer:
            one.client_secret = before.client_secret
        await connection.execute(delete(clinic_provider).where(mine))
        if before is not None and (before.issuer, before.client_id) != (one.issuer, one.client_id):
            await _end_what_it_let_in(connection, caller.clinic_id)
        await connection.execute(insert(clinic_provider), row_of(one))
        await audit.record(connection, caller, action="change", resource="provider", patient_id=None, now=now)
        return _out(one, public_url)

    return await database.write(work)


async def remove(database: Database, caller: Caller, *, now: datetime) -> None:
    """Takes the provider away: the staff sign in with passwords and passkeys again.

    Raises:
        Problem: 403; 404 where the clinic has none.
    """
    require(caller, "change_clinic")

    async def work(connection: AsyncConnection) -> None:
        mine = col(ClinicProvider.clinic_id) == caller.clinic_id
        if (await connection.execute(delete(clinic_provider).where(mine))).rowcount == 0:
            raise not_found("provider")
        await _end_what_it_let_in(connection, caller.clinic_id)
        await audit.record(connection, caller, action="delete", resource="provider", patient_id=None, now=now)

    await database.write(work)


async def _end_what_it_let_in(connection: AsyncConnection, clinic_id: UUID) -> None:
    """Ends sign-ins of everybody who is connected, and what is under way: the provider has no say any more."""
    await connection.execute(delete(table(SignOnTry)).where(col(SignOnTry.clinic_id) == clinic_id))
    known = select(col(Identity.account_id)).where(col(Identity.clinic_id) == clinic_id)
    for account_id in set((await connection.execute(known)).scalars()):
        await end_of(connection, clinic_id, account_id)
        await connection.execute(delete(table(Challenge)).where(col(Challenge.account_id) == account_id))


def _out(one: ClinicProvider, public_url: str) -> ProviderOut:
    return ProviderOut(
        **one.model_dump(include=set(ProviderOut.model_fields)),
        has_secret=one.client_secret is not None,
        redirect_uri=redirect_uri(public_url, one.clinic_id),
        begins_at=f"{public_url.rstrip('/')}/clinic/sign-on/{one.clinic_id}",
    )
