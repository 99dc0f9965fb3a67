"""Sign in, stay signed in, who am I, sign out."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Header, Request, Response

from app.access.accounts.attempts import ADDRESS, attempt, bucket, network_of
from app.access.accounts.deps import AnybodyDep, AnyCallerDep, SignInsDep, Token
from app.access.accounts.schemas import MeOut
from app.access.accounts.sessions import IssuedToken, named
from app.access.factors import passkeys
from app.access.factors.passkeys import Site
from app.access.factors.routes import SiteDep
from app.access.factors.schemas import PasskeyBeginOut
from app.access.sign_in import service
from app.access.sign_in.schemas import PasskeySignInIn, SignInForm, TokenOut
from app.base.http.client import address_of
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import problems
from app.base.store.database import Database

router = APIRouter(prefix="/v1", tags=["accounts"])
UserAgent = Annotated[str | None, Header(include_in_schema=False)]


@router.post("/token", responses=problems(413, 429))
async def sign_in(
    request: Request,
    form: Annotated[SignInForm, Form()],
    response: Response,
    *,
    database: DatabaseDep,
    sign_ins: SignInsDep,
    now: Now,
    user_agent: UserAgent = None,
) -> TokenOut:
    """Signs in with the OAuth 2 password form, or refreshes a token; answers a token for an hour and the next to refresh it.

    An account with a second factor needs `code` too; without it the answer is 401 with `/code` among its errors.
    """
    if form.grant_type == "refresh_token":
        guess = bucket(ADDRESS, "refresh", network_of(address_of(request)))
        async with attempt(database, [guess], now=now, failed=service.is_refused):
            return _out(response, await service.refresh(database, sign_ins, form.refresh_token or "", now=now), now)
    shown = service.Shown(
        form.username or "",
        "" if form.password is None else form.password.get_secret_value(),
        form.code,
        named(form.device) or named(user_agent),
        address_of(request),
    )
    return _out(response, await service.begin(database, sign_ins, shown, now=now, kind="app"), now)


@router.post("/token/passkey/begin", responses=problems(429))
async def begin_passkey_sign_in(
    request: Request, response: Response, database: DatabaseDep, now: Now, site: SiteDep
) -> PasskeyBeginOut:
    """What the browser is to do to sign in with a passkey; no name is asked for."""
    response.headers["Cache-Control"] = "no-store"
    return await passkey_challenge(request, database, site, now=now)


async def passkey_challenge(request: Request, database: Database, site: Site, *, now: datetime) -> PasskeyBeginOut:
    """A challenge for whoever has a passkey; 429 where too many are asked for from there.

    Each counts, also one that was given: they are rows.
    """
    asked = bucket(ADDRESS, "challenge", network_of(address_of(request)))
    async with attempt(database, [asked], now=now, failed=lambda _: True, succeeded=_counts):
        challenge_id, options = await database.write(lambda c: passkeys.begin_signing_in(c, site, now=now))
    return PasskeyBeginOut(challenge_id=challenge_id, options=options)


@router.post("/token/passkey", responses=problems(413, 429))
async def sign_in_with_passkey(
    request: Request,
    given: PasskeySignInIn,
    response: Response,
    *,
    database: DatabaseDep,
    sign_ins: SignInsDep,
    now: Now,
    site: SiteDep,
    user_agent: UserAgent = None,
) -> TokenOut:
    """Signs in with a passkey alone, which is two factors in one."""
    device = named(given.device) or named(user_agent)
    answered = service.PasskeyAnswer(given.challenge_id, given.credential, device, address_of(request))
    issued = await service.begin_with_passkey(database, sign_ins, site, answered=answered, now=now, kind="app")
    return _out(response, issued, now)


@router.get("/me", responses=problems())
async def who_am_i(caller: AnyCallerDep) -> MeOut:
    """Who the token stands for."""
    return MeOut(
        account_id=caller.account_id, role=caller.role, clinic_id=caller.clinic_id, patient_id=caller.patient_id
    )


@router.delete("/token", status_code=204, responses=problems())
async def sign_out(token: Token, caller: AnybodyDep, sign_ins: SignInsDep, now: Now) -> None:
    """Ends the sign-in at once, in every process: no token of it is good any more."""
    await sign_ins.end(token, who=caller, now=now)


def _out(response: Response, issued: IssuedToken, now: datetime) -> TokenOut:
    response.headers["Cache-Control"] = "no-store"
    left = round((issued.expires_at - now).total_seconds())
    return TokenOut(access_token=issued.token, expires_in=left, refresh_token=issued.refresh or "")


async def _counts(_connection: object, _buckets: object, _now: datetime) -> None:
    """Gives nothing back."""
