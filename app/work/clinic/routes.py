"""The caller's clinic: its settings and its staff."""

from uuid import UUID

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep, SignInsDep, Token
from app.base.http.deps import DatabaseDep, Now
from app.base.http.paging import Page
from app.base.http.problems import problems
from app.work.clinic import accounts, service
from app.work.clinic.schemas import AccountChange, ClinicAccountOut, ClinicChange, ClinicOut, ColleagueOut, PasswordIn

router = APIRouter(prefix="/v1", tags=["clinic"])


@router.get("/clinic", responses=problems(403))
async def read_clinic(caller: CallerDep, database: DatabaseDep, now: Now) -> ClinicOut:
    """The clinic's settings, and how much of its alarm budget is used."""
    return await service.read(database, caller, now)


@router.patch("/clinic", responses=problems(403, 413))
async def change_clinic(given: ClinicChange, caller: CallerDep, database: DatabaseDep, now: Now) -> ClinicOut:
    """Changes the clinic's name, time zone, numbers to call, alarm budget, or the staff to whom a flag is handed in turn."""
    return await service.change(database, caller, given=given, now=now)


@router.get("/colleagues", responses=problems(403))
async def list_colleagues(caller: CallerDep, database: DatabaseDep) -> Page[ColleagueOut]:
    """The clinic's staff."""
    return Page(items=await service.list_colleagues(database, caller))


@router.patch("/accounts/{account_id}", tags=["accounts"], responses=problems(403, 404, 409, 413))
async def change_account(
    account_id: UUID, given: AccountChange, caller: CallerDep, database: DatabaseDep, sign_ins: SignInsDep, now: Now
) -> ClinicAccountOut:
    """Disables an account of the clinic, whose sign-ins end at once, or lets it sign in again."""
    return await accounts.change(database, caller, account_id=account_id, given=given, sign_ins=sign_ins, now=now)


@router.post("/me/password", status_code=204, tags=["accounts"], responses=problems(413, 429))
async def set_password(
    given: PasswordIn, token: Token, caller: CallerDep, database: DatabaseDep, sign_ins: SignInsDep, now: Now
) -> None:
    """Sets a new password; every other sign-in of the account ends at once."""
    await accounts.set_password(database, caller, given=given, token=token, sign_ins=sign_ins, now=now)
