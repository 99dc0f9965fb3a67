"""The caller, as a route asks for it."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Header, Request
from fastapi.security import OAuth2PasswordBearer

from app.access.accounts.permissions import Caller
from app.access.accounts.sessions import SignIns
from app.base.http.deps import Now
from app.base.http.problems import Problem
from app.base.store import wall

bearer = OAuth2PasswordBearer(
    tokenUrl="/v1/token", refreshUrl="/v1/token", description="Sign in with a name and a password."
)
FACTOR_FIRST = "Your clinic asks for a second factor: add one to your account first."
Token = Annotated[str, Depends(bearer)]


async def get_sign_ins(request: Request) -> SignIns:
    """The app's sign-ins."""
    return cast(SignIns, request.app.state.sign_ins)


SignInsDep = Annotated[SignIns, Depends(get_sign_ins)]


def held(caller: Caller) -> Caller:
    """The caller; what this request reads and writes is held to the caller's clinic."""
    if caller.role != "operator":
        wall.hold_to(caller.clinic_id)
    return caller


async def get_any_caller(
    token: Token,
    *,
    sign_ins: SignInsDep,
    now: Now,
    acts_for: Annotated[
        UUID | None, Header(alias="Reprieve-For", description="the patient whom you act for, where you may")
    ] = None,
) -> Caller:
    """Who asks, a person or a machine, also one who has to add a second factor first; 401 without a good token."""
    return held(await sign_ins.who(token, now, acts_for=acts_for))


AnyCallerDep = Annotated[Caller, Depends(get_any_caller)]


async def get_anybody(caller: AnyCallerDep) -> Caller:
    """Whose account it is, also where a second factor is to be added first; 403 for a machine's key."""
    if caller.scopes is not None:
        raise Problem(403, "A key has no account of its own.")
    return caller


AnybodyDep = Annotated[Caller, Depends(get_anybody)]


async def get_caller(caller: AnyCallerDep) -> Caller:
    """Who asks; 401 without a good token, 403 where a second factor is to be added first."""
    if caller.lacks_factor:
        raise Problem(403, FACTOR_FIRST)
    return caller


CallerDep = Annotated[Caller, Depends(get_caller)]
