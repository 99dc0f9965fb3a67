"""The caller, as a route asks for it."""

from dataclasses import replace
from ipaddress import ip_address
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordBearer

from app.access.accounts.permissions import Caller
from app.access.accounts.service import SignIns
from app.base.http.deps import Now

LONGEST_ADDRESS = 60  # that is kept: one of IPv6 with its zone may be longer
bearer = OAuth2PasswordBearer(tokenUrl="/v1/token", description="Sign in with a name and a password.")
Token = Annotated[str, Depends(bearer)]


async def get_sign_ins(request: Request) -> SignIns:
    """The app's sign-ins."""
    return cast(SignIns, request.app.state.sign_ins)


SignInsDep = Annotated[SignIns, Depends(get_sign_ins)]


def address_of(request: Request) -> str | None:
    """Where a request comes from: the client, or whom a trusted proxy names; None where that is no address."""
    try:
        one = ip_address(request.client.host if request.client is not None else "")
    except ValueError:
        return None
    return str(getattr(one, "ipv4_mapped", None) or one)[:LONGEST_ADDRESS]


def placed(caller: Caller, request: Request) -> Caller:
    """The caller with where this request comes from, for the audit."""
    return replace(caller, address=address_of(request), request_id=getattr(request.state, "request_id", None))


async def get_caller(request: Request, token: Token, *, sign_ins: SignInsDep, now: Now) -> Caller:
    """Who asks; 401 without a good token."""
    return placed(await sign_ins.who(token, now), request)


CallerDep = Annotated[Caller, Depends(get_caller)]
