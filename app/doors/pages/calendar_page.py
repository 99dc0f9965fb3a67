"""The calendar: a week of slots with who has booked them, new slots, and who waits for one."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Annotated, cast
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem, bad_field
from app.base.http.wire import Day
from app.base.store.database import Database
from app.doors.pages.as_shown import ShownForm, require_as_shown, tag_of
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, PageForm, Typed, faults_of, filled, problem_of, taken
from app.record.patients.service import today_of
from app.record.patients.sites import service as sites
from app.work.calendar import absences, offers, waiting
from app.work.calendar import slots as clinic_slots
from app.work.calendar.local_times import midnight
from app.work.calendar.repeats import exists
from app.work.calendar.schemas import AbsenceIn, AppointmentIn, SlotIn, WaitingOut
from app.work.calendar.slots import AgendaItem, agenda, to_be_moved
from app.work.clinic import service as clinics
from app.work.reviews.offers import book_waiting

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
DAY = Annotated[Day | None, Query(alias="from")]


class NewSlotForm(PageForm):
    """New slots: day and time by the clinic's clocks, and for how many weeks."""

    clinician_id: str | None = None
    on: str | None = None
    at: str | None = None
    minutes: str | None = None
    weeks: str | None = None
    location: str | None = None
    room: str | None = None
    site_id: str | None = None
    device: str | None = None
    kind: str | None = None
    overrule: str | None = None


class AwayForm(PageForm):
    """Days on which a clinician is away, or the clinic is closed."""

    clinician_id: str | None = None
    first_on: str | None = None
    last_on: str | None = None
    reason: str | None = None


class BackForm(PageForm):
    """An absence that is taken back."""

    absence_id: str | None = None


class AbsenceNamed(BaseModel):
    """The absence that a form names."""

    absence_id: UUID


class SlotTimes(BaseModel):
    """Times of new slots; read inside the step, so that a fault is shown beside the form."""

    on: Day
    at: time
    minutes: int
    weeks: int = 1


class Place(BaseModel):
    """The place on the waiting list that a form names."""

    waiting_id: UUID


class WithdrawForm(PageForm):
    """A place on the waiting list."""

    waiting_id: str | None = None


class BookWaitingForm(ShownForm):
    """A slot for a patient who waits, and the place on the list."""

    patient_id: str | None = None
    slot_id: str | None = None
    waiting_id: str | None = None


@dataclass(frozen=True)
class Waits:
    """A place on the waiting list as it goes over the wire, with the patient's name."""

    name: str
    place: WaitingOut

    @property
    def tag(self) -> str:
        """The state that a form for this place is shown with."""
        return tag_of(*_shown_of(self.place.id, self.place.offered_slot_id))


def _shown_of(waiting_id: UUID | None, offered: UUID | None) -> tuple[object, ...]:
    """What others may change of a place on the list: that there is one, and what it is offered."""
    return waiting_id, offered


@router.get("/calendar")
async def calendar_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    first: DAY = None,
    left_out: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """A week, beginning with its Monday; `left_out` is how many of the new slots could not be made."""
    return await _show(database, visitor, now=now, first=first, problem=None, left_out=left_out)


@router.post("/calendar/slots")
async def add_slots(
    form: Annotated[NewSlotForm, Form()],
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
    once: SentOnceDep,
    first: DAY = None,
) -> Response:
    """Adds slots."""

    left_out = 0

    async def step() -> None:
        nonlocal left_out
        zone = (await clinics.read(database, visitor.caller, now)).time_zone or "UTC"
        given = filled(SlotTimes, form)
        weekly = {"repeats": f"FREQ=WEEKLY;COUNT={given.weeks}", "time_zone": zone} if given.weeks != 1 else {}
        local = datetime.combine(given.on, given.at)
        if not exists(local.replace(tzinfo=None), ZoneInfo(zone)):
            raise bad_field("/at", "is left out on that day: the clocks go forward")
        at = local.replace(tzinfo=ZoneInfo(zone))
        slots = filled(SlotIn, form, starts_at=at, minutes=given.minutes, **weekly)
        made = await clinic_slots.add_slots(database, visitor.caller, new=slots, once=once, now=now)
        left_out = len(cast("list[str]", made.body["left_out"]))

    typed, problem = Typed("slots", form), await problem_of(step())
    if problem is not None:
        return await _show(database, visitor, now=now, first=first, problem=problem, typed=typed)
    asked = {"from": first, "left_out": left_out}
    return RedirectResponse("/clinic/calendar?" + urlencode({name: one for name, one in asked.items() if one}), 303)


@router.post("/calendar/away")
async def add_absence(
    form: Annotated[AwayForm, Form()],
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
    once: SentOnceDep,
    first: DAY = None,
) -> Response:
    """Records days on which a clinician is away or the clinic is closed."""

    async def step() -> None:
        new = filled(AbsenceIn, form)
        await absences.add(database, visitor.caller, new=new, once=once, now=now)

    return await _taken(step(), database, visitor=visitor, now=now, first=first, typed=Typed("away", form))


@router.post("/calendar/back")
async def remove_absence(
    form: Annotated[BackForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now, first: DAY = None
) -> Response:
    """Takes an absence back."""

    async def step() -> None:
        named = filled(AbsenceNamed, form)
        await absences.remove(database, visitor.caller, absence_id=named.absence_id, now=now)

    return await _taken(step(), database, visitor=visitor, now=now, first=first)


@router.post("/calendar/book")
async def book(
    form: Annotated[BookWaitingForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now, first: DAY = None
) -> Response:
    """Books a slot for a patient who waits."""

    async def step() -> None:
        new = filled(AppointmentIn, form)
        waits, _, _ = await waiting.read_waiting(database, visitor.caller, patient_id=new.patient_id, now=now)
        held = next((one.place for one in waits if str(one.place.id) == form.waiting_id), None)
        require_as_shown(
            form.tag, *(_shown_of(None, None) if held is None else _shown_of(held.id, held.offered_slot_id))
        )
        await book_waiting(
            database,
            visitor.caller,
            patient_id=new.patient_id,
            slot_id=new.slot_id,
            overrule=new.overrule,
            now=now,
        )

    return await _taken(step(), database, visitor=visitor, now=now, first=first)


@router.post("/calendar/withdraw")
async def withdraw(
    form: Annotated[WithdrawForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now, first: DAY = None
) -> Response:
    """Takes a patient off the waiting list."""

    async def step() -> None:
        await offers.withdraw(database, visitor.caller, waiting_id=filled(Place, form).waiting_id, now=now)

    return await _taken(step(), database, visitor=visitor, now=now, first=first)


async def _taken(
    step: Awaitable[object],
    database: Database,
    *,
    visitor: Visitor,
    now: datetime,
    first: date | None,
    typed: Typed = NOTHING_TYPED,
) -> Response:
    """Takes a step; an error is shown on the same page, and what was typed stays in its form."""

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, now=now, first=first, problem=problem, typed=typed)

    return await taken(step, f"/clinic/calendar?from={first}" if first else "/clinic/calendar", again)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    now: datetime,
    first: date | None,
    problem: Problem | None,
    typed: Typed = NOTHING_TYPED,
    left_out: int = 0,
) -> Response:
    caller = visitor.caller
    zone = (await clinics.read(database, caller, now)).time_zone or "UTC"
    today = today_of(zone, now)
    day = first or today
    monday = day - timedelta(days=day.weekday())
    begin, end = (midnight(monday + timedelta(days=d), zone) for d in (0, 7))
    slots = await agenda(database, caller, first=begin, last=end, now=now)

    def local_day(one: AgendaItem) -> date:
        return one.starts_at.astimezone(ZoneInfo(zone)).date()

    waits, free, offered = await waiting.read_waiting(database, caller, patient_id=None, now=now)
    places = waiting.with_fits(waits, free, now, offered=offered)
    staff = await clinics.list_colleagues(database, caller)
    people = [Waits(who.name, place) for who, place in zip(waits, places, strict=True)]
    return page(
        "calendar.html",
        visitor,
        200 if problem is None else problem.status,
        days=[(on, list(some)) for on, some in groupby(slots, key=local_day)],
        monday=monday,
        zone=zone,
        today=today,
        before=monday - timedelta(days=7),
        after=monday + timedelta(days=7),
        people=people,
        faults=faults_of(problem),
        absences=await absences.list_absences(database, caller, first=monday, last=monday + timedelta(days=6), now=now),
        clinicians=[one for one in staff if one.role == "clinician" and not one.disabled],
        staff={str(one.id): one.username for one in staff},
        to_move=await to_be_moved(database, caller, now=now),
        now=now,
        free=sum(one.stands(now) == "free" for one in slots),
        typed=typed,
        left_out=left_out,
        sites=await sites.list_all(database, caller),
    )
