"""Who did what with whose record, for admins: on a page, and as a sheet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Annotated, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator

from app.access.audit import search
from app.access.audit.schemas import AuditAction, AuditEventOut
from app.access.audit.search import AuditQuery
from app.base.http.deps import DatabaseDep, Now
from app.base.http.sheets import line
from app.base.http.wire import Day
from app.base.store.database import Database
from app.base.store.long_results import by_turns
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep
from app.record.patients import service as patients
from app.work.calendar.local_times import midnight
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
PAGE, SHEET = 200, 50_000  # events
EMPTY = BeforeValidator(lambda value: value or None)  # a field that was left empty
CUT = "Older events are left out here: choose a shorter time."
COLUMNS = list(AuditEventOut.model_fields)
ACTIONS: tuple[AuditAction, ...] = get_args(AuditAction)


@dataclass(frozen=True)
class AuditFilters:
    """Which events are shown; a filter that means nothing does not filter."""

    patient: Annotated[UUID | None, EMPTY] = None
    who: Annotated[UUID | None, EMPTY] = None
    action: Annotated[str, Query(max_length=10)] = ""
    first: Annotated[Day | None, EMPTY, Query(alias="from")] = None
    last: Annotated[Day | None, EMPTY, Query(alias="to")] = None

    def query(self, zone: str) -> AuditQuery:
        """The same for the search, days by the clinic's clocks."""
        return AuditQuery(
            patient_id=self.patient,
            account_id=self.who,
            action=self.action if self.action in ACTIONS else None,
            first=None if self.first is None else midnight(self.first, zone),
            last=None if self.last is None else midnight(self.last + timedelta(days=1), zone),
        )

    def address(self, path: str, cursor: str | None = None) -> str:
        """An address with these filters."""
        asked = {"patient": self.patient, "who": self.who, "action": self.action, "from": self.first, "to": self.last}
        return f"{path}?" + urlencode({name: one for name, one in {**asked, "cursor": cursor}.items() if one})


FiltersDep = Annotated[AuditFilters, Depends()]


@router.get("/audit")
async def audit_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    asked: FiltersDep,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Who read or wrote what, the newest first, and how far that is sealed."""
    zone, found, older = await _found(database, visitor, asked, limit=PAGE, cursor=cursor, now=now)
    async with database.read() as connection:
        people = {one.patient_id for one in found if one.patient_id is not None} | {asked.patient} - {None}
        names = await patients.names_of(connection, visitor.caller, [one for one in people if one is not None])
    return page(
        "audit.html",
        visitor,
        rows=_calls(found),
        names=names,
        asked=asked,
        older=None if older is None else asked.address("/clinic/audit", older),
        sheet=asked.address("/clinic/audit.csv"),
        head=await search.head(database, visitor.caller),
        staff=await clinics.list_colleagues(database, visitor.caller),
        actions=ACTIONS,
        zone=zone,
    )


def _calls(found: list[AuditEventOut]) -> list[tuple[AuditEventOut, list[UUID | None]]]:
    """What one call has done alike is one line, with everybody of whom: a list has an event for each."""

    def call(one: AuditEventOut) -> tuple[object, ...]:
        # a caller may give many requests one name: their times tell them apart
        return (
            one.request_id or one.id,
            one.at,
            one.account_id,
            one.action,
            one.resource,
            one.why,
            one.address,
            one.device,
        )

    lines = (list(alike) for _, alike in groupby(found, key=call))
    return [(line[0], list(dict.fromkeys(one.patient_id for one in line))) for line in lines]


@router.get("/audit.csv")
async def audit_sheet(visitor: VisitorDep, database: DatabaseDep, now: Now, asked: FiltersDep) -> Response:
    """The same as a sheet, of as many events as one holds."""
    _, found, older = await _found(database, visitor, asked, limit=SHEET, cursor=None, now=now)
    rows = [line([getattr(one, name) for name in COLUMNS]) async for one in by_turns(found)]
    sheet = line(COLUMNS) + "".join(rows) + (line([CUT]) if older else "")
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Cache-Control": "private, no-store"}
    return Response(sheet, media_type="text/csv; charset=utf-8", headers=headers)


async def _found(
    database: Database, visitor: Visitor, asked: AuditFilters, *, limit: int, cursor: str | None, now: datetime
) -> tuple[str, list[AuditEventOut], str | None]:
    """The clinic's zone, the events, and the cursor of older ones."""
    zone = (await clinics.read(database, visitor.caller, now)).time_zone or "UTC"
    found, older = await search.search(database, visitor.caller, asked.query(zone), limit=limit, cursor=cursor, now=now)
    return zone, found, older
