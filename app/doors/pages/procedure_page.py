"""One procedure on one screen, and its picture for the page."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse

from app.access.accounts.permissions import RULES
from app.access.accounts.service import clinic_name
from app.answers.eligibility.choice import policy_for
from app.answers.follow_up.routes import make as make_report
from app.answers.follow_up.service import follow_up
from app.answers.follow_up.typeset import Paper
from app.answers.pictures.collect import picture_content
from app.answers.pictures.description import in_words
from app.answers.pictures.routes import SAFE
from app.answers.pictures.service import picture, tag_of
from app.answers.pictures.spec import spec
from app.answers.pictures.style import Fit, Theme
from app.answers.verdicts import context
from app.answers.verdicts.context import VerdictContext
from app.answers.verdicts.keep import midnight_after
from app.answers.verdicts.service import Question, look_up
from app.base.http.deps import DatabaseDep, Now
from app.base.http.wire import RecentDay
from app.base.store.database import Database
from app.doors.pages.patient_pages import page_of
from app.doors.pages.rendering import PageRoute
from app.doors.pages.sent_once import SentOnceDep
from app.doors.pages.session import Visitor, VisitorDep, WriterDep
from app.record.contacts.schemas import ContactIn
from app.record.contacts.service import CONTACT, done_by_window
from app.record.facts import service as facts
from app.record.patients.service import today_of
from app.rules.levels import spoken
from app.rules.parameters import MISSED_FOR
from app.rules.plan import WINDOWS, Contact, contacts
from app.rules.words import ContactWindow, Definition
from app.work.reviews import treatments
from app.work.reviews.treatments import TreatmentSaid

router = APIRouter(prefix="/clinic/procedures/{procedure_id:uuid}", route_class=PageRoute, include_in_schema=False)
TIMES = {
    "before": "before",
    "weeks_6_8": "6 to 8 weeks",
    "months_3": "3 months",
    "months_6": "6 months",
    "months_12": "12 months",
    "now": "now",
}
KnownOn = Annotated[RecentDay | None, Query(description="show what was known at the end of that day")]
SHOWN = {"returned": "returned", "returning": "returning", "no_relief": "no_relief", "relief": "relief"}


async def _about(
    database: Database,
    visitor: Visitor,
    procedure_id: UUID,
    *,
    known_on: date | None = None,
    definition: Definition = "half",
    now: datetime,
) -> tuple[VerdictContext, date, bool]:
    """The verdict with its context, the patient's today, and whether an earlier day is shown."""
    question, past = Question(None, None, definition), False
    if known_on is not None:
        async with database.read() as connection:
            found = await look_up(connection, visitor.caller, procedure_id=procedure_id, definition=definition)
        past = known_on < today_of(found.time_zone, now)
        if past:
            on = max(known_on, found.performed_on)
            question = Question(on, midnight_after(on, found.time_zone), definition)
    about = await context.read(database, visitor.caller, procedure_id=procedure_id, question=question, now=now)
    return about, today_of(about.person.time_zone, now), past


async def _by_half(
    database: Database, visitor: Visitor, about: VerdictContext, *, known_on: date | None, now: datetime
) -> VerdictContext:
    """The same by definition `half`, by which a policy is answered."""
    if about.verdict.definition == "half":
        return about
    return (await _about(database, visitor, about.own.id, known_on=known_on, now=now))[0]


@router.get("")
async def procedure_page(
    procedure_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    known_on: KnownOn = None,
    definition: Definition = "half",
    policy: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """The verdict of a procedure, and what it rests on."""
    about, today, past = await _about(
        database, visitor, procedure_id, known_on=known_on, definition=definition, now=now
    )
    named = await policy_for(database, about, policy or None)
    half = await _by_half(database, visitor, about, known_on=known_on, now=now)
    told = follow_up(about, named, None, by_half=half).model_dump(mode="json", by_alias=True)
    query = f"definition={definition}" + (f"&known_on={about.as_of}" if past else "")
    made = done_by_window([one.body for one in about.record.contacts], procedure_id)
    closed = about.verdict.closed_by is not None
    planned = [
        one for one in contacts(about.performed_on, made, about.as_of) if not closed or one.first_on <= about.until
    ]
    own, role = about.own.body, visitor.caller.role
    this, others = await _treatments(database, about, past=past)
    shown: dict[str, object] = {
        "told": told,
        "base": f"/clinic/procedures/{procedure_id}",
        "query": query,
        "levels": spoken(own.joints or []) or own.region,
        "cohort": about.verdict.forecast.cohort if about.verdict.forecast is not None else None,
        "badge": SHOWN.get(told["phase"], ""),
        "past": past,
        "as_of": about.as_of,
        "today": today.isoformat(),
        "words": in_words(picture_content(about)),
        "first_day": about.performed_on.isoformat(),
        "days": (today - about.performed_on).days,
        "day": (about.as_of - about.performed_on).days,
        "height": 480,
        "times": TIMES,
        "closed": closed,
        "masked": about.verdict.medication.masked or any(one.kind == "masked" for one in about.verdict.confounders),
        "windows": WINDOWS,
        "kinds": list(dict.fromkeys(kind for m in told["milestones"] for kind in m["function"])),
        "contacts": planned,
        "callable": [c.contact for c in planned if not closed and not past and _is_callable(c, today)],
        "others": others,
        "review": None if past else this,
        "may_record": (role, "change_procedure") in RULES,
        "may_contact": (role, "record_contact") in RULES,
        "may_review": (role, "work_review") in RULES,
    }
    return await page_of(database, visitor, "procedure.html", person=about.person, now=now, told=shown)


def _is_callable(contact: Contact, today: date) -> bool:
    """Whether a contact can still be made: its window has begun, and is not long over."""
    return contact.state != "done" and contact.first_on <= today <= contact.last_on + timedelta(days=MISSED_FOR)


async def _treatments(
    database: Database, about: VerdictContext, *, past: bool
) -> tuple[TreatmentSaid | None, list[TreatmentSaid]]:
    """This procedure, and the patient's others with what is said of each; those of the region first.

    On an earlier day those that were on record by then, without a word of what came of them.
    """
    async with database.read() as connection:
        treated = await treatments.of_patient(connection, about.person.clinic_id, about.person.id)
    this = next((one for one in treated if one.procedure_id == about.own.id), None)
    if past:
        then = {one.id for one in about.record.procedures if one.body.performed_on <= about.as_of}
        treated = [replace(one, says="open it to see") for one in treated if one.procedure_id in then]
    others = [one for one in treated if one.procedure_id != about.own.id and one.says is not None]
    return this, sorted(others, key=lambda one: one.region != about.own.body.region)


@router.get("/picture.svg")
async def page_picture(
    procedure_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    known_on: KnownOn = None,
    definition: Definition = "half",
    theme: Theme = "light",
    fit: Fit = "wide",
) -> Response:
    """The picture as a drawing, for a page without script."""
    about, _, _ = await _about(database, visitor, procedure_id, known_on=known_on, definition=definition, now=now)
    headers = {"ETag": tag_of(about.tag, "svg", theme, fit=fit), "Cache-Control": "private, no-cache", **SAFE}
    return Response(await picture(about, "svg", theme, fit=fit), media_type="image/svg+xml", headers=headers)


@router.get("/picture.json")
async def page_chart(
    procedure_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    known_on: KnownOn = None,
    definition: Definition = "half",
    theme: Theme = "light",
    fit: Fit = "wide",
) -> Response:
    """The picture as a specification, for the page's own chart."""
    about, _, _ = await _about(database, visitor, procedure_id, known_on=known_on, definition=definition, now=now)
    return JSONResponse(
        spec(picture_content(about), theme, interactive=True, fit=fit), headers={"Cache-Control": "private, no-cache"}
    )


@router.get("/report.pdf")
async def page_report(
    procedure_id: UUID,
    visitor: VisitorDep,
    database: DatabaseDep,
    now: Now,
    known_on: KnownOn = None,
    definition: Definition = "half",
    paper: Paper = "a4",
) -> Response:
    """The report, as the API gives it, of the day and by the definition of the page that it is opened from."""
    about, _, _ = await _about(database, visitor, procedure_id, known_on=known_on, definition=definition, now=now)
    half = await _by_half(database, visitor, about, known_on=known_on, now=now)
    named = await policy_for(database, about, None)
    clinic = await clinic_name(database, about.person.clinic_id)
    made = await make_report(about, named, by_half=half, proposed_on=None, paper=paper, clinic=clinic)
    return Response(
        made, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="report.pdf"'}
    )


@router.post("/contacts")
async def made_contact(
    procedure_id: UUID,
    visitor: WriterDep,
    database: DatabaseDep,
    now: Now,
    once: SentOnceDep,
    contact: Annotated[ContactWindow, Form()],
) -> Response:
    """Records that a follow-up contact was made today."""
    async with database.read() as connection:
        found = await look_up(connection, visitor.caller, procedure_id=procedure_id, definition="half")
    new = ContactIn(procedure_id=procedure_id, contact=contact, done_on=today_of(found.time_zone, now))
    await facts.create(database, visitor.caller, kind=CONTACT, patient_id=found.patient_id, new=new, once=once, now=now)
    return RedirectResponse(f"/clinic/procedures/{procedure_id}", 303)
