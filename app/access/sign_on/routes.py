"""The clinic's provider, for its admins."""

from fastapi import APIRouter

from app.access.accounts.deps import CallerDep
from app.access.sign_on import settings as providers
from app.access.sign_on.schemas import ProviderIn, ProviderOut
from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.http.problems import problems

router = APIRouter(prefix="/v1/clinic/provider", tags=["accounts"])


@router.get("", responses=problems(403, 404))
async def read_provider(caller: CallerDep, database: DatabaseDep, settings: SettingsDep) -> ProviderOut:
    """The provider that the clinic's staff sign in with (OpenID Connect)."""
    return await providers.read(database, caller, settings.public_url)


@router.put("", responses=problems(403, 413))
async def set_provider(
    given: ProviderIn, caller: CallerDep, database: DatabaseDep, settings: SettingsDep, now: Now
) -> ProviderOut:
    """Sets it, once its own document could be read. Its staff then sign in at `begins_at`."""
    return await providers.change(
        database, caller, given, public_url=settings.public_url, private=settings.private_targets, now=now
    )


@router.delete("", status_code=204, responses=problems(403, 404))
async def remove_provider(caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Takes it away: the staff sign in with passwords and passkeys again. Accounts stay."""
    await providers.remove(database, caller, now=now)
