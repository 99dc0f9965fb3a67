"""The calendar as a grid: a week by days, or a day by clinician, room or device; an appointment is moved by drag or keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Annotated, Literal, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response

from app.access.accounts.permissions import RULES
from app.base.http.deps import DatabaseDep, Now
from app.base.http.wire import Day
from app.base.languages.speaking import weekday_in_words
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import VisitorDep
from app.record.patients.service import today_of
from app.work.calendar import absences
from app.work.calendar.local_times import midnight
from app.work.calendar.slots import AgendaItem, agenda
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
By = Literal["day", "clinician", "room", "device"]
NOT_NAMED = {"room": "no room named", "device": "no device named", "clinician": "nobody"}


@dataclass(frozen=True)
class GridLine:
    """One time of the grid, and what begins then in each column."""

    at: time
    cells: list[list[AgendaItem]]


@router.get("/calendar/grid")
async def grid_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    first: Annotated[Day | None, Query(alias="from")] = None,
    by: By = "day",
    who: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """A week of everybody's or one clinician's, or a day with a column for each of whatever is asked."""
    zone = (await clinics.read(database, visitor.caller, now)).time_zone or "UTC"
    today = today_of(zone, now)
    day = first or today
    begin, days = (day - timedelta(days=day.weekday()), 7) if by == "day" else (day, 1)
    ends = begin + timedelta(days=days)
    found = await agenda(database, visitor.caller, first=midnight(begin, zone), last=midnight(ends, zone), now=now)
    names = sorted({one.clinician for one in found})
    shown = [one for one in found if not who or one.clinician == who]
    columns, of = _columns(shown, by, begin=begin, zone=zone)

    def address(**changed: object) -> str:
        asked = {"from": begin, "by": by, "who": who, **changed}
        return "/clinic/calendar/grid?" + urlencode({name: value for name, value in asked.items() if value})

    return page(
        "grid.html",
        visitor,
        by=by,
        ways=get_args(By),
        who=who,
        names=names,
        begin=begin,
        last=ends - timedelta(days=1),
        today=today,
        before=address(**{"from": begin - timedelta(days=days)}),
        after=address(**{"from": ends}),
        columns=columns,
        lines=_lines(shown, of, count=len(columns), zone=zone),
        absences=await absences.list_absences(
            database, visitor.caller, first=begin, last=ends - timedelta(days=1), now=now
        ),
        zone=zone,
        staff={one.id: one.username for one in await clinics.list_colleagues(database, visitor.caller)},
        now=now,
        may_move=(visitor.caller.role, "work_review") in RULES,
    )


def _columns(found: Sequence[AgendaItem], by: By, *, begin: date, zone: str) -> tuple[list[str], dict[object, int]]:
    """The headings, and the place of each key in them."""
    if by == "day":
        days = [begin + timedelta(days=d) for d in range(7)]
        return [weekday_in_words(on) for on in days], {
            one.id: days.index(one.starts_at.astimezone(ZoneInfo(zone)).date()) for one in found
        }
    keys = sorted({getattr(one, by) or NOT_NAMED[by] for one in found})
    return keys, {one.id: keys.index(getattr(one, by) or NOT_NAMED[by]) for one in found}


def _lines(found: Sequence[AgendaItem], of: dict[object, int], *, count: int, zone: str) -> list[GridLine]:
    lines: dict[time, GridLine] = {}
    for one in found:
        at = one.starts_at.astimezone(ZoneInfo(zone)).time()
        line = lines.setdefault(at, GridLine(at, [[] for _ in range(count)]))
        line.cells[of[one.id]].append(one)
    return [lines[at] for at in sorted(lines)]
