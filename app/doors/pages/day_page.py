"""The sheet of a day, to print: who comes when, to whom and where, with the number to call and a box to tick."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.base.http.deps import DatabaseDep, Now
from app.base.http.wire import Day
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import VisitorDep
from app.record.patients.service import today_of
from app.work.calendar import absences
from app.work.calendar.local_times import midnight
from app.work.calendar.slots import agenda
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)


@router.get("/calendar/day")
async def day_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    on: Annotated[Day | None, Query(alias="from")] = None,
    who: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Everybody's day or one clinician's, by the clinic's clocks; today where none is asked for."""
    clinic = await clinics.read(database, visitor.caller, now)
    zone = clinic.time_zone or "UTC"
    day = on or today_of(zone, now)
    after = day + timedelta(days=1)
    found = await agenda(database, visitor.caller, first=midnight(day, zone), last=midnight(after, zone), now=now)
    shown = [one for one in found if not who or one.clinician == who]
    return page(
        "day.html",
        visitor,
        clinic=clinic.name,
        day=day,
        before=day - timedelta(days=1),
        after=after,
        who=who,
        names=sorted({one.clinician for one in found}),
        booked=[one for one in shown if one.booking],
        free=sum(one.stands(now) == "free" for one in shown),
        absences=await absences.list_absences(database, visitor.caller, first=day, last=day, now=now),
        staff={one.id: one.username for one in await clinics.list_colleagues(database, visitor.caller)},
        zone=zone,
    )
