"""Pages about a patient: whichever it is, an open red flag stands on top of it."""

from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from fastapi.responses import HTMLResponse

from app.access.accounts.permissions import RULES
from app.alerts.flags.service import tag_of
from app.alerts.flags.urgent import urgent_of
from app.base.store.database import Database
from app.doors.pages.rendering import page
from app.doors.pages.session import Visitor
from app.record.assessments.service import ASSESSMENT
from app.record.blocks.service import BLOCK
from app.record.contacts.service import CONTACT
from app.record.events.service import EVENT, WORK_UP
from app.record.facts.kinds import AnyKind
from app.record.patients.service import Person
from app.record.procedures.service import PROCEDURE

RECORDED: dict[str, tuple[str, AnyKind]] = {
    "procedures": ("a procedure", PROCEDURE),
    "blocks": ("a block", BLOCK),
    "assessments": ("a questionnaire", ASSESSMENT),
    "contacts": ("a contact", CONTACT),
    "events": ("an event", EVENT),
    "work_ups": ("a work-up", WORK_UP),
}


class RedFlagLine(TypedDict):
    """A red flag on top of a page: what it says, by when it is looked at, and who has it."""

    id: UUID
    says: str
    first_on: date
    due_at: datetime
    late: bool
    taken_by: str | None
    tag: str


async def page_of(
    database: Database,
    visitor: Visitor,
    name: str,
    *,
    person: Person,
    now: datetime,
    status: int = 200,
    told: dict[str, object],
) -> HTMLResponse:
    """A page about a patient from its template."""
    flags: list[RedFlagLine] = [
        {
            "id": one.id,
            "says": one.says,
            "first_on": one.first_on,
            "due_at": one.due_at,
            "late": one.state == "open" and one.due_at <= now,
            "taken_by": (owner or "Somebody") if one.state == "acknowledged" else None,
            "tag": tag_of(one),
        }
        for one, owner in await urgent_of(database, visitor.caller, person.id)
    ]
    role = visitor.caller.role
    may = (role, "work_flag") in RULES
    forms = [(plural, label) for plural, (label, kind) in RECORDED.items() if (role, kind.action) in RULES]
    return page(name, visitor, status, person=person, red_flags=flags, may_take_flags=may, forms=forms, **told)
