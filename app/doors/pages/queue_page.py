"""The scheduler's queue of reviews: filters, the workload of each owner, and steps with many reviews, with undo."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field, TypeAdapter

from app.access.accounts.permissions import RULES
from app.answers.eligibility.clinic_policies import known
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.doors.pages.steps import PageForm, faults_of, problem_of
from app.record.patients import service as patients
from app.rules.levels import spoken
from app.rules.reviews import OPEN
from app.rules.words import PHASES, REGIONS
from app.work.clinic import service as clinics
from app.work.reviews import bulk, service
from app.work.reviews.queue import queue, workload
from app.work.reviews.schemas import BulkIn, BulkOut, QueueIn
from app.work.reviews.service import ReviewState

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
PAGE = 50
STATES = (*OPEN, "decided", "cancelled")
TOLD = ("bulk", "done", "refused", "undone")  # what became of the step that led here
NOTHING = dict.fromkeys(TOLD, "")
STEP: TypeAdapter[BulkIn] = TypeAdapter(BulkIn)
FIELDS = {"assign": ("owner_id",), "cancel": ("reason",), "wait": ("reason", "wait_until"), "propose": ("policy",)}


class QueueFilters(PageForm):
    """Which reviews are shown, as they were typed; `owner` is an account, `me` or `nobody`."""

    state: str = ""
    owner: str = ""
    phase: str = ""
    region: str = ""
    waiting_days: str = ""
    name: str = ""

    def query(self, me: UUID) -> QueueIn:
        """The reviews that are meant; a filter that means nothing does not filter."""
        given: dict[str, object] = {"limit": PAGE}
        known_values = {"state": STATES, "phase": PHASES, "region": REGIONS}
        given |= {name: value for name, value in self if value in known_values.get(name, ())}
        if self.owner == "nobody":
            given["unowned"] = True
        elif self.owner:
            with suppress(ValueError):
                given["owner_id"] = me if self.owner == "me" else UUID(self.owner)
        if self.waiting_days.isascii() and self.waiting_days.isdigit() and len(self.waiting_days) < 5:
            given["waiting_days"] = int(self.waiting_days)
        name = self.name.replace("\x00", "")[:200]
        if name.isprintable() and name:
            given["name"] = name
        return QueueIn.model_validate(given)

    def address(self, **more: str) -> str:
        """The address of the page with these filters."""
        return "/clinic/reviews?" + urlencode({k: v for k, v in (self.model_dump() | more).items() if v})


class ManyForm(QueueFilters):
    """One step with the reviews that were ticked."""

    step: str = ""
    review_id: list[str] = Field(default_factory=list)
    seen: list[str] = Field(default_factory=list)  # a review and its ETag each, of all that the page shows
    owner_id: str = Form("", alias="to")
    reason: str = ""
    wait_until: str = ""
    policy: str = ""

    def bulk(self) -> BulkIn:
        """The step as the API takes it.

        Raises:
            ValidationError: the form is not one.
        """
        own = {name: value for name in FIELDS.get(self.step, ()) if (value := getattr(self, name))}
        return STEP.validate_python({"step": self.step, "review_ids": self.review_id, **own})

    def tags(self) -> dict[UUID, str]:
        """The ETags that the reviews were shown with."""
        pairs = (one.partition(" ")[::2] for one in self.seen)
        return {UUID(name): tag for name, tag in pairs if name in self.review_id}


class Refused(NamedTuple):
    """A review that did not allow a step with many, and why."""

    review_id: str
    why: str


@router.get("/reviews")
async def queue_page(
    request: Request,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    page_number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """The queue, the most urgent first, each with its reason and how long it has waited."""
    asked = QueueFilters(**{name: request.query_params.get(name, "").strip() for name in QueueFilters.model_fields})
    told = {name: request.query_params.get(name, "") for name in TOLD}
    return await _show(database, visitor, now=now, asked=asked, page_number=page_number, told=told)


@router.post("/reviews/bulk")
async def take_many(form: Annotated[ManyForm, Form()], visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Takes one step with the reviews that were ticked; an error is shown on the same page."""
    asked, done = form.part(QueueFilters), None

    async def step() -> None:
        nonlocal done
        done = await bulk.take_many(database, visitor.caller, given=form.bulk(), tags=form.tags(), now=now)

    problem = await problem_of(step())
    if problem is not None:
        return await _show(database, visitor, now=now, asked=asked, problem=problem, typed=form)
    return await _taken(None, done, asked=asked, database=database, visitor=visitor, now=now, typed=form)


@router.post("/reviews/bulk/{bulk_id:uuid}/undo")
async def undo_many(
    bulk_id: UUID, form: Annotated[QueueFilters, Form()], visitor: WriterDep, database: DatabaseDep, now: Now
) -> Response:
    """Takes the step back with each review that nobody has touched since."""
    done = None

    async def step() -> None:
        nonlocal done
        done = await bulk.undo(database, visitor.caller, bulk_id=bulk_id, now=now)

    problem = await problem_of(step())
    asked = form.part(QueueFilters)
    return await _taken(problem, done, asked=asked, database=database, visitor=visitor, now=now, can_be_undone=False)


async def _taken(
    problem: Problem | None,
    done: BulkOut | None,
    *,
    asked: QueueFilters,
    database: Database,
    visitor: Visitor,
    now: datetime,
    can_be_undone: bool = True,
    typed: ManyForm | None = None,
) -> Response:
    """Leads back to the queue; where some did not allow the step it says why, and those stay ticked in the form."""
    if problem is not None or done is None:
        return await _show(database, visitor, now=now, asked=asked, problem=problem)
    took = any(one.status == "done" for one in done.items)
    told = _counts(done) | (
        {"bulk": str(done.id)} if can_be_undone and took else {"undone": "" if can_be_undone else "yes"}
    )
    why = {str(one.review_id): one.problem for one in done.items if one.problem is not None}
    if not why:
        return RedirectResponse(asked.address(**told), 303)
    still = None if typed is None else typed.model_copy(update={"review_id": list(why)})
    reasons = [
        Refused(
            review_id, "; ".join(each.says for each in faults_of(Problem(one.status, one.detail, errors=one.errors)))
        )
        for review_id, one in why.items()
    ]
    return await _show(database, visitor, now=now, asked=asked, told=NOTHING | told, typed=still, refused=reasons)


async def _show(
    database: Database,
    visitor: Visitor,
    *,
    now: datetime,
    asked: QueueFilters,
    page_number: int = 1,
    told: dict[str, str] = NOTHING,
    problem: Problem | None = None,
    typed: ManyForm | None = None,
    refused: list[Refused] | None = None,
) -> Response:
    caller = visitor.caller
    found, more = await queue(
        database, caller, asked.query(caller.account_id), offset=PAGE * (page_number - 1), now=now
    )
    async with database.read() as connection:
        names = await patients.names_of(connection, caller, [one.review.patient_id for one in found])
    of_refused = await service.names_of_reviews(
        database, caller, [UUID(one.review_id) for one in refused or ()], now=now
    )
    staff = await clinics.list_colleagues(database, caller)
    owners = {one.id: one.username for one in staff}
    return page(
        "reviews.html",
        visitor,
        200 if problem is None else problem.status,
        rows=[_line(one, names, owners=owners, now=now) for one in found],
        asked=asked,
        states=STATES,
        phases=PHASES,
        regions=REGIONS,
        staff=staff,
        colleagues=[one for one in staff if not one.disabled],
        page=page_number,
        more=more,
        told=told,
        refused=[(of_refused.get(UUID(one.review_id), "A review"), one) for one in refused or ()],
        faults=faults_of(problem),
        typed=typed or ManyForm(),
        filters=list(QueueFilters.model_fields),
        load=await workload(database, caller, now),
        policies=await known(database, caller.clinic_id),
        address=lambda number: asked.address(page=str(number)),
        me=str(caller.account_id),
        may_work=(caller.role, "work_review") in RULES,
    )


def _line(one: ReviewState, names: dict[UUID, str], *, owners: dict[UUID, str], now: datetime) -> dict[str, object]:
    review = one.review
    return {
        **service.out(one, now).model_dump(),
        "name": names.get(review.patient_id, ""),
        "tag": service.tag_of(review),
        "owner": None if review.owner_id is None else owners.get(review.owner_id),
        "site": f"{review.laterality or ''} {spoken(review.joints or [])}".strip(),
    }


def _counts(done: BulkOut) -> dict[str, str]:
    took = sum(one.status == "done" for one in done.items)
    return {"done": str(took), "refused": str(len(done.items) - took)}
