"""The pages about one patient: who it is and what can be turned to stand on top of each."""

from datetime import datetime

from fastapi.responses import HTMLResponse

from app.access.accounts.permissions import RULES
from app.base.store.database import Database
from app.doors.pages.fields import LANGUAGE_NAMES
from app.doors.pages.patient_pages import page_of
from app.doors.pages.session import Visitor
from app.record.facts.death import died_on
from app.record.patients.service import Person

TABS = {"": "Now", "treatments": "Treatments", "diary": "Diary", "documents": "Documents", "account": "Account"}


async def hub_page(
    database: Database,
    visitor: Visitor,
    name: str,
    *,
    person: Person,
    tab: str,
    now: datetime,
    status: int = 200,
    told: dict[str, object],
) -> HTMLResponse:
    """One of the pages, from its template."""
    async with database.read() as connection:
        died = await died_on(connection, person.clinic_id, person.id)
    shown: dict[str, object] = {
        "tabs": TABS,
        "tab": tab,
        "home": f"/clinic/patients/{person.id}",
        "died": died,
        "language": LANGUAGE_NAMES.get(person.language or ""),
        "may_change": (visitor.caller.role, "change_patient") in RULES,
    }
    return await page_of(database, visitor, name, person=person, now=now, status=status, told={**shown, **told})
