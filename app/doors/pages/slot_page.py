"""One slot of the calendar: where it is, booking it for somebody, and closing, opening and deleting it."""

from collections.abc import Awaitable
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import RedirectResponse

from app.access.accounts.permissions import RULES
from app.answers.verdicts import patient_list
from app.answers.verdicts.patient_list import ListedPatient
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.doors.pages.as_shown import ShownForm, require_as_shown, tag_of
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, Typed, faults_of, filled, problem_of, taken
from app.work.calendar import slots
from app.work.calendar.schemas import AppointmentIn, SlotChange
from app.work.clinic import service as clinics
from app.work.reviews.offers import book_waiting

LONGEST = 200  # characters of what is sought
MOST_FOUND = 10  # people to choose from; whoever is not among them is sought by more letters
router = APIRouter(prefix="/clinic/slots", route_class=PageRoute, include_in_schema=False)


class PlaceForm(ShownForm):
    """Where a slot is; a room or a device that was emptied is none."""

    location: str | None = None
    room: str | None = None
    device: str | None = None


class BookSlotForm(ShownForm):
    """For whom the slot is booked, and how the patient was looked for."""

    patient_id: str | None = None
    q: str | None = None


@router.get("/{slot_id:uuid}")
async def slot_page(
    slot_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    q: Annotated[str | None, Query(max_length=LONGEST)] = None,
) -> Response:
    """A slot, whether it can be had, and what can be done with it; `q` looks for whom it is to be booked."""
    return await _show(database, visitor, slot_id=slot_id, now=now, problem=None, sought=q)


@router.post("/{slot_id:uuid}/book")
async def book(
    slot_id: UUID, form: Annotated[BookSlotForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Books the slot for a patient, and for their open review where they have one that waits for it."""

    async def step() -> None:
        await _check_shown(database, visitor, form, slot_id=slot_id, now=now)
        new = filled(AppointmentIn, form, slot_id=slot_id)
        await book_waiting(database, visitor.caller, patient_id=new.patient_id, slot_id=slot_id, overrule=None, now=now)

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, slot_id=slot_id, now=now, problem=problem, sought=form.q)

    return await taken(step(), f"/clinic/slots/{slot_id}", again)


@router.post("/{slot_id:uuid}/place")
async def move_place(
    slot_id: UUID, form: Annotated[PlaceForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Says where the slot is instead."""

    async def step() -> None:
        await _check_shown(database, visitor, form, slot_id=slot_id, now=now)
        given = SlotChange(location=form.location or "", room=form.room, device=form.device)
        await slots.change(database, visitor.caller, slot_id=slot_id, given=given, now=now)

    return await _taken(step(), database, visitor=visitor, slot_id=slot_id, now=now, typed=Typed("place", form))


@router.post("/{slot_id:uuid}/close")
async def close(
    slot_id: UUID, form: Annotated[ShownForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Closes the slot: nobody can book it."""
    step = _set_closed(database, visitor, form, slot_id=slot_id, closed=True, now=now)
    return await _taken(step, database, visitor=visitor, slot_id=slot_id, now=now)


@router.post("/{slot_id:uuid}/open")
async def open_again(
    slot_id: UUID, form: Annotated[ShownForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Opens the slot again."""
    step = _set_closed(database, visitor, form, slot_id=slot_id, closed=False, now=now)
    return await _taken(step, database, visitor=visitor, slot_id=slot_id, now=now)


async def _set_closed(
    database: Database, visitor: Visitor, form: ShownForm, *, slot_id: UUID, closed: bool, now: datetime
) -> None:
    await _check_shown(database, visitor, form, slot_id=slot_id, now=now)
    await slots.change(database, visitor.caller, slot_id=slot_id, given=SlotChange(closed=closed), now=now)


@router.post("/{slot_id:uuid}/delete")
async def delete(
    slot_id: UUID, form: Annotated[ShownForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Deletes the slot, and leads back to its week."""
    one, zone = await _read(database, visitor, slot_id=slot_id, now=now)

    async def step() -> None:
        require_as_shown(form.tag, *_shown_of(one))
        await slots.remove(database, visitor.caller, slot_id=slot_id, now=now)

    problem = await problem_of(step())
    if problem is not None:
        return await _show(database, visitor, slot_id=slot_id, now=now, problem=problem)
    return RedirectResponse(f"/clinic/calendar?from={one.starts_at.astimezone(ZoneInfo(zone)).date()}", 303)


async def _read(database: Database, visitor: Visitor, *, slot_id: UUID, now: datetime) -> tuple[slots.AgendaItem, str]:
    """The slot, and the zone of the clinic's clocks."""
    one = await slots.read(database, visitor.caller, slot_id=slot_id, now=now)
    return one, (await clinics.read(database, visitor.caller, now)).time_zone or "UTC"


def _shown_of(one: slots.AgendaItem) -> tuple[object, ...]:
    """What others may change of a slot; its time and its clinician stay."""
    return one.location, one.room, one.device, one.site, one.closed_at, one.booking, one.kept_for_id


async def _check_shown(database: Database, visitor: Visitor, form: ShownForm, *, slot_id: UUID, now: datetime) -> None:
    one, _ = await _read(database, visitor, slot_id=slot_id, now=now)
    require_as_shown(form.tag, *_shown_of(one))


async def _found(database: Database, visitor: Visitor, sought: str, *, now: datetime) -> list[ListedPatient]:
    listing = await patient_list.read(database, visitor.caller, q=sought, need=None, region=None, page=1, now=now)
    return listing.lines[:MOST_FOUND]


async def _taken(
    step: Awaitable[object],
    database: Database,
    *,
    visitor: Visitor,
    slot_id: UUID,
    now: datetime,
    typed: Typed = NOTHING_TYPED,
) -> Response:
    """Takes a step; an error is shown on the same page, with what was typed."""

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, slot_id=slot_id, now=now, problem=problem, typed=typed.after(problem))

    return await taken(step, f"/clinic/slots/{slot_id}", again)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    slot_id: UUID,
    now: datetime,
    problem: Problem | None,
    typed: Typed = NOTHING_TYPED,
    sought: str | None = None,
) -> Response:
    one, zone = await _read(database, visitor, slot_id=slot_id, now=now)
    sought = (sought or "").strip().replace("\x00", "")[:LONGEST]  # a form may hold what an address may not
    may_book = one.stands(now) == "free" and (visitor.caller.role, "work_review") in RULES
    return page(
        "slot.html",
        visitor,
        200 if problem is None else problem.status,
        row=one,
        tag=tag_of(*_shown_of(one)),
        zone=zone,
        day=one.starts_at.astimezone(ZoneInfo(zone)).date(),
        stands=one.stands(now),
        faults=faults_of(problem),
        typed=typed,
        base=f"/clinic/slots/{slot_id}",
        may_work=(visitor.caller.role, "add_slot") in RULES,
        may_book=may_book,
        sought=sought,
        found=await _found(database, visitor, sought, now=now) if may_book and sought else [],
    )
