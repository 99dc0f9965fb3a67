"""The second factors of one's own account; also for whoever must add one before anything else."""

from contextlib import AbstractAsyncContextManager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from app.access.accounts.attempts import PASSWORDS, attempt, bucket
from app.access.accounts.deps import AnybodyDep
from app.access.factors import service
from app.access.factors.passkeys import Site
from app.access.factors.schemas import (
    AddedOut,
    CodeFactorIn,
    CodeFactorOut,
    ConfirmIn,
    FactorsOut,
    PasskeyBeginOut,
    PasskeyIn,
    PasswordAgainIn,
    RecoveryCodesOut,
)
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.problems import problems

router = APIRouter(prefix="/v1/me", tags=["accounts"])


async def get_guess(caller: AnybodyDep, database: DatabaseDep, now: Now) -> AbstractAsyncContextManager[None]:
    """What a guess at the password, or at a code, is made within: too many are 429."""
    return attempt(database, [bucket(PASSWORDS, str(caller.session_id))], now=now, failed=service.is_wrong_guess)


async def get_site(settings: SettingsDep) -> Site:
    """For whom passkeys are made."""
    return Site.of(settings.public_url)


GuessDep = Annotated[AbstractAsyncContextManager[None], Depends(get_guess)]
SiteDep = Annotated[Site, Depends(get_site)]


async def get_unshared(response: Response) -> None:
    """The answer holds a secret: nothing keeps it."""
    response.headers["Cache-Control"] = "no-store"


SECRET = [Depends(get_unshared)]


@router.get("/factors", responses=problems())
async def list_factors(caller: AnybodyDep, database: DatabaseDep) -> FactorsOut:
    """Your authenticator apps and passkeys, and whether your clinic asks for one."""
    return await service.read(database, caller)


@router.post("/factors/code", status_code=201, dependencies=SECRET, responses=problems(409, 413, 429))
async def begin_code(
    given: CodeFactorIn, caller: AnybodyDep, database: DatabaseDep, now: Now, guess: GuessDep
) -> CodeFactorOut:
    """Begins to add an authenticator app (TOTP, RFC 6238): its secret, also as a picture to be scanned."""
    async with guess:
        return await service.begin_code(database, caller, given=given, now=now)


@router.post("/factors/{factor_id}/confirm", dependencies=SECRET, responses=problems(403, 404, 413, 429))
async def confirm_code(
    factor_id: UUID, given: ConfirmIn, caller: AnybodyDep, database: DatabaseDep, now: Now, guess: GuessDep
) -> AddedOut:
    """Counts the app once it makes right codes; from then on sign-in asks for one, and your other sign-ins end."""
    async with guess:
        return await service.confirm_code(database, caller, factor_id=factor_id, code=given.code, now=now)


@router.post("/factors/passkey/begin", dependencies=SECRET, responses=problems(409, 413, 429))
async def begin_passkey(
    given: PasswordAgainIn, caller: AnybodyDep, database: DatabaseDep, now: Now, guess: GuessDep, site: SiteDep
) -> PasskeyBeginOut:
    """What the browser is to do to make a passkey for your account."""
    async with guess:
        password = given.password.get_secret_value()
        challenge_id, options = await service.begin_passkey(database, caller, site, password=password, now=now)
    return PasskeyBeginOut(challenge_id=challenge_id, options=options)


@router.post("/factors/passkey", status_code=201, dependencies=SECRET, responses=problems(413))
async def add_passkey(given: PasskeyIn, caller: AnybodyDep, database: DatabaseDep, now: Now, site: SiteDep) -> AddedOut:
    """Adds the passkey that the browser has made; it signs in alone, and your other sign-ins end."""
    return await service.add_passkey(database, caller, site, given=given, now=now)


@router.post("/factors/{factor_id}/remove", status_code=204, responses=problems(403, 404, 413, 429))
async def remove_factor(
    factor_id: UUID, given: PasswordAgainIn, caller: AnybodyDep, database: DatabaseDep, now: Now, guess: GuessDep
) -> None:
    """Takes a second factor off your account; your other sign-ins end."""
    async with guess:
        password = given.password.get_secret_value()
        await service.remove(database, caller, factor_id=factor_id, password=password, now=now)


@router.post("/recovery_codes", status_code=201, dependencies=SECRET, responses=problems(409, 413, 429))
async def renew_recovery_codes(
    given: PasswordAgainIn, caller: AnybodyDep, database: DatabaseDep, now: Now, guess: GuessDep
) -> RecoveryCodesOut:
    """Ten new recovery codes; those of before are no longer good."""
    async with guess:
        return await service.renew_codes(database, caller, password=given.password.get_secret_value(), now=now)
