"""Passkeys (WebAuthn): what a browser is told to do, and whether what it answers is right."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.access.accounts.tables import Account
from app.access.factors.tables import Challenge, SecondFactor
from app.base.http.problems import bad_field
from app.base.http.wire import JsonObject
from app.base.store.metadata import new_id
from app.base.store.typed import col, row, table, to

challenge, second_factor = table(Challenge), table(SecondFactor)
ID = re.compile("[A-Za-z0-9_-]{1,1400}=*", re.ASCII)
WITHIN = timedelta(minutes=5)
MANY_KEYS = 20  # of an account
Credential = Mapping[str, Any]  # as a browser's `PublicKeyCredential.toJSON()` gives it; the library reads it
VERIFIED = UserVerificationRequirement.REQUIRED  # by a finger, a face or a PIN: a passkey is two factors in one


@dataclass(frozen=True)
class Site:
    """For whom passkeys are made: the host of the public address, and the origin of its pages."""

    host: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> "Site":
        """The site at a public address."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


async def begin_adding(
    connection: AsyncConnection, site: Site, *, clinic_id: UUID, account_id: UUID, username: str, now: datetime
) -> tuple[UUID, JsonObject]:
    """A challenge, and the options for `navigator.credentials.create`."""
    theirs = and_(col(SecondFactor.clinic_id) == clinic_id, col(SecondFactor.account_id) == account_id)
    found = await connection.execute(select(col(SecondFactor.credential_id)).where(theirs))
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Reprieve",
        user_name=username,
        user_id=account_id.bytes,
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for (one,) in found.all() if one is not None
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
        ),
    )
    return await _keep(connection, options.challenge, account_id, now=now), _wire(options_to_json(options))


async def add(
    connection: AsyncConnection,
    site: Site,
    *,
    clinic_id: UUID,
    account_id: UUID,
    challenge_id: UUID,
    credential: Credential,
    name: str,
    now: datetime,
) -> UUID:
    """Keeps a passkey that has answered its challenge; its id.

    Raises:
        Problem: 422 where it has not.
    """
    expected = await _take(connection, challenge_id, account_id, now=now)
    if expected is None:
        _refuse()
    try:
        verified = verify_registration_response(
            credential=dict(credential),
            expected_challenge=expected,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        _refuse()
    credential_id = _text(verified.credential_id)
    known = select(col(SecondFactor.id)).where(col(SecondFactor.credential_id) == credential_id)
    if (await connection.execute(known)).first() is not None:
        raise bad_field("/credential", "is known already")
    new = new_id()
    values = row(
        SecondFactor,
        clinic_id=clinic_id,
        id=new,
        account_id=account_id,
        kind="passkey",
        name=name,
        credential_id=credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        created_at=now,
        confirmed_at=now,
    )
    await connection.execute(insert(second_factor), values)
    return new


async def begin_signing_in(connection: AsyncConnection, site: Site, *, now: datetime) -> tuple[UUID, JsonObject]:
    """A challenge, and the options for `navigator.credentials.get`: for whoever has a passkey here, none is named."""
    options = generate_authentication_options(rp_id=site.host, user_verification=VERIFIED)
    return await _keep(connection, options.challenge, None, now=now), _wire(options_to_json(options))


async def whose(
    connection: AsyncConnection, site: Site, *, challenge_id: UUID, credential: Credential, now: datetime
) -> tuple[UUID, UUID] | None:
    """The clinic and the account of a passkey that has answered its challenge; None where it has not.

    The challenge is used up either way.
    """
    expected = await _take(connection, challenge_id, None, now=now)
    named = credential.get("id")
    if expected is None or not isinstance(named, str) or not ID.fullmatch(named):
        return None
    query = select(
        col(SecondFactor.clinic_id),
        col(SecondFactor.account_id),
        col(SecondFactor.id),
        col(SecondFactor.public_key),
        col(SecondFactor.sign_count),
    ).where(col(SecondFactor.credential_id) == named.rstrip("="))
    theirs = and_(
        col(Account.clinic_id) == col(SecondFactor.clinic_id), col(Account.id) == col(SecondFactor.account_id)
    )
    query = query.join(table(Account), theirs).where(col(Account.disabled_at).is_(None))
    found = (await connection.execute(query.with_for_update(of=second_factor))).first()
    if found is None:
        return None
    clinic_id, account_id, factor_id, public_key, count = found
    try:
        verified = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=expected,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key or b"",
            credential_current_sign_count=count or 0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        return None
    this = and_(col(SecondFactor.clinic_id) == clinic_id, col(SecondFactor.id) == factor_id)
    seen = [to(col(SecondFactor.sign_count), verified.new_sign_count), to(col(SecondFactor.used_at), now)]
    await connection.execute(update(second_factor).where(this).ordered_values(*seen))
    return clinic_id, account_id


async def _keep(connection: AsyncConnection, value: bytes, account_id: UUID | None, *, now: datetime) -> UUID:
    await connection.execute(delete(challenge).where(col(Challenge.expires_at) < now))
    new = row(Challenge, id=new_id(), challenge=value, account_id=account_id, expires_at=now + WITHIN)
    await connection.execute(insert(challenge), new)
    return UUID(str(new["id"]))


async def _take(
    connection: AsyncConnection, challenge_id: UUID, account_id: UUID | None, *, now: datetime
) -> bytes | None:
    """A challenge of an account, or of nobody, used up."""
    whom = col(Challenge.account_id).is_(None) if account_id is None else col(Challenge.account_id) == account_id
    this = and_(col(Challenge.id) == challenge_id, col(Challenge.expires_at) >= now, whom)
    found = (await connection.execute(delete(challenge).where(this).returning(col(Challenge.challenge)))).first()
    return None if found is None else found[0]


def _refuse() -> NoReturn:
    raise bad_field("/credential", "is no passkey that answers this challenge; begin again")


def _wire(options: str) -> JsonObject:
    read: JsonObject = json.loads(options)
    return read


def _text(value: bytes) -> str:
    return bytes_to_base64url(value)
