"""Events and work-ups: their rules."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from app.record.events.schemas import EventIn, EventOut, WorkUpIn, WorkUpOut
from app.record.facts.kinds import Kind
from app.record.patients.service import Person, check_past


async def _check_event(_connection: AsyncConnection, person: Person, *, new: EventIn, now: datetime) -> None:
    check_past("happened_on", new.happened_on, person=person, now=now)


async def _check_work_up(_connection: AsyncConnection, person: Person, *, new: WorkUpIn, now: datetime) -> None:
    check_past("noted_on", new.noted_on, person=person, now=now)
    if new.pain_since is not None:
        check_past("pain_since", new.pain_since, person=person, now=now)


EVENT = Kind("event", "events", EventIn, EventOut, "happened_on", "write_diary", check=_check_event)
WORK_UP = Kind("work_up", "work_ups", WorkUpIn, WorkUpOut, "noted_on", "change_procedure", check=_check_work_up)
