"""The work list: what a person must look at, who has it, and what the alarm budget holds back."""

from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Literal, cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response

from app.access.accounts.permissions import RULES
from app.alerts.flags import handling, service
from app.alerts.flags.listing import FlagQuery, work_list
from app.alerts.flags.schemas import CallIn, FlagKind, FlagState, HandIn, StepIn
from app.alerts.flags.tables import Flag
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.base.store.typed import values_of
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import NOTHING_TYPED, PageForm, Typed, faults_of, filled, taken
from app.record.patients import service as patients
from app.rules.emergency import emergency_number
from app.rules.words import Severity
from app.work.clinic import service as clinics

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
PAGE = 50
OPEN: tuple[FlagState, ...] = ("open", "acknowledged")


class FlagFilters(PageForm):
    """Which flags are shown: of a kind, of a severity; open ones, `mine`, `held` back, or `over`."""

    kind: str = ""
    severity: str = ""
    show: str = ""

    def query(self, visitor: Visitor) -> FlagQuery:
        """The flags that are meant; a filter that means nothing does not filter."""
        return FlagQuery(
            states=("resolved", "lapsed") if self.show == "over" else OPEN,
            kind=cast(FlagKind, self.kind) if self.kind in get_args(FlagKind) else None,
            severity=cast(Severity, self.severity) if self.severity in get_args(Severity) else None,
            owner_id=visitor.caller.account_id if self.show == "mine" else None,
            held_back=self.show == "held",
        )

    def address(self, page_number: int | None = None, *, done: UUID | None = None) -> str:
        """The address of the page with these filters."""
        asked = dict(self) | {"page": page_number, "done": done}
        return "/clinic/flags?" + urlencode({name: value for name, value in asked.items() if value})


class FlagStepForm(FlagFilters):
    """A step with a flag: a note, and the state that it was shown with; and the filters to lead back to."""

    note: str | None = None
    tag: str | None = None
    patient_id: UUID | None = None  # leads back to that patient


class CallForm(FlagStepForm):
    """What came of a call."""

    outcome: str | None = None
    again_on: str | None = None


class HandForm(FlagStepForm):
    """To whom a flag goes."""

    account_id: str | None = None


@router.get("/flags")
async def flags_page(
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    kind: str = "",
    severity: str = "",
    show: Annotated[str, Query(max_length=10)] = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
    done: UUID | None = None,
) -> Response:
    """Flags: open ones, the visitor's own, those held back, or those that are over; `done` was just closed."""
    asked = FlagFilters(kind=kind, severity=severity, show=show)
    return await _show(database, visitor, now=now, asked=asked, number=page_number, problem=None, done=done)


@router.post("/flags/{flag_id:uuid}/acknowledge")
async def acknowledge(
    flag_id: UUID, form: Annotated[FlagStepForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Takes a flag up, with a note."""
    return await _take(database, visitor, flag_id=flag_id, what="acknowledged", form=form, now=now)


@router.post("/flags/{flag_id:uuid}/resolve")
async def resolve(
    flag_id: UUID, form: Annotated[FlagStepForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Ends a flag, with a note."""
    return await _take(database, visitor, flag_id=flag_id, what="resolved", form=form, now=now)


@router.post("/flags/{flag_id:uuid}/call")
async def call(
    flag_id: UUID, form: Annotated[CallForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Keeps that the patient was called, and what came of it."""

    async def step() -> None:
        given = filled(CallIn, form)
        await handling.called(database, visitor.caller, flag_id=flag_id, given=given, if_match=form.tag, now=now)

    return await _handled(database, visitor, step(), what=f"{flag_id} call", form=form, now=now)


@router.post("/flags/{flag_id:uuid}/hand")
async def hand(
    flag_id: UUID, form: Annotated[HandForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Hands a flag to a colleague."""

    async def step() -> None:
        given = filled(HandIn, form)
        await handling.handed(database, visitor.caller, flag_id=flag_id, given=given, if_match=form.tag, now=now)

    return await _handled(database, visitor, step(), what=f"{flag_id} hand", form=form, now=now)


async def _handled(
    database: Database, visitor: Visitor, step: Awaitable[None], *, what: str, form: FlagStepForm, now: datetime
) -> Response:
    asked = form.part(FlagFilters)

    def again(problem: Problem) -> Awaitable[Response]:
        typed = Typed(what, form)
        return _show(database, visitor, now=now, asked=asked, number=1, problem=problem, typed=typed)

    return await taken(step, asked.address(), again)


@router.post("/flags/{flag_id:uuid}/undo")
async def undo(
    flag_id: UUID, form: Annotated[FlagStepForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Takes back that a flag is resolved."""

    async def step() -> None:
        await service.undo(database, visitor.caller, flag_id=flag_id, if_match=form.tag, now=now)

    def again(problem: Problem) -> Awaitable[Response]:
        return _show(database, visitor, now=now, asked=form.part(FlagFilters), number=1, problem=problem)

    return await taken(step(), "/clinic/flags", again)


async def _take(
    database: Database,
    visitor: Visitor,
    *,
    flag_id: UUID,
    what: Literal["acknowledged", "resolved"],
    form: FlagStepForm,
    now: datetime,
) -> Response:
    asked = form.part(FlagFilters)

    async def step() -> None:
        given = filled(StepIn, form)
        await service.take_step(
            database, visitor.caller, flag_id=flag_id, what=what, given=given, if_match=form.tag, now=now
        )

    def again(problem: Problem) -> Awaitable[Response]:
        typed = Typed(f"{flag_id} resolve", form)
        return _show(database, visitor, now=now, asked=asked, number=1, problem=problem, typed=typed)

    back = asked.address(done=flag_id if what == "resolved" else None)
    return await taken(step(), f"/clinic/patients/{form.patient_id}" if form.patient_id else back, again)


async def _closed(database: Database, visitor: Visitor, *, flag_id: UUID, now: datetime) -> Flag | None:
    """A flag that was just closed and can be taken back; None where it is another by now, or none at all."""
    with suppress(Problem):
        one = await service.read(database, visitor.caller, flag_id=flag_id, now=now)
        return one if service.can_be_undone(one, now) else None
    return None


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    now: datetime,
    asked: FlagFilters,
    number: int,
    problem: Problem | None,
    typed: Typed = NOTHING_TYPED,
    done: UUID | None = None,
) -> Response:
    caller = visitor.caller
    flags, more = await work_list(
        database, caller, asked.query(visitor), limit=PAGE, offset=PAGE * (number - 1), now=now
    )
    closed = None if done is None else await _closed(database, visitor, flag_id=done, now=now)
    async with database.read() as connection:
        whose = [one.patient_id for one in (*flags, *filter(None, [closed]))]
        people = await patients.names_of(connection, caller, whose)
        phones = await patients.phones_of(connection, caller, whose)
    staff = await clinics.list_colleagues(database, caller)
    owners = {one.id: one.username for one in staff}
    shown = [
        {
            **values_of(one),
            "name": people.get(one.patient_id, ""),
            "phone": phones.get(one.patient_id),
            "owner": None if one.owner_id is None else owners.get(one.owner_id),
            "tag": service.tag_of(one),
            "late": one.state == "open" and one.due_at <= now,
            "undoable": service.can_be_undone(one, now),
        }
        for one in flags
    ]
    offered = {str(one.id) for one in flags if one.state in OPEN}  # whose form shows the words again
    own = await clinics.read(database, caller, now)
    return page(
        "flags.html",
        visitor,
        200 if problem is None else problem.status,
        rows=shown,
        closed=closed,
        closed_tag="" if closed is None else service.tag_of(closed),
        closed_name="" if closed is None else people.get(closed.patient_id, ""),
        kinds=get_args(FlagKind),
        severities=get_args(Severity),
        asked=asked,
        clinic=own,
        staff=[one for one in staff if not one.disabled],
        emergency=emergency_number(own.emergency_number, own.jurisdiction),
        zone=own.time_zone or "UTC",
        faults=faults_of(problem),
        typed=typed,
        unsaid="" if typed.step in offered else typed(typed.step, "note"),
        page=number,
        more=more,
        address=asked.address,
        may_work=(caller.role, "work_flag") in RULES,
    )
