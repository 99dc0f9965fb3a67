"""The calendar of one's own appointments by a secret address, for the calendar of a phone or an office."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from app.base.http.deps import DatabaseDep, Now, SettingsDep
from app.base.languages.speaking import translated
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import ACCOUNT, WriterDep
from app.work.calendar import feeds

router = APIRouter(prefix=f"{ACCOUNT}/calendar", route_class=PageRoute, include_in_schema=False)


@router.post("")
async def open_feed(visitor: WriterDep, database: DatabaseDep, settings: SettingsDep, now: Now) -> Response:
    """A new address, shown this once; the one before it stops working."""
    token = await feeds.open_feed(database, visitor.caller, now)
    address = f"{settings.public_url.rstrip('/')}/v1/calendar/{token}.ics"
    what = translated("Your appointments for another calendar, without names. Who has the address sees them")
    return page("secret.html", visitor, title="Your calendar", what=what, secret=address, back=ACCOUNT)


@router.post("/revoke")
async def revoke(visitor: WriterDep, database: DatabaseDep) -> Response:
    """No address works any more."""
    await feeds.revoke(database, visitor.caller)
    return RedirectResponse(ACCOUNT, 303)
