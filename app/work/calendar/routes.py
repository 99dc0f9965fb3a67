"""Slots, appointments and feeds."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from app.access.accounts.deps import CallerDep
from app.base.http.deps import DatabaseDep, Now
from app.base.http.idempotency.deps import IdempotentCallDep
from app.base.http.paging import Cursor, Limit, Page
from app.base.http.problems import Responses, problems
from app.base.http.sheets import CSV, Accept, listed
from app.base.http.wire import Day, Moment
from app.work.calendar import absences, feeds, offers, service, slots, waiting, wishes
from app.work.calendar.schemas import (
    AbsenceIn,
    AbsenceOut,
    AppointmentIn,
    AppointmentOut,
    FeedOut,
    SlotChange,
    SlotIn,
    SlotOut,
    WaitingIn,
    WaitingOut,
)

router = APIRouter(prefix="/v1", tags=["calendar"])
MADE: Responses = {201: {"model": SlotOut, "description": "Added"}}


@router.post("/slots", status_code=201, response_model=SlotOut, responses={**MADE, **problems(403, 409, 413, 429)})
async def add_slot(
    new: SlotIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Adds bookable time of a clinician; by a rule, every occurrence at the same time of day through clock changes."""
    answer = await slots.add_slots(database, caller, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers=answer.headers)


@router.get("/slots", response_model=Page[SlotOut], responses={**CSV, **problems(403)})
async def list_slots(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    first: Annotated[Moment | None, Query(alias="from", description="first instant; now where left out")] = None,
    to: Annotated[Moment | None, Query(description="before this instant; a year on where left out")] = None,
    free: Annotated[bool | None, Query(description="only free ones, or only taken ones")] = None,
    kind: Annotated[Literal["procedure", "consultation"] | None, Query(description="only for these")] = None,
    site_id: Annotated[UUID | None, Query(description="only at one site")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    accept: Accept = "application/json",
) -> Response:
    """The clinic's slots, and whether each is free."""
    begin, end = slots.window(first, to, now)
    rows, following = await slots.list_slots(
        database, caller, first=begin, last=end, free=free, kind=kind, site_id=site_id, limit=limit, cursor=cursor
    )
    return await listed(SlotOut, rows, following=following, accept=accept)


@router.patch("/slots/{slot_id}", responses=problems(403, 404, 409, 413))
async def change_slot(slot_id: UUID, given: SlotChange, caller: CallerDep, database: DatabaseDep, now: Now) -> SlotOut:
    """Closes a slot that is not booked, opens it again, or changes its place."""
    return await slots.change(database, caller, slot_id=slot_id, given=given, now=now)


@router.delete("/slots/{slot_id}", status_code=204, responses=problems(403, 404, 409))
async def remove_slot(slot_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Deletes a slot that has never been booked; one that has is closed instead."""
    await slots.remove(database, caller, slot_id=slot_id, now=now)


AWAY: Responses = {201: {"model": AbsenceOut, "description": "Recorded"}}


@router.post("/absences", status_code=201, response_model=AbsenceOut, responses={**AWAY, **problems(403, 409, 413)})
async def add_absence(
    new: AbsenceIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Records days on which a clinician is away or the clinic closed. No slot is free then; what is booked is named."""
    answer = await absences.add(database, caller, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status, headers=answer.headers)


@router.get("/absences", responses=problems(403))
async def list_absences(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    first: Annotated[Day | None, Query(alias="from", description="first day; today where left out")] = None,
    to: Annotated[Day | None, Query(description="last day; a year on where left out")] = None,
) -> Page[AbsenceOut]:
    """The absences that touch these days, the next first."""
    return Page(items=await absences.list_absences(database, caller, first=first, last=to, now=now))


@router.delete("/absences/{absence_id}", status_code=204, responses=problems(403, 404))
async def remove_absence(absence_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Deletes an absence; the slots in it are free again."""
    await absences.remove(database, caller, absence_id=absence_id, now=now)


@router.post(
    "/appointments",
    status_code=201,
    response_model=AppointmentOut,
    responses={201: {"model": AppointmentOut, "description": "Booked"}, **problems(403, 404, 409, 413)},
)
async def add_appointment(
    new: AppointmentIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Books a slot for a patient, without a review. Of several callers at once one gets it, the others 409."""
    answer = await service.add_appointment(database, caller, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status)


@router.get("/appointments", response_model=Page[AppointmentOut], responses={**CSV, **problems(403)})
async def list_appointments(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    patient_id: Annotated[UUID | None, Query(description="of one patient")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    accept: Accept = "application/json",
) -> Response:
    """The clinic's appointments; patients see their own."""
    rows, following = await service.list_appointments(database, caller, patient_id, limit=limit, cursor=cursor, now=now)
    return await listed(AppointmentOut, rows, following=following, accept=accept)


@router.post("/appointments/{appointment_id}/confirm", responses=problems(403, 404, 409))
async def confirm_appointment(
    appointment_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now
) -> AppointmentOut:
    """Confirms that the patient will come."""
    row = await service.confirm(database, caller, appointment_id=appointment_id, now=now)
    return AppointmentOut.model_validate(row)


WAITS: Responses = {
    200: {"model": WaitingOut, "description": "The patient waits for such a slot already"},
    201: {"model": WaitingOut, "description": "Added"},
}


@router.post(
    "/waiting", status_code=201, response_model=WaitingOut, responses={**WAITS, **problems(403, 404, 409, 413)}
)
async def add_waiting(
    new: WaitingIn, caller: CallerDep, database: DatabaseDep, now: Now, once: IdempotentCallDep
) -> Response:
    """Puts a patient on the waiting list; who waits for such a slot already keeps the place, with the new wishes."""
    answer = await wishes.add(database, caller, new=new, once=once, now=now)
    return JSONResponse(answer.body, answer.status)


@router.get("/waiting", responses=problems(403))
async def list_waiting(
    caller: CallerDep,
    database: DatabaseDep,
    now: Now,
    patient_id: Annotated[UUID | None, Query(description="of one patient")] = None,
) -> Page[WaitingOut]:
    """The waiting patients, the longest first, with the next free slots that would fit. Booking one ends the wait."""
    rows = await waiting.list_waiting(database, caller, patient_id=patient_id, now=now)
    return Page(items=rows)


@router.delete("/waiting/{waiting_id}", status_code=204, responses=problems(403, 404))
async def withdraw_waiting(waiting_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Takes a patient off the waiting list; patients may take themselves off."""
    await offers.withdraw(database, caller, waiting_id=waiting_id, now=now)


@router.post("/waiting/{waiting_id}/decline", status_code=204, responses=problems(403, 404, 409))
async def decline_offer(waiting_id: UUID, caller: CallerDep, database: DatabaseDep, now: Now) -> None:
    """Declines the slot that is offered, which goes to the next; the place on the list stays."""
    await offers.decline(database, caller, waiting_id=waiting_id, now=now)


@router.post("/calendar", status_code=201, responses=problems())
async def open_calendar(caller: CallerDep, database: DatabaseDep, now: Now) -> FeedOut:
    """A secret address of the caller's own calendar, shown once; the address before it stops working."""
    return FeedOut(url=f"/v1/calendar/{await feeds.open_feed(database, caller, now)}.ics")


@router.delete("/calendar", status_code=204, responses=problems())
async def revoke_calendar(caller: CallerDep, database: DatabaseDep) -> None:
    """Revokes the caller's secret address."""
    await feeds.revoke(database, caller)


ICS: Responses = {200: {"content": {"text/calendar": {"schema": {"type": "string"}}}, "description": "iCalendar"}}


@router.get("/calendar/{token}.ics", response_class=Response, responses={**ICS, **problems(403, 404)})
async def read_calendar(token: Annotated[str, Path(max_length=100)], database: DatabaseDep, now: Now) -> Response:
    """The calendar behind a secret address: times and places, no patient's name. The address is the key; keep it secret."""
    return Response(await feeds.read(database, token, now), media_type="text/calendar; charset=utf-8")
