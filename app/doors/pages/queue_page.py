"""The scheduler's queue of reviews: filters, who has how much, and one step with many of them, with its undoing."""

from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from app.access.accounts.permissions import RULES
from app.answers.eligibility.clinic_policies import known
from app.base.http.deps import DatabaseDep, Now
from app.base.http.problems import Problem, field_problems
from app.base.store.database import Database
from app.doors.pages.rendering import PageRoute, page
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.record.patients.service import patient
from app.rules.levels import spoken
from app.rules.reviews import OPEN
from app.work.clinic import service as clinics
from app.work.reviews import bulk, service
from app.work.reviews.queue import queue, workload
from app.work.reviews.schemas import BulkIn, QueueIn

router = APIRouter(prefix="/clinic", route_class=PageRoute, include_in_schema=False)
PAGE = 50
STATES = (*OPEN, "decided", "cancelled")
PHASES = ("returned", "returning", "no_relief", "relief", "settling", "unknown")
REGIONS = ("cervical", "thoracic", "lumbar", "sacroiliac")
FILTERS = ("state", "owner", "phase", "region", "waiting_days", "name")
TOLD = ("bulk", "done", "refused")  # what became of the step that led here
NOTHING = dict.fromkeys(TOLD, "")
STEP: TypeAdapter[Any] = TypeAdapter(BulkIn)


@router.get("/reviews")
async def queue_page(
    request: Request,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    page_number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """The queue, the most urgent first, each with its reason and how long it has waited."""
    asked = {name: request.query_params.get(name, "").strip() for name in FILTERS}
    told = {name: request.query_params.get(name, "") for name in TOLD}
    return await _show(database, visitor, now, asked, page_number, told, None)


@router.post("/reviews/bulk")
async def take_many(request: Request, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Takes one step with the reviews that were ticked; a fault is said on the same page."""
    form = await request.form()
    asked = {name: str(form.get(name, "")).strip() for name in FILTERS}
    given: dict[str, Any] = {
        "step": form.get("step"), "review_ids": form.getlist("review_id"), "owner_id": form.get("to"),
        "reason": form.get("reason"), "wait_until": form.get("wait_until"), "policy": form.get("policy"),
    }  # fmt: skip
    wanted = {"assign": ("owner_id",), "cancel": ("reason",), "wait": ("reason", "wait_until"), "propose": ("policy",)}
    kept = ("step", "review_ids", *wanted.get(str(given["step"]), ()))
    try:
        step = STEP.validate_python({name: given[name] for name in kept if given[name]})
        done = await bulk.take_many(database, visitor.caller, step, now)
    except ValidationError as error:
        found = field_problems(error.errors(include_input=False, include_url=False), "body")
        return await _show(database, visitor, now, asked, 1, NOTHING, Problem(422, "", found))
    return RedirectResponse(_address(asked, **_counts(done), bulk=str(done["id"])), 303)


@router.post("/reviews/bulk/{bulk_id:uuid}/undo")
async def undo_many(bulk_id: UUID, request: Request, visitor: WriterDep, database: DatabaseDep, now: Now) -> Response:
    """Takes the step back with each review that nobody has touched since."""
    form = await request.form()
    asked = {name: str(form.get(name, "")).strip() for name in FILTERS}
    try:
        done = await bulk.undo(database, visitor.caller, bulk_id, now)
    except Problem as problem:
        if problem.status != 409:
            raise
        return await _show(database, visitor, now, asked, 1, NOTHING, problem)
    return RedirectResponse(_address(asked, **_counts(done)), 303)


async def _show(
    database: Database,
    visitor: Visitor,
    now: Any,
    asked: dict[str, str],
    page_number: int,
    told: dict[str, str],
    problem: Problem | None,
) -> Response:
    caller = visitor.caller
    faults = [] if problem is None else [e.detail for e in problem.errors] or [problem.detail]
    rows, more = await queue(database, caller, _query(asked, caller.account_id), PAGE * (page_number - 1), now)
    async with database.read() as connection:
        query = select(patient.c.id, patient.c.name).where(
            patient.c.clinic_id == caller.clinic_id, patient.c.id.in_([row.patient_id for row in rows])
        )
        names = {row.id: row.name for row in (await connection.execute(query)).all()}
    staff = await clinics.list_colleagues(database, caller)
    owners = {one.id: one.username for one in staff}
    shown = [{**service.out(row, now).model_dump(), "name": names.get(row.patient_id, ""), "owner": owners.get(row.owner_id),
              "site": f"{row.laterality or ''} {spoken(row.joints or [])}".strip()} for row in rows]  # fmt: skip
    return page(
        "reviews.html", visitor, 200 if problem is None else problem.status, rows=shown, asked=asked, states=STATES,
        phases=PHASES, regions=REGIONS, staff=staff, page=page_number, more=more, told=told, faults=faults, filters=FILTERS,
        load=await workload(database, caller, now), policies=await known(database, caller.clinic_id),
        address=lambda number: _address(asked, page=str(number)), me=str(caller.account_id),
        may_work=(caller.role, "work_review") in RULES)  # fmt: skip


def _query(asked: dict[str, str], me: UUID) -> QueueIn:
    """The filters that mean something; what does not is left out, as on the other pages."""
    given: dict[str, Any] = {"limit": PAGE}
    for name, known_values in (("state", STATES), ("phase", PHASES), ("region", REGIONS)):
        if asked[name] in known_values:
            given[name] = asked[name]
    if asked["owner"] == "nobody":
        given["unowned"] = True
    elif asked["owner"]:
        with suppress(ValueError):
            given["owner_id"] = me if asked["owner"] == "me" else UUID(asked["owner"])
    if asked["waiting_days"].isascii() and asked["waiting_days"].isdigit() and len(asked["waiting_days"]) < 5:
        given["waiting_days"] = int(asked["waiting_days"])
    name = asked["name"].replace("\x00", "")[:200]
    if name.isprintable() and name:
        given["name"] = name
    return QueueIn.model_validate(given)


def _address(asked: dict[str, str], **more: str) -> str:
    return "/clinic/reviews?" + urlencode({k: v for k, v in (asked | more).items() if v})


def _counts(done: dict[str, Any]) -> dict[str, str]:
    count = {status: sum(one["status"] == status for one in done["items"]) for status in ("done", "rejected")}
    return {"done": str(count["done"]), "refused": str(count["rejected"])}
