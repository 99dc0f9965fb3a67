"""Sign in, who am I, sign out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Header, Request, Response
from fastapi.security import OAuth2PasswordRequestForm

from app.access.accounts.deps import CallerDep, SignInsDep, Token, address_of
from app.access.accounts.schemas import MeOut, TokenOut
from app.access.accounts.service import named
from app.base.http.deps import Now
from app.base.http.problems import problems

router = APIRouter(prefix="/v1", tags=["accounts"])


@router.post("/token", responses=problems(413, 429))
async def sign_in(
    request: Request,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    *,
    sign_ins: SignInsDep,
    now: Now,
    response: Response,
    device: Annotated[str | None, Form(max_length=200, description="its name among your sign-ins")] = None,
    user_agent: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> TokenOut:
    """Signs in with the OAuth 2 password form and answers a bearer token."""
    issued = await sign_ins.begin(
        form.username, form.password, now, device=named(device) or named(user_agent), address=address_of(request)
    )
    response.headers["Cache-Control"] = "no-store"
    return TokenOut(access_token=issued.token, expires_in=round((issued.expires_at - now).total_seconds()))


@router.get("/me", responses=problems())
async def who_am_i(caller: CallerDep) -> MeOut:
    """Who the token stands for."""
    return MeOut(
        account_id=caller.account_id, role=caller.role, clinic_id=caller.clinic_id, patient_id=caller.patient_id
    )


@router.delete("/token", status_code=204, responses=problems())
async def sign_out(token: Token, _caller: CallerDep, sign_ins: SignInsDep) -> None:
    """Ends the token at once; other processes of a cluster stop honouring it within five seconds."""
    await sign_ins.end(token)
